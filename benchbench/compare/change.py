"""How B differs from A, with a 95 % interval: by the rounds of one run a side, or by pairs."""

from math import ceil, nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import stdtrit

_RESAMPLES, _MOST_ROUNDS = 999, 4096

Values = NDArray[np.float64]


class Change(NamedTuple):
    """B over A, or B minus A, with its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float


NONE = Change(nan, nan, nan)


def ratio_of_rounds(a: Values, b: Values) -> Change:
    """Ratio of the medians of two series of rounds, with its percentile interval by a circular block bootstrap.

    Blocks of about the square root of the rounds, since neighbours share the machine's mood; always drawn alike. Of
    more than 4,096 rounds the interval takes every k-th. NaN where a round took no time, unless all did.

    Politis & Romano 1992, "A circular block-resampling procedure for stationary data".
    """
    if not (a.any() or b.any()):
        return Change(1.0, 1.0, 1.0)
    if not (a.all() and b.all()):
        return NONE
    rng = np.random.default_rng(0)
    low, high = np.quantile(_resampled_medians(b, rng) / _resampled_medians(a, rng), (0.025, 0.975))
    return Change(float(np.median(b) / np.median(a)), float(low), float(high))


def ratio_of_pairs(a: Values, b: Values) -> Change:
    """Geometric mean of the ratios of pairs, with Student's interval for the mean of their logarithms.

    Two zeros have the ratio 1; NaN where only one of a pair is 0. Fewer than three pairs have no interval.

    Fleming & Wallace 1986, "How not to lie with statistics", CACM 29(3). Student 1908, Biometrika 6.
    """
    nothing = (a == 0) & (b == 0)
    a, b = np.where(nothing, 1.0, a), np.where(nothing, 1.0, b)
    if not (a.all() and b.all()):
        return NONE
    return Change(*(float(value) for value in np.exp(_mean(np.log(b / a)))))


def difference_of_pairs(a: Values, b: Values) -> Change:
    """Mean of the differences B - A of pairs, with Student's interval. Fewer than three pairs have no interval."""
    return Change(*_mean(b - a))


def _mean(values: Values) -> tuple[float, float, float]:
    middle, n = float(values.mean()), len(values)
    half = float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / sqrt(n)) if n > 2 else nan
    return middle, middle - half, middle + half


def _resampled_medians(rounds: Values, rng: np.random.Generator) -> Values:
    rounds = rounds[:: ceil(len(rounds) / _MOST_ROUNDS)]
    n, block = len(rounds), round(sqrt(len(rounds)))
    blocks = sliding_window_view(np.concatenate([rounds, rounds[: block - 1]]), block)
    drawn = blocks[rng.integers(n, size=(_RESAMPLES, ceil(n / block)))]
    medians: Values = np.median(drawn.reshape(_RESAMPLES, -1)[:, :n], axis=1)
    return medians
