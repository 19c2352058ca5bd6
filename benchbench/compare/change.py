"""How B differs from A, with a 95 % interval: from the rounds of one run on each side, or from pairs."""

from math import ceil, nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import stdtrit

_RESAMPLES, _MOST_ROUNDS = 999, 4096

Values = NDArray[np.float64]


class Change(NamedTuple):
    """The ratio B / A or the difference B - A, with its 95 % interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


NONE = Change(nan, nan, nan)


def ratio_of_rounds(a: Values, b: Values) -> Change:
    """The ratio b / a of the medians of two series of rounds (n,), with its interval by a circular block bootstrap.

    The percentile interval is drawn with a fixed seed. A block has about as many rounds as the square root of their
    number, since neighbouring rounds share the state of the machine. Of more than 4,096 rounds, the interval uses every
    k-th. The result is NaN where some rounds took no time, and 1 where none took any.

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
    """The geometric mean of the ratios b / a of pairs (n,), with Student's interval of the mean of their logarithms.

    A pair of two zeros has the ratio 1; the result is NaN where one value of a pair is 0. Fewer than three pairs have
    no interval.

    Fleming & Wallace 1986, "How not to lie with statistics", CACM 29(3). Student 1908, Biometrika 6.
    """
    nothing = (a == 0) & (b == 0)
    a, b = np.where(nothing, 1.0, a), np.where(nothing, 1.0, b)
    if not (a.all() and b.all()):
        return NONE
    return Change(*(float(value) for value in np.exp(_mean(np.log(b / a)))))


def difference_of_pairs(a: Values, b: Values) -> Change:
    """The mean of the differences b - a of pairs (n,), with Student's interval where there are three pairs or more."""
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
