"""Two competitors on the same units, and all pairs of a table: effect, probability of beating, verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchbench.statistics.intervals import ALPHA, RESAMPLES, Interval, Share, Values, interval, share
from benchbench.statistics.verdicts import BETTER, Word, word

WITHIN = 0.1  # a tie lies within 10 % either way
BOUNDED = {"accuracy", "balanced_accuracy", "f1_macro", "precision", "recall", "auroc", "r2"}  # they end at 1

Scale = Literal["ratio", "difference"]
Better = Literal["lower", "higher"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How scores are compared.

    ``scale``: by the ratio of geometric means, or by the difference of means, for accuracies and other metrics that end
    at ``best``. ``better``: whether lower or higher scores are. A tie lies within a ratio of 1 + ``within`` either way,
    or within the share ``within`` of the mean distance of the pair's scores from ``best``.
    """

    scale: Scale = "ratio"
    better: Better = "lower"
    best: float = 1.0
    within: float = WITHIN


RATIO = Asked()


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The competitors ``first`` and ``second`` (rows of the scores) on the units that both have a record of.

    ``effect`` is the ratio first / second, or the difference first - second, with its interval and p-value, over the
    ``pairs`` without a failure; ``failures`` counts the others. ``wins`` is the share of all of them on which the first
    beats the second, ``losses`` the reverse; a pair with a failure is lost by whoever failed, and won by nobody who
    failed. ``deviation`` is that of the paired differences, and ``margin`` is how large one may be in a tie, both of
    logarithms for a ratio. ``adjusted`` is Holm's p-value. ``winner`` is the row that is better; None where the verdict
    is a tie or open.
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
    verdict: Word
    winner: int | None


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A pair before its table is known; ``gap`` is the interval of first - second (of logarithms for a ratio)."""

    gap: Interval
    pairs: int
    failures: int
    wins: int
    losses: int
    deviation: float
    margin: float


def compared(
    scores: Values,
    rng: np.random.Generator,
    asked: Asked = RATIO,
    *,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    decided: NDArray[np.float64] | None = None,
) -> list[Pair]:
    """All pairs of a table of scores (competitor, unit), the first of each pair the one in the earlier row.

    A unit is a task, length and seed. A score is infinite where the competitor failed, NaN where there is no record.
    Holm's procedure goes over all pairs of the table. ``decided`` replaces p-values (pair,) by those that an earlier
    look has settled, where it is not NaN. ValueError where a ratio is asked of scores that are not positive.
    """
    places = list(combinations(range(len(scores)), 2))
    seen = [_seen(scores[[i, j]], rng, asked, alpha=alpha, resamples=resamples) for i, j in places]
    p = np.array([one.gap.p for one in seen])
    p = p if decided is None else np.where(np.isnan(decided), p, decided)
    return [
        _pair(place, one, float(adjusted), asked, alpha)
        for place, one, adjusted in zip(places, seen, holm(p), strict=True)
    ]


def holm(p: Values) -> Values:
    """Holm's adjusted p-values of a family (m,); NaN counts as 1, as nothing is known of that pair.

    Holm 1979, Scandinavian Journal of Statistics 6.
    """
    known = np.nan_to_num(np.asarray(p, float), nan=1.0)
    order = np.argsort(known, kind="stable")
    adjusted: Values = np.empty_like(known)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((len(known) - np.arange(len(known))) * known[order]))
    return adjusted


def differences(first: Values, second: Values, scale: Scale = "ratio") -> Values:
    """Paired differences first - second (n,), of logarithms for a ratio, of the units on which both have a score.

    ValueError where a ratio is asked of scores that are not positive.
    """
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    if scale == "ratio":
        if (first <= 0).any() or (second <= 0).any():
            raise ValueError("a ratio needs scores above 0")
        first, second = np.log(first), np.log(second)
    found: Values = first - second
    return found


def scale_of(scores: Values, better: Better) -> Scale:
    """How scores are compared: by the difference where higher is better or where one is not above 0."""
    known = scores[np.isfinite(scores)]
    return "difference" if better == "higher" or (known <= 0).any() else "ratio"


def asked_of(metric: str, better: Better, scores: Values, *, within: float = WITHIN) -> Asked:
    """How scores (competitor, unit) of a metric are compared."""
    best = 1.0 if metric in BOUNDED else 0.0
    return Asked(scale=scale_of(scores, better), better=better, best=best, within=within)


def _seen(both: Values, rng: np.random.Generator, asked: Asked, *, alpha: float, resamples: int) -> _Seen:
    """What the scores (2, unit) of a pair show."""
    first, second = both[:, ~np.isnan(both).any(axis=0)]
    gaps = differences(first, second, asked.scale)
    here = np.isfinite(first) & np.isfinite(second)
    ahead, behind = (first < second, second < first) if asked.better == "lower" else (first > second, second > first)
    margin = log(1 + asked.within)
    if asked.scale == "difference":
        scores = np.concatenate([first[here], second[here]])
        margin = asked.within * float(np.abs(asked.best - scores).mean()) if len(scores) else 0.0
    return _Seen(
        gap=interval(gaps, rng, alpha, resamples),
        pairs=len(gaps),
        failures=len(first) - len(gaps),
        wins=int((here & ahead).sum() + (np.isfinite(first) & np.isinf(second)).sum()),
        losses=int((here & behind).sum() + (np.isinf(first) & np.isfinite(second)).sum()),
        deviation=float(gaps.std(ddof=1)) if len(gaps) > 1 else float("nan"),
        margin=margin,
    )


def _pair(place: tuple[int, int], seen: _Seen, adjusted: float, asked: Asked, alpha: float) -> Pair:
    first, second = place
    gap, units = seen.gap, seen.pairs + seen.failures
    ahead = (gap.value < 0) == (asked.better == "lower")
    most = 2 * (seen.wins if ahead else seen.losses) > units
    said = word(gap, adjusted, seen.margin, alpha, most=most)
    return Pair(
        first=first,
        second=second,
        effect=_ratio(gap) if asked.scale == "ratio" else gap,
        pairs=seen.pairs,
        failures=seen.failures,
        wins=share(seen.wins, units),
        losses=share(seen.losses, units),
        deviation=seen.deviation,
        margin=seen.margin,
        adjusted=adjusted,
        verdict=said,
        winner=None if said != BETTER else first if ahead else second,
    )


def _ratio(gap: Interval) -> Interval:
    with np.errstate(over="ignore"):  # an end that is as good as infinite
        value, low, high = (float(end) for end in np.exp(gap[:3]))
    return Interval(value, low, high, gap.p)


def beaten(pairs: Sequence[Pair], competitors: int) -> NDArray[np.bool_]:
    """Which competitor is better than which: (competitor, competitor), true where the row is better than the column."""
    found = np.zeros((competitors, competitors), bool)
    for pair in pairs:
        if pair.winner is not None:
            found[pair.winner, pair.second if pair.winner == pair.first else pair.first] = True
    return found
