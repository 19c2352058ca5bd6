"""NRMSE84, the usual measure for Mackey-Glass in closed loop. Jaeger 2001, GMD Report 148."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.claim import Measured, median_and_quartiles
from benchbench.core.closed_loop import STEP, nrmse_at
from benchbench.core.problem import Split
from benchbench.core.seeds import stream
from benchbench.run.standalone import FIRST_SEED, fitted
from benchbench.signals.mackey_glass import series

PIECES, DRIVEN, SPACING = 50, 1000, 100
_HELD_OUT = 0.2  # share of the points that choose the ridge strength


def nrmse84(*, tau: float, points: int, units: int, reservoirs: int, washout: int, **options: Any) -> Measured:
    """Median and quartiles of NRMSE84 over reservoirs, each on a series tanh(x - 1) of its own, with float64 states.

    The readout is fitted on ``points`` points, the last fifth of which chooses the ridge strength. Then 50 further
    pieces of 1,000 steps each drive the reservoir, which goes on in closed loop. NRMSE84 is the error of x (with the
    squashing undone) at step 84, divided by the standard deviation of the series.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + reservoirs)
    found = [_one(seed, tau=tau, points=points, units=units, washout=washout, **options) for seed in seeds]
    return median_and_quartiles(found, "reservoirs", "the options were found on other series")


def _one(seed: int, *, tau: float, points: int, units: int, washout: int, **options: Any) -> float:
    after = DRIVEN + STEP + (PIECES - 1) * SPACING
    raw = series(stream(seed, "data", "nrmse84"), points + 1 + after, tau=tau)
    squashed = np.tanh(raw - 1)
    mean, deviation = squashed[:points].mean(), squashed[:points].std()
    signal = ((squashed - mean) / deviation).astype(np.float32)
    cut = round(points * (1 - _HELD_OUT))
    learner: Any = fitted(
        "esn", _split(signal[: cut + 1]), _split(signal[cut : points + 1]),
        width=units, seed=seed, washout=washout, precision="float64", **options,
    )  # fmt: skip
    starts = points + 1 + SPACING * np.arange(PIECES)
    prefix = np.stack([signal[start : start + DRIVEN] for start in starts])[:, :, None]
    truth = np.stack([raw[start + DRIVEN : start + DRIVEN + STEP] for start in starts])[:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # values outside -1..1 become not finite
        made = np.arctanh(learner.generate(prefix, STEP).astype(np.float64) * deviation + mean) + 1
    error = nrmse_at(truth, made)
    return np.inf if error is None else error


def _split(signal: NDArray[np.float32]) -> Split:
    return Split(inputs=signal[None, :-1, None], targets=signal[None, 1:, None])
