"""Decides by statistics over seeds which competitor is better, which has the best median, and the rank groups."""

from collections.abc import Iterator
from dataclasses import replace
from math import log
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchbench.core.record import Status
from benchbench.report.analysis.comparable import effect_of
from benchbench.report.analysis.order import baselines, listed, networks, ordered, quoted, several
from benchbench.statistics.intervals import ALPHA, FEWEST_TASKS, TOO_FEW_TASKS, Values, over_tasks
from benchbench.statistics.pairs import WITHIN, Better, Comparison, Pair, beaten, compare_pairs, comparison_of, holm
from benchbench.statistics.seeds import LOOKS, resolve, seeds_needed
from benchbench.statistics.verdicts import BETTER, OPEN, TIE, ranks, verdict_of

PLACE = ["condition", "variant", "length"]
ALONE, ONLY, NONE = "nothing to compare with", "the only one", "none finished on most seeds"
BEST = "better than every other"
VALID_TIME = "valid_time"
WORSE, MARKED, SAME = "worse", "marked", "same on every seed: no interval"
WORDS = (BETTER, TIE, OPEN, SAME, MARKED, WORSE)
Margin = dict[str, list[str]]
"""The competitors by their verdict."""
_PAIR = [
    *PLACE, "first", "second", "verdict", "better", "effect", "value", "low", "high", "p", "p_holm", "pairs",
    "failures", "wins", "wins_low", "wins_high", "losses", "losses_low", "losses_high", "deviation", "seeds_needed",
    "marked", "level",
]  # fmt: skip
_ACROSS = ["condition", "first", "second", "tasks", "value", "low", "high", "p_holm", "verdict", "better"]
_ENDS = ("", "_low", "_high")


def judged(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The pairs of competitors that did not decline, and the rank groups.

    The first frame has a row for each condition, task, length and pair. ``effect`` says whether ``value``, ``low`` and
    ``high`` are the ratio first / second of geometric means of the primary metric, or the difference first - second.
    ``p`` belongs to this pair alone, ``p_holm`` is adjusted over all pairs of the place. ``verdict`` is better
    (``better`` names which one), tie or open. It is *marked* if marks keep one of the two out of the ranking on every
    seed, and *same on every seed* if all differences are equal, as for two deterministic competitors on data that do
    not vary. ``pairs`` counts the seeds on which both ended ok, ``failures`` those on which one did not, ``marked``
    those of them on which one had a mark. ``wins`` is the share of all seeds on which the first beat the second,
    ``losses`` the reverse. ``level`` is the level of the intervals. ``seeds_needed``, for an open pair, is the number
    of seeds that would find a difference of 10 %. If ``--resolve`` added seeds, pairs are judged as it does: at its
    effect instead of 10 %, with looks at 5, 10, 20 and 30 seeds that use a quarter of alpha each.

    The second frame has a row for each cell with a score: its ``rank_group`` is one more than the number of
    competitors that are better.
    """
    rows, groups = [], []
    looked, within = bool(frame["added"].any()), effect_of(frame)
    for place, part in frame.groupby(PLACE):
        names, scores, comparison = _table(part, within)
        many = looked and scores.shape[-1] >= LOOKS[0]
        rng = np.random.default_rng(0)
        found = resolve(scores, rng, comparison).pairs if many else compare_pairs(scores, rng, comparison)
        level, marked = 1 - ALPHA / (len(LOOKS) if many else 1), _marked(part)
        rows += [(*place, *_facts(one, names, comparison, len(found), marked), level) for one in found]
        ended = [bool(np.isfinite(row).any()) for row in scores]
        ranked = zip(names, ranks(beaten(found, len(names))), ended, strict=True)
        groups += [(*place, name, int(rank)) for name, rank, ok in ranked if ok]
    return pd.DataFrame(rows, columns=_PAIR), pd.DataFrame(groups, columns=[*PLACE, "architecture", "rank_group"])


def _table(part: pd.DataFrame, within: float) -> tuple[list[str], Values, Comparison]:
    """The names and scores (competitor, seed) of one place, and how to compare them."""
    able = part[part["status"] != Status.UNSUPPORTED]
    names = ordered(able)
    table = able.pivot_table(index="seed", columns="architecture", values="rank_score", aggfunc="min")
    better: Better = "higher" if (part["better"] == "higher").any() else "lower"
    scores = (1 if better == "lower" else -1) * table.reindex(columns=names).to_numpy(float).T
    comparison = comparison_of(str(part["primary"].iloc[0]), better, scores, within=within)
    if set(part["primary"]) == {VALID_TIME} and (scores[np.isfinite(scores)] > 0).all():
        comparison = replace(comparison, scale="ratio")
    return names, scores, comparison


class _Marked(NamedTuple):
    """The seeds at which marks keep each competitor out of the ranking, and those that have no other seed."""

    at: dict[str, set[int]]
    whole: frozenset[str]

    def seeds(self, *names: str) -> int:
        """On how many seeds at least one of these competitors is marked."""
        return len(set().union(*(self.at.get(name, set()) for name in names)))


def _marked(part: pd.DataFrame) -> _Marked:
    hit = part[part["ok"] & part["unranked"]]
    at = {str(name): set(rows["seed"]) for name, rows in hit.groupby("architecture")}
    ranked = set(part.loc[part["rank_score"] < np.inf, "architecture"])
    return _Marked(at, frozenset(at.keys() - ranked))


def _word(pair: Pair, first: str, second: str, marked: _Marked) -> str:
    if marked.whole & {first, second}:
        return MARKED
    alike = pair.verdict == OPEN and pair.pairs > 1 and not pair.failures
    return SAME if alike and np.isnan(pair.effect.low) and np.isfinite(pair.effect.value) else pair.verdict


def _facts(pair: Pair, names: list[str], comparison: Comparison, family: int, marked: _Marked) -> tuple[Any, ...]:
    first, second = names[pair.first], names[pair.second]
    effect, needed, said = pair.effect, float("nan"), _word(pair, first, second, marked)
    if said == OPEN and pair.deviation > 0 and pair.margin > 0:
        needed = seeds_needed(pair.deviation, pair.margin, pilot=pair.pairs, alpha=ALPHA / family)
    better = "" if pair.winner is None else names[pair.winner]
    return (
        *(first, second, said, better, comparison.scale, *effect, pair.adjusted),
        *(pair.pairs, pair.failures, *pair.wins, *pair.losses, pair.deviation, needed),
        marked.seeds(first, second),
    )


def marked_cells(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each cell has a score but is kept out of the ranking by marks on every seed."""
    return cells["score"].notna() & cells["rank_group"].isna()


def verdicts(frame: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """One row for each condition, task and length, from the frame of a Selection and its pairs.

    ``take`` is the competitor with the lowest median ``rank_score``. It is ``clear`` if it is better than every other
    that ended ok on some seed; otherwise ``verdict`` names those that it is not better than. ``pairs`` is the smallest
    number of seeds that a comparison rests on, ``failures`` the largest number of seeds on which it or the other
    failed. Competitors that declined the problem are left out.
    """
    by_place = dict(list(found.groupby(PLACE)))
    rows = []
    for place, part in frame.groupby(PLACE):
        able = part[part["status"] != Status.UNSUPPORTED]
        rows.append((*place, *_verdict(able, by_place.get(place, found[:0]), alone=not several(part, "architecture"))))
    return pd.DataFrame(rows, columns=[*PLACE, "take", "clear", "verdict", "pairs", "failures"])


def _verdict(able: pd.DataFrame, found: pd.DataFrame, *, alone: bool) -> tuple[str, bool, str, int, int]:
    scores = able.pivot_table(index="seed", columns="architecture", values="rank_score", aggfunc="min")
    medians = scores.reindex(columns=ordered(able)).median()
    if not (medians < np.inf).any():
        return "", False, NONE, 0, 0
    take = str(medians.idxmin())
    ended = set(able.loc[able["rank_score"] < np.inf, "architecture"])
    mine = against(found, take)
    mine = mine[mine["other"].isin(ended)]
    if mine.empty:
        return take, False, ALONE if alone else ONLY, 0, 0
    clauses = {
        TIE: "tie with {}",
        OPEN: "open against {}",
        SAME: "no interval against {}, since every seed gives the same difference",
        WORSE: "worse than {}",
    }
    others = {said: [str(name) for name in mine.loc[mine["word"] == said, "other"]] for said in clauses}
    doubt = "; ".join(clauses[said].format(listed(names)) for said, names in others.items() if names)
    return take, not doubt, doubt or BEST, int(mine["pairs"].min()), int(mine["failures"].max())


def across_tasks(found: pd.DataFrame) -> pd.DataFrame:
    """One row for each condition and pair of competitors, from the pairs: the ratio first / second over all tasks.

    Each task counts once, with the mean logarithm of its ratios over the lengths; tasks that are compared by a
    difference are left out. With fewer than ten tasks, ``low`` and ``high`` are NaN and the ``verdict`` says so. Empty
    if there is only one task.
    """
    found = found.astype({"value": float})
    ratios = found[(found["effect"] == "ratio") & found["value"].gt(0) & np.isfinite(found["value"])]
    rows = []
    for condition, part in ratios.assign(log=np.log(ratios["value"])).groupby("condition"):
        pairs = [(names, _by_task(mine)) for names, mine in part.groupby(["first", "second"], sort=False)]
        means = [over_tasks(tasks, np.random.default_rng(0)) for _, tasks in pairs]
        adjusted = holm(np.array([one.p for one in means]))
        for (names, tasks), one, p in zip(pairs, means, adjusted, strict=True):
            few = len(tasks) < FEWEST_TASKS
            said = TOO_FEW_TASKS if few else verdict_of(one, p, log(1 + WITHIN), ALPHA)
            better = names[int(one.value > 0)] if said == BETTER else ""
            rows.append((condition, *names, len(tasks), *np.exp(one[:3]), np.nan if few else p, said, better))
    table = pd.DataFrame(rows, columns=_ACROSS)
    return table if (table["tasks"] > 1).any() else table[:0]


def _by_task(part: pd.DataFrame) -> list[Values]:
    return [mine["log"].to_numpy(float) for _, mine in part.groupby("variant")]


def against(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """The pairs of one competitor, turned so that it is the first.

    ``other`` is the second; ``word`` is the verdict on the first: better, tie, open or worse.
    """
    first, second = found[found["first"] == name], found[found["second"] == name]
    ends = {"low": second["high"], "high": second["low"]}
    ratio = second["effect"] == "ratio"
    turned = {
        "value": (1 / second["value"]).where(ratio, -second["value"]),
        **{end: (1 / of).where(ratio, -of) for end, of in ends.items()},
        **{f"{a}{end}": second[f"{b}{end}"] for a, b in (("wins", "losses"), ("losses", "wins")) for end in _ENDS},
    }
    both = pd.concat([first.assign(other=first["second"]), second.assign(**turned, other=second["first"])])
    said = both["verdict"].where((both["verdict"] != BETTER) | (both["better"] == name), WORSE)
    return both.assign(word=said, first=name, second=both["other"]).sort_index()


def against_baselines(frame: pd.DataFrame, found: pd.DataFrame) -> dict[tuple[str, str], list[tuple[str, Margin]]]:
    """For each condition and task, the baselines that ended ok, and the networks by their verdict against each.

    A network with different verdicts at different lengths is listed at each of them, with its lengths in brackets.
    """
    margins = {}
    for (condition, variant), part in frame.groupby(["condition", "variant"]):
        here = found[(found["condition"] == condition) & (found["variant"] == variant)]
        if said := list(_margins(part[part["status"] != Status.UNSUPPORTED], here)):
            margins[str(condition), str(variant)] = said
    return margins


def _margins(part: pd.DataFrame, found: pd.DataFrame) -> Iterator[tuple[str, Margin]]:
    nets, known = networks(part), baselines(part)
    for baseline in [name for name in ordered(part) if nets and name in known]:
        if not (part.loc[part["architecture"] == baseline, "rank_score"] < np.inf).any():
            continue
        mine = found[(found["second"] == baseline) & found["first"].isin(nets)]  # baselines stand last
        words = mine["verdict"].where((mine["verdict"] != BETTER) | (mine["better"] != baseline), WORSE)
        yield baseline, {said: _where(mine.assign(hit=words == said), nets) for said in WORDS}


def _where(found: pd.DataFrame, nets: list[str]) -> list[str]:
    """The networks whose rows are hit, with their lengths unless these are all."""
    named = []
    for name in nets:
        mine = found[found["first"] == name]
        lengths = sorted(mine.loc[mine["hit"], "length"])
        if lengths:
            some = f" ({', '.join(map(str, lengths))})" if len(lengths) < len(mine) else ""
            named.append(f"{quoted(name)}{some}")
    return named
