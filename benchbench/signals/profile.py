"""What a signal is like before anything is learnt from it: its gaps, outliers, period and memory of the last sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate, detrend, find_peaks, welch

Values = NDArray[np.float64]
Rows = tuple[tuple[int, int], ...]
"""First and last row of each stretch, counted from 1."""

OUTLIER = 5.0  # deviations from the median
_DEVIATION = 1.4826  # of a normal distribution, in median absolute deviations
_LONGEST_SEGMENT = 1 << 16  # samples of a spectrum
_CANDIDATES = 5  # peaks of the spectrum that are tried
_PERIODS = 5  # that a signal must hold at least
_SURE = 4.0  # standard errors of an autocorrelation without a period
_LEAST, _MOST = 0.1, 0.5  # autocorrelation one period later that is enough, by how slow the signal is
_NEAR = 0.1  # share of a period in which its peak may lie
_ALIKE = 0.8  # share of the highest autocorrelation from which on a shorter period is taken


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What was found in a signal of ``samples`` values.

    ``gaps``: the stretches of rows that are missing, ``missing`` counts their samples. ``outliers`` counts values more
    than ``OUTLIER`` deviations from the median, the deviation estimated by the median absolute one, and
    ``first_outliers`` are the rows of the first. ``period`` in samples, None where there is none. ``lag_one`` is the
    autocorrelation of neighbours, None where no two stand side by side. Rows count from 1.
    """

    samples: int
    missing: int
    gaps: Rows
    outliers: int
    first_outliers: tuple[int, ...]
    period: float | None
    lag_one: float | None

    @property
    def longest_gap(self) -> int:
        """Samples in the longest gap."""
        return max((last - first + 1 for first, last in self.gaps), default=0)


def profile(values: Values) -> Profile:
    """The profile of a signal (time,), in which NaN is a missing value; at least one must be there."""
    gone = np.isnan(values)
    found = outliers(values)
    filled = values if not gone.any() else _filled(values, gone)
    return Profile(
        samples=len(values),
        missing=int(gone.sum()),
        gaps=stretches(gone),
        outliers=len(found),
        first_outliers=tuple((found[:5] + 1).tolist()),
        period=period(filled),
        lag_one=lag_one(values),
    )


def stretches(mask: NDArray[np.bool_]) -> Rows:
    """First and last row, from 1, of each stretch in which a mask (time,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return tuple((start + 1, stop) for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def outliers(values: Values) -> NDArray[np.intp]:
    """Where a signal (time,) is over ``OUTLIER`` robust deviations from its median; nowhere if half is one value."""
    middle = np.nanmedian(values)
    deviation = _DEVIATION * np.nanmedian(np.abs(values - middle))
    return np.flatnonzero(np.abs(values - middle) > OUTLIER * deviation) if deviation > 0 else np.array([], np.intp)


def lag_one(values: Values) -> float | None:
    """The correlation of each value of a signal (time,) with the next, where both are there; None without any."""
    now, then = values[:-1], values[1:]
    both = ~(np.isnan(now) | np.isnan(then))
    if both.sum() < 3 or np.ptp(now[both]) == 0 or np.ptp(then[both]) == 0:
        return None
    return float(np.corrcoef(now[both], then[both])[0, 1])


def period(values: Values) -> float | None:
    """The dominant period of a signal (time,) without gaps, in samples; None where it has none.

    The strongest peaks of Welch's periodogram are held against the autocorrelation, which must have a peak one and two
    periods later that stands above chance. Welch 1967, IEEE Trans. Audio Electroacoust. 15(2).
    """
    if len(values) < 4 * _PERIODS:
        return None
    segment = min(len(values), _LONGEST_SEGMENT)
    places, power = welch(values, nperseg=segment, detrend=detrend)
    correlation = _autocorrelation(values)
    least = _chance(correlation, len(values))
    allowed = (places * len(values) >= _PERIODS) & (places * segment >= _PERIODS)
    peaks = find_peaks(np.concatenate([[0.0], power, [0.0]]))[0] - 1
    peaks = peaks[allowed[peaks]]
    for peak in peaks[np.argsort(-power[peaks], kind="stable")][:_CANDIDATES]:
        if (found := _confirmed(correlation, 1 / places[peak], least)) is not None:
            return found
    return None


def _confirmed(correlation: Values, lag: float, least: float) -> float | None:
    """The period that a peak of the spectrum belongs to: its own, or a multiple of it where it is an overtone."""
    tried = [_peak(correlation, multiple * lag) for multiple in range(1, 6)]
    highest = max((height for _, height in filter(None, tried)), default=0.0)
    if highest < least:
        return None
    place = next(place for place, height in filter(None, tried) if height >= _ALIKE * highest)
    again = _peak(correlation, 2 * place)
    if again is None or again[1] < least / 2:
        return None
    for multiple in range(2, 11):  # later peaks tell it more exactly, as long as they are there
        later = _peak(correlation, multiple * place, _NEAR * place)
        if later is None or later[1] < highest / 2:
            break
        place = later[0] / multiple
    return place


def _chance(correlation: Values, samples: int) -> float:
    """What an autocorrelation without a period does not exceed: that of noise as slow as the signal, within bounds.

    Bartlett 1946, Suppl. J. Royal Stat. Soc. 8(1), for an autoregression with the signal's correlation of neighbours.
    """
    square = min(float(correlation[1]) ** 2, 1 - 1e-12)
    error = np.sqrt((1 + square) / (1 - square) / samples)
    return float(np.clip(_SURE * error, _LEAST, _MOST))


def _peak(correlation: Values, lag: float, near: float | None = None) -> tuple[float, float] | None:
    """Where near a lag the autocorrelation has its peak, between samples, and how high it is; None without one."""
    margin = max(1, round(_NEAR * lag if near is None else near))
    low, high = max(1, int(lag) - margin), int(np.ceil(lag)) + margin
    if high + 1 >= len(correlation):
        return None
    place = low + int(np.argmax(correlation[low : high + 1]))
    before, here, after = correlation[place - 1 : place + 2]
    if not (here >= before and here >= after):
        return None
    curvature = before - 2 * here + after
    shift = 0.5 * (before - after) / curvature if curvature < 0 else 0.0
    return place + float(shift), float(here)


def _autocorrelation(values: Values) -> Values:
    """By lag from 0 to half of the length, a straight line taken off; 1 at lag 0."""
    steps = np.arange(len(values))
    rest = values - np.polynomial.Polynomial.fit(steps, values, 1)(steps)
    whole = correlate(rest, rest, method="fft")[len(rest) - 1 :][: len(rest) // 2 + 1]
    counts = len(rest) - np.arange(len(whole))
    return np.asarray(whole / counts / (whole[0] / len(rest))) if whole[0] > 0 else np.zeros(len(whole))


def _filled(values: Values, gone: NDArray[np.bool_]) -> Values:
    places = np.arange(len(values))
    return np.asarray(np.interp(places, places[~gone], values[~gone]))
