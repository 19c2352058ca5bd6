"""Free runs of Mackey-Glass over ten Lyapunov times, after a fit on ten, with 75 points in each Lyapunov time.

The source is NeuroBench, arXiv:2304.04640, whose sMAPE is the mean of 30 repeats.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.claim import Measured, median_and_quartiles
from benchbench.core.closed_loop import valid_steps
from benchbench.core.problem import Array, Split
from benchbench.core.seeds import stream
from benchbench.core.windows import cut
from benchbench.run.standalone import FIRST_SEED, fitted
from benchbench.signals.mackey_glass import LYAPUNOV, series

_LYAPUNOV_TIMES, _POINTS = 10, 75  # Lyapunov times of each stretch; points in a Lyapunov time
_STEPS = 26  # steps of the integration between two points, about 0.1 time units each
_HELD_OUT = 0.2  # share of the points for validation
_TAU = 17.0


def smape(architecture: str, *, seeds: int, length: int, warm_up: int, stride: int, **options: Any) -> Measured:
    """Mean and quartiles over seeds of the symmetric mean absolute percentage error, in per cent from 0 to 200.

    The learner is fitted on windows of ``length`` steps, one every ``stride`` steps, from ten Lyapunov times, the last
    fifth of which is held out; the steps after ``warm_up`` are scored. It then generates ten more Lyapunov times in
    closed loop.
    """

    def windows(series: Array) -> Split:
        return cut(series, length, 1, stride, length - warm_up)

    every = range(FIRST_SEED, FIRST_SEED + seeds)
    found = np.array([_one(architecture, seed, windows, options) for seed in every])
    valid = np.median(found[:, 1])
    said = f"the free runs stay valid for a median of {valid:.1f} Lyapunov times"
    notes = f"mean and quartiles of {seeds} series; {said}; the options were found on other series"
    return median_and_quartiles(found[:, 0], "seeds").model_copy(
        update={"value": float(found[:, 0].mean()), "notes": notes}
    )


def _one(
    architecture: str, seed: int, windows: Callable[[Array], Split], options: dict[str, Any]
) -> tuple[float, float]:
    steps, unit = _LYAPUNOV_TIMES * _POINTS, 1 / (_POINTS * LYAPUNOV[_TAU])
    rng = stream(seed, "data", "continuation")
    raw = series(rng, 2 * steps, tau=_TAU / unit, step=1 / _STEPS, beta=0.2 * unit, gamma=0.1 * unit, discard=400)
    mean, deviation = raw[:steps].mean(), raw[:steps].std()
    signal = ((raw - mean) / deviation).astype(np.float32)[:, None]
    edge = round(steps * (1 - _HELD_OUT))
    learner: Any = fitted(architecture, windows(signal[:edge]), windows(signal[edge:steps]), seed=seed, **options)
    made = learner.generate(signal[None, :steps], steps)
    valid = float(valid_steps(signal[None, steps:], made)[0]) / _POINTS
    ours, truth = made[0, :, 0].astype(np.float64) * deviation + mean, raw[steps:]
    return float(np.mean(200 * np.abs(ours - truth) / (np.abs(ours) + np.abs(truth)))), valid
