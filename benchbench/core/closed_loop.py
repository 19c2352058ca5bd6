"""Closed loop: free runs for learners that cannot generate themselves, and the scores of free runs."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from benchbench.core.errors import UnsupportedError
from benchbench.core.problem import Array, Setting

THRESHOLD = 0.4  # standard deviations
STEP = 84  # the step at which the NRMSE is taken; Jaeger 2001, GMD Report 148
_FAR = 1e6  # standard deviations; generated values are clipped to this
_SEGMENT = 512  # steps of a segment of the spectrum
_BAND = 1.0  # how far a run may leave the range of the truth before it has diverged, in widths of that range

Predict = Callable[[Array], Array]


def require_own_input(setting: Setting) -> None:
    """Raise UnsupportedError unless outputs can serve as the next inputs: as many as inputs, and no probabilities."""
    if setting.objective.classifies:
        raise UnsupportedError("probabilities of classes cannot be the next inputs")
    if setting.inputs != setting.outputs:
        raise UnsupportedError(f"{setting.outputs} outputs cannot be the next {setting.inputs} inputs")


def generate_by_window(predict: Predict, prefix: Array, steps: int, length: int) -> Array:
    """Generate (sequence, steps, feature) by predicting step after step from a sliding window of ``length`` steps.

    This serves learners that carry no state. ``prefix`` (sequence, time, feature) is what comes before, and
    ``predict`` maps (sequence, length, feature) to (sequence, scored, feature). Raises ValueError where the prefix is
    shorter than the window.
    """
    if prefix.shape[1] < length:
        raise ValueError(f"a prefix of {prefix.shape[1]} steps is shorter than the window of {length} steps")
    series = np.concatenate([prefix[:, -length:], np.empty((len(prefix), steps, prefix.shape[2]), np.float32)], axis=1)
    for step in range(steps):
        # a run that diverges is held at _FAR: some learners refuse inputs that are not finite
        ahead = np.nan_to_num(np.asarray(predict(series[:, step : step + length]))[:, -1], nan=_FAR)
        series[:, length + step] = np.clip(ahead, -_FAR, _FAR)
    return series[:, length:]


def valid_steps(truth: Array, generated: Array, threshold: float = THRESHOLD) -> NDArray[np.int64]:
    """The steps of each start, (start,), before the error first exceeds ``threshold`` standard deviations of the truth.

    ``truth`` and ``generated`` are (start, step, feature). With several features, the error is the root of the mean
    over features of the squared error in standard deviations. A start whose error never exceeds the threshold counts
    all its steps.
    """
    deviation = truth.std(axis=(0, 1), dtype=np.float64)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        error = np.sqrt(np.mean(np.square((generated.astype(np.float64) - truth) / deviation), axis=2))
    wrong = ~(error <= threshold)
    return np.asarray(np.where(wrong.any(axis=1), wrong.argmax(axis=1), truth.shape[1]))


def nrmse_at(truth: NDArray[Any], generated: NDArray[Any], step: int = STEP) -> float | None:
    """The NRMSE at ``step`` (the first is 1): the root mean squared error over starts, in deviations of the truth.

    ``truth`` and ``generated`` are (start, step, feature). None where the runs are shorter or one is not finite.
    """
    if truth.shape[1] < step:
        return None
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        error = np.mean(np.square(generated[:, step - 1].astype(np.float64) - truth[:, step - 1]), axis=0)
        value = np.sqrt(np.mean(error / truth.var(axis=(0, 1), dtype=np.float64)))
    return float(value) if np.isfinite(value) else None


def diverged(truth: Array, generated: Array) -> NDArray[np.bool_]:
    """Which starts diverged, (start,): they are not finite, or leave the range of the truth by more than its width.

    ``truth`` and ``generated`` are (start, step, feature).
    """
    return np.asarray(_outside(truth, generated).any(axis=1))


def diverged_at(truth: Array, generated: Array) -> list[int | None]:
    """The step, counted from 1, at which each start diverged, or None where it did not; the list has shape (start,).

    ``truth`` and ``generated`` are (start, step, feature).
    """
    outside = _outside(truth, generated)
    return [int(run.argmax()) + 1 if run.any() else None for run in outside]


def _outside(truth: Array, generated: Array) -> NDArray[np.bool_]:
    """Which steps, (start, step), are not finite or lie outside the range of the truth by more than its width."""
    low, high = truth.min(axis=(0, 1)), truth.max(axis=(0, 1))
    margin = _BAND * (high - low)
    inside = (generated >= low - margin) & (generated <= high + margin)
    return np.asarray(~inside.all(axis=2))


def spectrum_distance(truth: Array, generated: Array) -> float | None:
    """Hellinger distance, 0 to 1, of the normalised power spectra of ``truth`` and ``generated``.

    Both are (start, step, feature); the spectra are pooled over starts, and the distances averaged over features.
    Mikhaeil et al. 2022, arXiv:2110.07238. Diverged starts are left out; None where all starts diverged.
    """
    kept = generated[~diverged(truth, generated)]
    if not len(kept):
        return None
    p, q = _spectrum(truth), _spectrum(kept)
    overlap = np.sqrt(p * q).sum(axis=0)
    return float(np.mean(np.sqrt(np.clip(1 - overlap, 0, None))))


def _spectrum(runs: Array) -> NDArray[np.float64]:
    """The share of each frequency in the power of runs (start, step, feature): (frequency, feature)."""
    steps = runs.shape[1]
    _, power = welch(runs.astype(np.float64), nperseg=min(_SEGMENT, steps), axis=1)
    total = power.mean(axis=0)
    return np.asarray(total / np.maximum(total.sum(axis=0), np.finfo(np.float64).tiny))
