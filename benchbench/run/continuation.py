"""Free runs of Mackey-Glass over ten Lyapunov times, after as many to learn from. NeuroBench, arXiv:2304.04640."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.claim import Measured, middle
from benchbench.core.closed_loop import valid_steps
from benchbench.core.problem import Array, Split
from benchbench.core.seeds import stream
from benchbench.core.windows import cut
from benchbench.run.fitted import fitted
from benchbench.signals.mackey_glass import LYAPUNOV, series

_LYAPUNOV_TIMES = 10
_HELD_OUT = 0.2
_TAU = 17.0


def smape(architecture: str, *, seeds: int, length: int, warm_up: int, stride: int, **options: Any) -> Measured:
    """Median and quartiles over seeds of the symmetric mean absolute percentage error, 0 to 200.

    Windows of ``length``, each ``stride`` after the last, their steps after ``warm_up`` scored, are cut from ten
    Lyapunov times; the last fifth is held out. Then the learner goes on alone for ten more.
    """

    def windows(series: Array) -> Split:
        return cut(series, length, 1, stride, length - warm_up)

    found = np.array([_one(architecture, seed, windows, options) for seed in range(seeds)])
    valid = np.median(found[:, 1])
    return middle(found[:, 0], "seeds", f"valid for {valid:.1f} Lyapunov times")


def _one(
    architecture: str, seed: int, windows: Callable[[Array], Split], options: dict[str, Any]
) -> tuple[float, float]:
    steps = round(_LYAPUNOV_TIMES / LYAPUNOV[_TAU])
    raw = series(stream(seed, "data", "continuation"), 2 * steps, tau=_TAU)
    mean, deviation = raw[:steps].mean(), raw[:steps].std()
    signal = ((raw - mean) / deviation).astype(np.float32)[:, None]
    edge = round(steps * (1 - _HELD_OUT))
    learner: Any = fitted(architecture, windows(signal[:edge]), windows(signal[edge:steps]), seed=seed, **options)
    made = learner.generate(signal[None, :steps], steps)
    valid = float(valid_steps(signal[None, steps:], made)[0]) * LYAPUNOV[_TAU]
    ours, truth = made[0, :, 0].astype(np.float64) * deviation + mean, raw[steps:]
    return float(np.mean(200 * np.abs(ours - truth) / (np.abs(ours) + np.abs(truth)))), valid
