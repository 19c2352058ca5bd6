"""Laws of growth: a cost as a power of size, fitted at the smaller sizes and checked at the largest."""

from math import isnan, log
from typing import Literal, NamedTuple

import numpy as np

from benchbench.statistics.intervals import ALPHA, FEWEST, Interval, Values, student
from benchbench.statistics.pairs import WITHIN

FEWEST_SIZES = 3  # two for the line through them, and one to check it
Held = Literal["holds", "fails", "open"]
HOLDS: Held = "holds"
FAILS: Held = "fails"
OPEN: Held = "open"


class Power(NamedTuple):
    """value = factor x size ^ exponent."""

    factor: float
    exponent: float


class Law(NamedTuple):
    """A power law of the ``fitted`` smaller sizes, and what it says of the largest.

    ``exponent`` is the mean over seeds with Student's interval, ``predicted`` the ratio of the prediction to the
    measurement at the largest size, a geometric mean with its interval. It ``held`` where that interval lies within
    10 % either way, and failed where it lies outside of that.
    """

    exponent: Interval
    predicted: Interval
    fitted: int
    held: Held


def power(sizes: Values, values: Values) -> Power:
    """The least squares of logarithms: values (n,) above zero by sizes (n,) above zero."""
    exponent, offset = np.polyfit(np.log(sizes), np.log(values), 1)
    return Power(float(np.exp(offset)), float(exponent))


def law(sizes: Values, values: Values, alpha: float = ALPHA) -> Law:
    """The law of values (size, seed) above zero at rising sizes (size,): the largest third of the sizes is not fitted.

    Each seed has a line of its own; the intervals are those of the mean over seeds, and of no width where these agree
    in full, as counted bytes do. ValueError below three sizes.
    """
    if len(sizes) < FEWEST_SIZES:
        raise ValueError(f"{len(sizes)} sizes: a law that is checked needs at least {FEWEST_SIZES}")
    fitted = len(sizes) - len(sizes) // 3
    lines = [power(sizes[:fitted], seed[:fitted]) for seed in values.T]
    gaps = [line.factor * sizes[-1] ** line.exponent / seed[-1] for line, seed in zip(lines, values.T, strict=True)]
    exponent, gap = (_interval(np.array(found), alpha) for found in ([line.exponent for line in lines], np.log(gaps)))
    value, low, high = (float(end) for end in np.exp(gap[:3]))
    return Law(exponent, Interval(value, low, high, gap.p), fitted, _held(gap))


def _interval(values: Values, alpha: float) -> Interval:
    """Student's; of several seeds that agree in full, as counted bytes do, it is the value itself."""
    found = student(values, alpha)
    same = len(values) >= FEWEST and isnan(found.low)
    return found._replace(low=found.value, high=found.value) if same else found


def _held(gap: Interval) -> Held:
    margin = log(1 + WITHIN)
    if -margin <= gap.low and gap.high <= margin:
        return HOLDS
    return FAILS if gap.low > margin or gap.high < -margin else OPEN
