"""Laws of growth: a cost as a power of the size, fitted to the smaller sizes and checked at the largest."""

from math import isnan, log
from typing import Literal, NamedTuple

import numpy as np

from benchbench.statistics.intervals import ALPHA, FEWEST, Interval, Values, student
from benchbench.statistics.pairs import WITHIN

FEWEST_SIZES = 3  # two to fit a line, and one to check it
Held = Literal["holds", "fails", "open"]
HOLDS: Held = "holds"
FAILS: Held = "fails"
OPEN: Held = "open"


class Power(NamedTuple):
    """A power law: value = factor x size ^ exponent."""

    factor: float
    exponent: float


class Law(NamedTuple):
    """A power law fitted to the ``fitted`` smallest sizes, and how well it predicts the largest.

    ``exponent`` is the mean over seeds with Student's interval. ``predicted`` is the ratio of the prediction to the
    measurement at the largest size: the geometric mean over seeds with its interval. ``held`` is "holds" where that
    interval lies within 10 % of a ratio of 1, "fails" where it lies wholly outside, and "open" otherwise.
    """

    exponent: Interval
    predicted: Interval
    fitted: int
    held: Held


def power(sizes: Values, values: Values) -> Power:
    """Fit a power law to values (n,) at sizes (n,), all above zero, by least squares of the logarithms."""
    exponent, offset = np.polyfit(np.log(sizes), np.log(values), 1)
    return Power(float(np.exp(offset)), float(exponent))


def law(sizes: Values, values: Values, alpha: float = ALPHA) -> Law:
    """Fit a law to values (size, seed) above zero at rising sizes (size,), without the largest third of the sizes.

    Each seed gets a line of its own. The intervals are those of the mean over seeds; they have no width where all
    seeds agree exactly, as counts of bytes do. Raises ValueError for fewer than three sizes.
    """
    if len(sizes) < FEWEST_SIZES:
        raise ValueError(f"{len(sizes)} sizes: a law needs at least {FEWEST_SIZES}, two to fit and one to check")
    fitted = len(sizes) - len(sizes) // 3
    lines = [power(sizes[:fitted], seed[:fitted]) for seed in values.T]
    gaps = [line.factor * sizes[-1] ** line.exponent / seed[-1] for line, seed in zip(lines, values.T, strict=True)]
    exponent = _interval(np.array([line.exponent for line in lines]), alpha)
    gap = _interval(np.log(gaps), alpha)
    value, low, high = (float(end) for end in np.exp(gap[:3]))
    return Law(exponent, Interval(value, low, high, gap.p), fitted, _held(gap))


def _interval(values: Values, alpha: float) -> Interval:
    """Student's interval of values (n,); several values that agree exactly get an interval without width."""
    found = student(values, alpha)
    same = len(values) >= FEWEST and isnan(found.low)
    return found._replace(low=found.value, high=found.value) if same else found


def _held(gap: Interval) -> Held:
    margin = log(1 + WITHIN)
    if -margin <= gap.low and gap.high <= margin:
        return HOLDS
    return FAILS if gap.low > margin or gap.high < -margin else OPEN
