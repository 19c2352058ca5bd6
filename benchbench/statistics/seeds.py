"""How many seeds a verdict takes, and a plan of looks at a growing number of seeds."""

from itertools import combinations
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, nctdtr, stdtrit

from benchbench.statistics.intervals import ALPHA, FEWEST, RESAMPLES, Values
from benchbench.statistics.pairs import RATIO, Asked, Pair, compared
from benchbench.statistics.verdicts import BETTER, OPEN

LOOKS = (5, 10, 20, 30)
POWER = 0.8
MOST = 100_000  # seeds beyond which nobody goes
_SURE = 0.8  # of the estimated deviation not being too low


class Look(NamedTuple):
    """The pairs of a table as they were decided, each with the number of seeds at which that was."""

    pairs: list[Pair]
    seeds: list[int]


def power(seeds: int, deviation: float, effect: float, alpha: float = ALPHA) -> float:
    """Probability that Student's two-sided test of ``seeds`` pairs finds a mean difference ``effect`` and its sign."""
    if not deviation:
        return 1.0
    limit = float(stdtrit(seeds - 1, 1 - alpha / 2))
    shift = sqrt(seeds) * abs(effect) / deviation
    return 1.0 - float(nctdtr(seeds - 1, shift, limit))


def seeds_needed(
    deviation: float, effect: float, *, pilot: int | None = None, alpha: float = ALPHA, wanted: float = POWER
) -> int:
    """The fewest seeds that find a mean paired difference ``effect`` with power ``wanted``, at most 100,000.

    ``deviation`` is that of the paired differences, of logarithms for a ratio, whose ``effect`` is a logarithm too. One
    that is itself an estimate from ``pilot`` pairs is replaced by its upper 80 % limit, since a pilot of few seeds
    often underestimates it: Browne 1995, Statistics in Medicine 14. The first step of Holm's procedure over m pairs
    has alpha / m. ValueError where there is no effect to be found.
    """
    if not effect > 0:
        raise ValueError(f"effect {effect:g}: must be above 0")
    if pilot is not None:
        deviation *= sqrt((pilot - 1) / float(chdtri(pilot - 1, _SURE)))
    low, high = FEWEST - 1, FEWEST  # low is too few
    while high < MOST and power(high, deviation, effect, alpha) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle, deviation, effect, alpha) >= wanted else (middle, high)
    return min(high, MOST)


def resolve(
    scores: Values,
    rng: np.random.Generator,
    asked: Asked = RATIO,
    *,
    alpha: float = ALPHA,
    looks: tuple[int, ...] = LOOKS,
    resamples: int = RESAMPLES,
) -> Look:
    """The verdicts of a table of scores (competitor, seed) that is looked at with 5, 10, 20 and 30 of its seeds.

    A pair that is better or a tie at a look stays so, and takes no more seeds. Each look has an equal share of alpha,
    so that all of them together err at most as often as one look with alpha would (Bonferroni's inequality; Dunn 1961,
    JASA 56). Looking again and again with the whole of alpha would not: Armitage, McPherson & Rowe 1969, JRSS A 132.
    Within a look Holm's procedure goes over all pairs, those that are decided included.
    """
    places = len(list(combinations(range(len(scores)), 2)))
    settled, when = np.full(places, np.nan), [looks[-1]] * places
    found: list[Pair] = []
    for look in (look for look in looks if look <= scores.shape[1]):
        now = compared(scores[:, :look], rng, asked, alpha=alpha / len(looks), resamples=resamples, decided=settled)
        found = [new if np.isnan(p) else old for new, old, p in zip(now, found or now, settled, strict=True)]
        for i, pair in enumerate(found):
            if np.isnan(settled[i]):
                when[i] = look
                settled[i] = np.nan if pair.verdict == OPEN else 0.0 if pair.verdict == BETTER else 1.0
        if not np.isnan(settled).any():
            break
    return Look(found, when)
