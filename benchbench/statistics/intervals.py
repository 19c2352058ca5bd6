"""Confidence intervals for the mean of paired differences, and for proportions."""

from collections.abc import Sequence
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtr, stdtrit

_Z = 1.96  # standard deviations: half the width of a 95 % interval of a normal variable
ALPHA = 0.05
FEWEST = 2  # values that an interval needs
BOOTSTRAP_FROM, RESAMPLES = 20, 9_999
FEWEST_TASKS, TOO_FEW_TASKS = 10, "too few tasks"
_TINY, _ROUNDING = 1e-6, 1e-12

Values = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean, the ends of its confidence interval, and the two-sided p-value of a mean of zero; NaN if undefined."""

    value: float
    low: float
    high: float
    p: float


class Share(NamedTuple):
    """A proportion from 0 to 1, and the ends of its confidence interval."""

    value: float
    low: float
    high: float


NONE = Interval(nan, nan, nan, nan)


def interval(values: Values, rng: np.random.Generator, alpha: float = ALPHA, resamples: int = RESAMPLES) -> Interval:
    """Confidence interval for the mean of values (n,), at the level 1 - ``alpha``.

    Below 20 values it is Student's. From 20 values on it joins Student's and the studentised bootstrap's: the lower of
    the two lower ends, the higher of the two upper ends, and the larger p-value. The bootstrap alone rejects too often
    where tails are heavy: with noise by Student's t of 3 degrees of freedom it found a difference between two equal
    competitors in 7 % of studies with 20 or 30 pairs, the joined interval in 3 to 5 % (1,500 studies each;
    ``benchbench calibrate --verdicts`` measures more cases).
    """
    plain = student(values, alpha)
    if len(values) < BOOTSTRAP_FROM:
        return plain
    drawn = studentised(values, rng, alpha, resamples)
    return Interval(plain.value, min(plain.low, drawn.low), max(plain.high, drawn.high), max(plain.p, drawn.p))


def student(values: Values, alpha: float = ALPHA) -> Interval:
    """Student's confidence interval for the mean of values (n,). Student 1908, Biometrika 6.

    A single value has no interval. Several equal values have none either, unless all are zero: equal values, such as
    the rounded accuracies of two seeds, do not tell how far further values may lie from them.
    """
    n = len(values)
    if not n:
        return NONE
    middle, error = _mean(values)
    if not error:
        same = n >= FEWEST and not middle
        return Interval(0.0, 0.0, 0.0, 1.0) if same else NONE._replace(value=middle)
    half = float(stdtrit(n - 1, 1 - alpha / 2)) * error
    return Interval(middle, middle - half, middle + half, 2 * float(stdtr(n - 1, -abs(middle) / error)))


def _mean(values: Values) -> tuple[float, float]:
    """The mean of values (n,) and its standard error, which is zero where the values differ by rounding alone."""
    middle = float(values.mean())
    error = float(values.std(ddof=1)) / sqrt(len(values)) if len(values) >= FEWEST else 0.0
    return middle, error if error > _ROUNDING * abs(middle) else 0.0


def studentised(values: Values, rng: np.random.Generator, alpha: float = ALPHA, resamples: int = RESAMPLES) -> Interval:
    """Equal-tailed studentised bootstrap interval for the mean of values (n,), from ``resamples`` resamples.

    Its smallest possible p-value is 2 / (resamples + 1). Hall 1988, Annals of Statistics 16; Efron & Tibshirani
    1993, An Introduction to the Bootstrap, section 12.5.
    """
    n, (middle, error) = len(values), _mean(values)
    if not error:
        return student(values, alpha)
    drawn = (values - middle)[rng.integers(n, size=(resamples, n))]
    spread = drawn.std(axis=1, ddof=1) / sqrt(n)
    scaled = drawn.mean(axis=1) / np.maximum(spread, _TINY * error)  # a resample of one repeated value has no spread
    low, high = np.quantile(scaled, (alpha / 2, 1 - alpha / 2))
    seen = middle / error
    beyond = min(int((scaled >= seen).sum()), int((scaled <= seen).sum()))
    p = min(1.0, 2 * (1 + beyond) / (resamples + 1))
    return Interval(middle, middle - float(high) * error, middle - float(low) * error, p)


def over_tasks(values: Sequence[Values], rng: np.random.Generator, alpha: float = ALPHA) -> Interval:
    """Confidence interval for the mean over tasks of each task's mean, from an array of values (n,) for each task.

    The tasks are the sample: with fewer than ten of them the result has a mean but no interval, and
    ``TOO_FEW_TASKS`` is the text to show in its place.
    """
    means = np.array([task.mean() for task in values if len(task)])
    if len(means) >= FEWEST_TASKS:
        return interval(means, rng, alpha)
    return NONE._replace(value=float(means.mean())) if len(means) else NONE


def wilson(value: float, examples: int) -> tuple[float, float]:
    """The ends of the 95 % interval of a proportion ``value`` among ``examples``, at least one.

    Wilson 1927, Journal of the American Statistical Association 22:209.
    """
    middle = (value + _Z**2 / (2 * examples)) / (1 + _Z**2 / examples)
    half = _Z / (1 + _Z**2 / examples) * np.sqrt(value * (1 - value) / examples + _Z**2 / (4 * examples**2))
    return float(middle - half), float(middle + half)


def share(count: int, of: int, alpha: float = ALPHA) -> Share:
    """The proportion ``count`` / ``of`` with its exact confidence interval. Clopper & Pearson 1934, Biometrika 26."""
    if not of:
        return Share(nan, 0.0, 1.0)
    low = float(betaincinv(count, of - count + 1, alpha / 2)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 1 - alpha / 2)) if count < of else 1.0
    return Share(count / of, low, high)
