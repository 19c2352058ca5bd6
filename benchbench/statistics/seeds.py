"""How many seeds a verdict needs, and repeated looks at a growing number of seeds."""

from itertools import combinations
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, nctdtr, stdtrit

from benchbench.statistics.intervals import ALPHA, FEWEST, RESAMPLES, Values
from benchbench.statistics.pairs import RATIO, Comparison, Pair, compare_pairs
from benchbench.statistics.verdicts import BETTER, OPEN

LOOKS = (5, 10, 20, 30)
POWER = 0.8
MOST = 100_000  # seeds
_SURE = 0.8  # confidence that the deviation is not underestimated


class Look(NamedTuple):
    """The pairs of a table as they were decided, and for each pair the number of seeds of the look that decided it."""

    pairs: list[Pair]
    decided_at: list[int]


def power(seeds: int, deviation: float, effect: float, alpha: float = ALPHA) -> float:
    """Probability that Student's two-sided test of ``seeds`` pairs detects a mean difference ``effect`` with its sign.

    ``deviation`` is the standard deviation of the paired differences.
    """
    if not deviation:
        return 1.0
    limit = float(stdtrit(seeds - 1, 1 - alpha / 2))
    shift = sqrt(seeds) * abs(effect) / deviation
    return 1.0 - float(nctdtr(seeds - 1, shift, limit))


def seeds_needed(
    deviation: float, effect: float, *, pilot: int | None = None, alpha: float = ALPHA, wanted: float = POWER
) -> int:
    """The fewest seeds that detect a mean paired difference ``effect`` with power ``wanted``, at most 100,000.

    ``deviation`` is the standard deviation of the paired differences; for a ratio, it and ``effect`` are those of
    logarithms. A deviation that was estimated from ``pilot`` pairs is replaced by its upper 80 % confidence limit,
    since few pairs often underestimate it: Browne 1995, Statistics in Medicine 14. For the first step of Holm's
    procedure over m pairs, pass alpha / m. Raises ValueError unless ``effect`` is above 0.
    """
    if not effect > 0:
        raise ValueError(f"effect {effect:g}: it must be above 0")
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
    comparison: Comparison = RATIO,
    *,
    alpha: float = ALPHA,
    looks: tuple[int, ...] = LOOKS,
    resamples: int = RESAMPLES,
) -> Look:
    """Decide the pairs of a table of scores (competitor, seed) in looks at its first 5, 10, 20 and 30 seeds.

    A pair that a look finds better or tied keeps that verdict and needs no more seeds. Each look tests at an equal
    share of alpha, so that all looks together err at most as often as a single look at alpha would (Bonferroni's
    inequality; Dunn 1961, JASA 56). Repeated looks at the full alpha would err more often: Armitage, McPherson & Rowe
    1969, JRSS A 132. Within a look, Holm's procedure covers all pairs, decided ones included.
    """
    places = len(list(combinations(range(len(scores)), 2)))
    settled, when = np.full(places, np.nan), [looks[-1]] * places
    found: list[Pair] = []
    for look in (look for look in looks if look <= scores.shape[1]):
        now = compare_pairs(
            scores[:, :look], rng, comparison, alpha=alpha / len(looks), resamples=resamples, decided=settled
        )
        found = [new if np.isnan(p) else old for new, old, p in zip(now, found or now, settled, strict=True)]
        for i, pair in enumerate(found):
            if np.isnan(settled[i]):
                when[i] = look
                if pair.verdict != OPEN:
                    settled[i] = 0.0 if pair.verdict == BETTER else 1.0
        if not np.isnan(settled).any():
            break
    return Look(found, when)
