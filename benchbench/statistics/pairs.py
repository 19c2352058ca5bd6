"""Comparisons of competitors in pairs on the same units: effect, probability of winning, verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchbench.statistics.intervals import ALPHA, RESAMPLES, Interval, Share, Values, interval, share
from benchbench.statistics.verdicts import BETTER, Verdict, verdict_of

WITHIN = 0.1  # the margin of a tie: 10 % either way
BOUNDED = {"accuracy", "balanced_accuracy", "f1_macro", "precision", "recall", "auroc", "r2"}  # at most 1

Scale = Literal["ratio", "difference"]
Better = Literal["lower", "higher"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How the scores of a metric are compared.

    ``scale`` is "ratio" to compare geometric means by their ratio, or "difference" to compare means by their
    difference, as for accuracies and other metrics with a ``best`` possible value. ``better`` tells whether lower or
    higher scores are better. The margin of a tie is a ratio of 1 + ``within`` either way, or ``within`` times the mean
    distance of the pair's scores from ``best``.
    """

    scale: Scale = "ratio"
    better: Better = "lower"
    best: float = 1.0
    within: float = WITHIN


RATIO = Comparison()


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The comparison of two competitors, rows ``first`` and ``second`` of the scores, on the units that both have.

    ``effect`` is the ratio first / second, or the difference first - second, with its interval and p-value, over the
    ``pairs`` units on which neither failed; ``failures`` counts the other units. ``wins`` is the share of all units on
    which the first beats the second, ``losses`` the share on which the second beats the first. A competitor that
    fails on a unit loses it to one that does not; a unit on which both fail has no winner. ``deviation`` is the
    standard deviation of the paired differences and ``margin`` the largest difference of a tie; both are of
    logarithms where the effect is a ratio. ``adjusted`` is the p-value after Holm's procedure. ``winner`` is the row
    of the better competitor, or None where the verdict is a tie or open.
    """

    first: int
    second: int
    effect: Interval
    pairs: int
    failures: int
    wins: Share
    losses: Share
    deviation: float
    margin: float
    adjusted: float
    verdict: Verdict
    winner: int | None


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A pair before Holm's procedure; ``gap`` is the interval of first - second (of logarithms for a ratio)."""

    gap: Interval
    pairs: int
    failures: int
    wins: int
    losses: int
    deviation: float
    margin: float


def compare_pairs(
    scores: Values,
    rng: np.random.Generator,
    comparison: Comparison = RATIO,
    *,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    decided: NDArray[np.float64] | None = None,
) -> list[Pair]:
    """Compare all pairs of competitors in a table of scores (competitor, unit).

    The first competitor of each pair is the one in the earlier row. A unit is a task, length and seed. A score is
    infinite where the competitor failed, and NaN where there is no record. Holm's procedure covers all pairs of the
    table. ``decided`` (pair,) holds p-values that an earlier look has settled and that replace the new ones; NaN
    stands for pairs that are not settled. Raises ValueError if a ratio is to compare scores that are not positive.
    """
    places = list(combinations(range(len(scores)), 2))
    seen = [_seen(scores[[i, j]], rng, comparison, alpha=alpha, resamples=resamples) for i, j in places]
    p = np.array([one.gap.p for one in seen])
    p = p if decided is None else np.where(np.isnan(decided), p, decided)
    return [
        _pair(place, one, float(adjusted), comparison, alpha)
        for place, one, adjusted in zip(places, seen, holm(p), strict=True)
    ]


def holm(p: Values) -> Values:
    """Holm's adjusted p-values (m,) of a family of p-values (m,). Holm 1979, Scandinavian Journal of Statistics 6.

    NaN counts as 1, since nothing is known of that pair.
    """
    known = np.nan_to_num(np.asarray(p, float), nan=1.0)
    order = np.argsort(known, kind="stable")
    adjusted: Values = np.empty_like(known)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((len(known) - np.arange(len(known))) * known[order]))
    return adjusted


def differences(first: Values, second: Values, scale: Scale = "ratio") -> Values:
    """Paired differences (n,) of two rows of scores (unit,), over the n units on which both scores are finite.

    They are differences of logarithms where ``scale`` is "ratio"; ValueError where a score is not positive then.
    """
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    if scale == "ratio":
        if (first <= 0).any() or (second <= 0).any():
            raise ValueError("some scores are 0 or below: a ratio needs scores above 0; compare by the difference")
        first, second = np.log(first), np.log(second)
    found: Values = first - second
    return found


def scale_of(scores: Values, better: Better) -> Scale:
    """The scale on which to compare scores (competitor, unit).

    It is "difference" where higher scores are better or where a score is not above 0, and "ratio" otherwise.
    """
    known = scores[np.isfinite(scores)]
    return "difference" if better == "higher" or (known <= 0).any() else "ratio"


def comparison_of(metric: str, better: Better, scores: Values, *, within: float = WITHIN) -> Comparison:
    """How to compare the scores (competitor, unit) of a metric."""
    best = 1.0 if metric in BOUNDED else 0.0
    return Comparison(scale=scale_of(scores, better), better=better, best=best, within=within)


def _seen(both: Values, rng: np.random.Generator, comparison: Comparison, *, alpha: float, resamples: int) -> _Seen:
    """Compare the scores (2, unit) of one pair."""
    first, second = both[:, ~np.isnan(both).any(axis=0)]
    gaps = differences(first, second, comparison.scale)
    here = np.isfinite(first) & np.isfinite(second)
    ahead, behind = (
        (first < second, second < first) if comparison.better == "lower" else (first > second, second > first)
    )
    margin = log(1 + comparison.within)
    if comparison.scale == "difference":
        scores = np.concatenate([first[here], second[here]])
        margin = comparison.within * float(np.abs(comparison.best - scores).mean()) if len(scores) else 0.0
    return _Seen(
        gap=interval(gaps, rng, alpha, resamples),
        pairs=len(gaps),
        failures=len(first) - len(gaps),
        wins=int((here & ahead).sum() + (np.isfinite(first) & np.isinf(second)).sum()),
        losses=int((here & behind).sum() + (np.isinf(first) & np.isfinite(second)).sum()),
        deviation=float(gaps.std(ddof=1)) if len(gaps) > 1 else float("nan"),
        margin=margin,
    )


def _pair(place: tuple[int, int], seen: _Seen, adjusted: float, comparison: Comparison, alpha: float) -> Pair:
    first, second = place
    gap, units = seen.gap, seen.pairs + seen.failures
    ahead = (gap.value < 0) == (comparison.better == "lower")
    most = 2 * (seen.wins if ahead else seen.losses) > units
    said = verdict_of(gap, adjusted, seen.margin, alpha, most=most)
    winner = None
    if said == BETTER:
        winner = first if ahead else second
    return Pair(
        first=first,
        second=second,
        effect=_ratio(gap) if comparison.scale == "ratio" else gap,
        pairs=seen.pairs,
        failures=seen.failures,
        wins=share(seen.wins, units),
        losses=share(seen.losses, units),
        deviation=seen.deviation,
        margin=seen.margin,
        adjusted=adjusted,
        verdict=said,
        winner=winner,
    )


def _ratio(gap: Interval) -> Interval:
    with np.errstate(over="ignore"):  # an end may be too large for a float
        value, low, high = (float(end) for end in np.exp(gap[:3]))
    return Interval(value, low, high, gap.p)


def beaten(pairs: Sequence[Pair], competitors: int) -> NDArray[np.bool_]:
    """A matrix (competitor, competitor) of the verdicts, true where the row is better than the column."""
    found = np.zeros((competitors, competitors), bool)
    for pair in pairs:
        if pair.winner is not None:
            found[pair.winner, pair.second if pair.winner == pair.first else pair.first] = True
    return found
