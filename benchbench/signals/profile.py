"""Properties of a signal before any learning: gaps, outliers, period, and correlation of neighbouring samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate, detrend, find_peaks, welch

Values = NDArray[np.float64]
Rows = tuple[tuple[int, int], ...]
"""The first and the last row of each stretch, counted from 1."""

OUTLIER = 5.0  # deviations from the median
_DEVIATION = 1.4826  # standard deviation of a normal distribution, in median absolute deviations
_LONGEST_SEGMENT = 1 << 16  # most samples in a segment of the periodogram
_CANDIDATES = 5  # peaks of the spectrum that are tried
_PERIODS = 5  # the fewest periods that a signal must hold
_SURE = 4.0  # standard errors that an autocorrelation without a period may reach
_LEAST, _MOST = 0.1, 0.5  # bounds of the autocorrelation that confirms a period; it is higher for slower signals
_NEAR = 0.1  # how far a peak may lie from the expected lag, as a share of the period
_ALIKE = 0.8  # a shorter period is taken if its autocorrelation is this share of the highest or more


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The properties of a signal of ``samples`` values; rows are counted from 1.

    ``gaps`` has the stretches of missing rows, and ``missing`` counts their samples. ``outliers`` counts the values
    more than ``OUTLIER`` standard deviations from the median (estimated by the median absolute deviation);
    ``first_outliers`` are the first of their rows. ``period`` is in samples, or None if there is none. ``lag_one`` is
    the correlation of neighbouring samples, or None if no two neighbours are known.
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
        """The number of samples in the longest gap."""
        return max((last - first + 1 for first, last in self.gaps), default=0)


def profile(values: Values) -> Profile:
    """The profile of a signal (time,), in which NaN is a missing value; at least one value must be known."""
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
    """The first and the last row, from 1, of each stretch in which a mask (time,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return tuple((start + 1, stop) for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def outliers(values: Values) -> NDArray[np.intp]:
    """The positions (n,) at which a signal (time,) is over ``OUTLIER`` robust deviations from its median.

    There are none if at least half of the values are equal.
    """
    middle = np.nanmedian(values)
    deviation = _DEVIATION * np.nanmedian(np.abs(values - middle))
    return np.flatnonzero(np.abs(values - middle) > OUTLIER * deviation) if deviation > 0 else np.array([], np.intp)


def lag_one(values: Values) -> float | None:
    """The correlation of each value of a signal (time,) with the next, over known pairs; None if it is undefined."""
    now, then = values[:-1], values[1:]
    both = ~(np.isnan(now) | np.isnan(then))
    if both.sum() < 3 or np.ptp(now[both]) == 0 or np.ptp(then[both]) == 0:
        return None
    return float(np.corrcoef(now[both], then[both])[0, 1])


def period(values: Values) -> float | None:
    """The dominant period of a signal (time,) without gaps, in samples; None where it has none.

    The autocorrelation must confirm a peak of Welch's periodogram: it must have peaks one and two periods later that
    exceed chance. Welch 1967, IEEE Trans. Audio Electroacoust. 15(2).
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
    """The period of a peak in the spectrum, or a multiple of it if the peak is an overtone; None if not confirmed."""
    tried = [_peak(correlation, multiple * lag) for multiple in range(1, 6)]
    highest = max((height for _, height in filter(None, tried)), default=0.0)
    if highest < least:
        return None
    place = next(place for place, height in filter(None, tried) if height >= _ALIKE * highest)
    again = _peak(correlation, 2 * place)
    if again is None or again[1] < least / 2:
        return None
    for multiple in range(2, 11):  # later peaks give the period more exactly, as long as there are some
        later = _peak(correlation, multiple * place, _NEAR * place)
        if later is None or later[1] < highest / 2:
            break
        place = later[0] / multiple
    return place


def _chance(correlation: Values, samples: int) -> float:
    """The autocorrelation that a signal without a period, but with neighbours as correlated, does not exceed.

    Bartlett 1946, Suppl. J. Royal Stat. Soc. 8(1), for an autoregression; the result is kept within bounds.
    """
    square = min(float(correlation[1]) ** 2, 1 - 1e-12)
    error = np.sqrt((1 + square) / (1 - square) / samples)
    return float(np.clip(_SURE * error, _LEAST, _MOST))


def _peak(correlation: Values, lag: float, near: float | None = None) -> tuple[float, float] | None:
    """The lag, interpolated between samples, and the height of the peak near a lag; None if there is no peak."""
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
    """The autocorrelation at lags from 0 to half of the length, after a straight line is subtracted; 1 at lag 0."""
    steps = np.arange(len(values))
    rest = values - np.polynomial.Polynomial.fit(steps, values, 1)(steps)
    whole = correlate(rest, rest, method="fft")[len(rest) - 1 :][: len(rest) // 2 + 1]
    counts = len(rest) - np.arange(len(whole))
    return np.asarray(whole / counts / (whole[0] / len(rest))) if whole[0] > 0 else np.zeros(len(whole))


def _filled(values: Values, gone: NDArray[np.bool_]) -> Values:
    places = np.arange(len(values))
    return np.asarray(np.interp(places, places[~gone], values[~gone]))
