"""The 15-step Mackey-Glass task of the LMU paper, its target corrected. Voelker et al. 2019, NeurIPS; keras-lmu.

The paper integrates the equation by forward Euler, which is another system than ours; its numbers hold for that system
alone.
"""

from typing import Any

import numpy as np

from benchbench.core.claim import Measured
from benchbench.core.problem import Array, Split
from benchbench.core.seeds import stream
from benchbench.run.standalone import FIRST_SEED, fitted
from benchbench.signals.mackey_glass import euler

SERIES, SAMPLES, AHEAD = 128, 5000, 15
_TAU, _EVERY = 17, 10  # time units of the delay; steps in a time unit
_HELD_OUT = 8  # of the 64 series that are learned from: validation


def late_target(
    architecture: str, *, units: int, seed: int = FIRST_SEED, learnt: int = SAMPLES, **options: Any
) -> Measured:
    """The error on 64 series of a learner that was fitted on 64 others, rms(error) / rms(target) in per cent.

    All samples are scored, from t = 0 on. The fit sees the first ``learnt`` samples of each series; eight of its series
    choose ridge strength or weights.
    """
    rng = stream(seed, "data", "late_target")
    histories = 1.2 + rng.uniform(-0.1, 0.1, (SERIES, _TAU * _EVERY + 1))
    histories[:, -1] = 1.2
    paths = [euler(history, SAMPLES * _EVERY, _EVERY) for history in histories]
    squashed = np.tanh(np.stack(paths)[:, _EVERY::_EVERY] - 1)
    series = (squashed - squashed[: SERIES // 2].mean()).astype(np.float32)[:, :, None]
    seen, test = series[: SERIES // 2], _split(series[SERIES // 2 :])
    learner = fitted(
        architecture, _split(seen[:-_HELD_OUT, :learnt]), _split(seen[-_HELD_OUT:, :learnt]),
        width=units, seed=seed, steps=SAMPLES - AHEAD, **options,
    )  # fmt: skip
    error = np.square(learner.predict(test.inputs) - test.targets, dtype=np.float64).mean()
    value = 100 * float(np.sqrt(error / np.square(test.targets, dtype=np.float64).mean()))
    size = f"{learner.size.trained:,} trained and {learner.size.fixed:,} fixed parameters"
    return Measured(value=value, notes=f"{size}, one seed, fitted on {learnt:,} samples per series")


def _split(series: Array) -> Split:
    return Split(inputs=series[:, :-AHEAD], targets=series[:, AHEAD:])
