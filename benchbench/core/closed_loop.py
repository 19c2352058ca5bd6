"""Closed loop: a way to generate for every learner, and the scores of what came out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from benchbench.core.errors import UnsupportedError
from benchbench.core.problem import Array, Setting

THRESHOLD = 0.4  # standard deviations
STEP = 84  # of the NRMSE; Jaeger 2001, GMD Report 148
_FAR = 1e6  # deviations
_SEGMENT = 512  # steps of a segment of the spectrum
_BAND = 1.0  # ranges of the truth that a run may leave it by before it counts as diverged

Predict = Callable[[Array], Array]


def require_own_input(setting: Setting) -> None:
    """UnsupportedError unless the outputs can be the next inputs: as many of them, and not probabilities."""
    if setting.objective.classifies:
        raise UnsupportedError("probabilities of classes cannot be the next inputs")
    if setting.inputs != setting.outputs:
        raise UnsupportedError(f"{setting.outputs} outputs cannot be the next {setting.inputs} inputs")


def slide(predict: Predict, prefix: Array, steps: int, length: int) -> Array:
    """Generate (sequence, steps, feature) by predicting from the last ``length`` steps, again and again.

    For a learner that carries no state. ``predict`` maps (sequence, length, feature) to (sequence, scored, feature).
    """
    if prefix.shape[1] < length:
        raise ValueError(f"a prefix of {prefix.shape[1]} steps is shorter than the window of {length}")
    series = np.concatenate([prefix[:, -length:], np.empty((len(prefix), steps, prefix.shape[2]), np.float32)], axis=1)
    for step in range(steps):
        # a run that has left everything behind stays there: not all take inputs that are not finite
        ahead = np.nan_to_num(np.asarray(predict(series[:, step : step + length]))[:, -1], nan=_FAR)
        series[:, length + step] = np.clip(ahead, -_FAR, _FAR)
    return series[:, length:]


def valid_steps(truth: Array, generated: Array, threshold: float = THRESHOLD) -> NDArray[np.int64]:
    """Steps of each start, (start,), before the error first exceeds ``threshold`` standard deviations of the truth.

    With several features the root of their mean squared error in standard deviations counts. All steps where it never
    does.
    """
    deviation = truth.std(axis=(0, 1), dtype=np.float64)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        error = np.sqrt(np.mean(np.square((generated.astype(np.float64) - truth) / deviation), axis=2))
    wrong = ~(error <= threshold)
    return np.asarray(np.where(wrong.any(axis=1), wrong.argmax(axis=1), truth.shape[1]))


def nrmse_at(truth: NDArray[Any], generated: NDArray[Any], step: int = STEP) -> float | None:
    """Root of the starts' mean squared error at ``step`` (1 is the first) over the deviation of the truth.

    None where the runs are shorter, or one is not finite.
    """
    if truth.shape[1] < step:
        return None
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        error = np.mean(np.square(generated[:, step - 1].astype(np.float64) - truth[:, step - 1]), axis=0)
        value = np.sqrt(np.mean(error / truth.var(axis=(0, 1), dtype=np.float64)))
    return float(value) if np.isfinite(value) else None


def diverged(truth: Array, generated: Array) -> NDArray[np.bool_]:
    """Which starts, (start,), are not finite or leave the range of the truth by more than its own width."""
    return np.asarray(_outside(truth, generated).any(axis=1))


def diverged_at(truth: Array, generated: Array) -> list[int | None]:
    """For each start the first step, counted from 1, at which it has diverged; None where it has not."""
    outside = _outside(truth, generated)
    return [int(run.argmax()) + 1 if run.any() else None for run in outside]


def _outside(truth: Array, generated: Array) -> NDArray[np.bool_]:
    """Which steps, (start, step), are not finite or lie beyond the range of the truth by more than its own width."""
    low, high = truth.min(axis=(0, 1)), truth.max(axis=(0, 1))
    margin = _BAND * (high - low)
    inside = (generated >= low - margin) & (generated <= high + margin)
    return np.asarray(~inside.all(axis=2))


def spectrum_distance(truth: Array, generated: Array) -> float | None:
    """Hellinger distance, 0 to 1, of the normalised power spectra, pooled over starts, averaged over features.

    Mikhaeil et al. 2022, arXiv:2110.07238. Diverged starts are left out; None where none is left.
    """
    kept = generated[~diverged(truth, generated)]
    if not len(kept):
        return None
    p, q = _spectrum(truth), _spectrum(kept)
    overlap = np.sqrt(p * q).sum(axis=0)
    return float(np.mean(np.sqrt(np.clip(1 - overlap, 0, None))))


def _spectrum(runs: Array) -> NDArray[np.float64]:
    """The share of each frequency in the power of each feature: (frequency, feature)."""
    steps = runs.shape[1]
    _, power = welch(runs.astype(np.float64), nperseg=min(_SEGMENT, steps), axis=1)
    total = power.mean(axis=0)
    return np.asarray(total / np.maximum(total.sum(axis=0), np.finfo(np.float64).tiny))
