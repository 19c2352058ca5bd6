"""Scores against the budget: the rungs of each ladder, the best median on each, and whether the ranking has settled."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from benchbench.core.ladder import Ladder, ladders
from benchbench.core.spec import Budget
from benchbench.report.analysis.order import at_length, listed, natural, ordered, quoted
from benchbench.report.analysis.verdicts import marked_cells
from benchbench.statistics.pairs import BOUNDED, WITHIN
from benchbench.statistics.verdicts import TIE

_PLACE = ["ladder", "variant", "length"]
_LEADS = [*_PLACE, "first", "last", "take", "clear"]
_NAMED = 3  # pairs that change places
_CHANGES = [*_PLACE, "rung", "settled", "reason"]


@dataclass(frozen=True, kw_only=True)
class Ladders:
    """Numbers on the ladders of a study; all frames are empty if it has none.

    ``cells`` are the report's cells on the rungs, with ``ladder`` (its name, with the device or engine if there are
    several), ``limit`` (the amount that grows) and ``rung`` (its value). ``leads`` has a row for each run of successive
    rungs, from ``first`` to ``last``, on which one competitor has the best median; ``clear`` counts the rungs on which
    it is better than every other. ``settled`` says for each place whether the ranking has settled at the last ``rung``,
    and if not, why.
    """

    cells: pd.DataFrame
    leads: pd.DataFrame
    settled: pd.DataFrame


def climbed(frame: pd.DataFrame, cells: pd.DataFrame, verdicts: pd.DataFrame, pairs: pd.DataFrame) -> Ladders:
    """The ladders of the frame of a Selection, from its cells, verdicts and pairs."""
    rungs = _rungs(frame)
    found = cells.merge(rungs, on="condition")
    said = verdicts.merge(rungs, on="condition").sort_values([*_PLACE, "rung"])
    leads = [(*place, *row) for place, part in said.groupby(_PLACE) for row in _leads(part)]
    settled = [
        (*place, *_settled(part, pairs.merge(rungs, on="condition")))
        for place, part in found[~marked_cells(found)].groupby(_PLACE)
        if len(set(part["rung"])) > 1
    ]
    return Ladders(
        cells=found.sort_values([*_PLACE, "architecture", "rung"]).reset_index(drop=True),
        leads=pd.DataFrame(leads, columns=_LEADS),
        settled=pd.DataFrame(settled, columns=_CHANGES),
    )


def _rungs(frame: pd.DataFrame) -> pd.DataFrame:
    """The conditions that are rungs: the ladder of each, the limit that grows, and the rung's value."""
    known = frame.drop_duplicates("condition")
    limits = dict(zip(known["budget"], known["budget_limits"], strict=True))
    budgets = [Budget(name=name, **of) for name, of in limits.items()]
    by_name: dict[str, tuple[Ladder, Budget]] = {
        one.name: (whole, one) for whole in ladders(budgets) for one in whole.rungs
    }
    rows = []
    for condition, name in zip(known["condition"], known["budget"], strict=True):
        if name in by_name:
            whole, rung = by_name[name]
            rows.append((condition, f"{whole.name}{condition.removeprefix(name)}", whole.limit, whole.at(rung)))
    return pd.DataFrame(rows, columns=["condition", "ladder", "limit", "rung"])


def _leads(part: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The runs of successive rungs with the same best median, from verdicts in the order of their rungs."""
    stretch = (part["take"] != part["take"].shift()).cumsum()
    for _, rows in part.groupby(stretch):
        yield rows["rung"].iloc[0], rows["rung"].iloc[-1], rows["take"].iloc[0], int(rows["clear"].sum())


def _settled(part: pd.DataFrame, pairs: pd.DataFrame) -> tuple[float, bool, str]:
    """The last rung, whether the ranking has settled there, and if not, why; from the cells of one place."""
    before, last = sorted(part["rung"].unique())[-2:]
    scores = {rung: part[part["rung"] == rung].set_index("architecture")["score"].dropna() for rung in (before, last)}
    both = [name for name in ordered(part) if all(name in scores[rung].index for rung in scores)]
    better, metric = str(part["better"].iloc[0]), str(part["primary"].iloc[0])
    climbing = [name for name in both if _gain(scores[before][name], scores[last][name], better, metric) > WITHIN]
    here = pairs[(pairs[_PLACE] == part[_PLACE].iloc[0]).all(axis=1)]
    tied = {
        rung: {frozenset(one) for one in rows.loc[_near(rows), ["first", "second"]].to_numpy()}
        for rung, rows in here.groupby("rung")
    }
    swapped = [
        f"{quoted(a)} and {quoted(b)}"
        for a, b in combinations(both, 2)
        if (scores[before][a] < scores[before][b]) != (scores[last][a] < scores[last][b])
        and not all({a, b} in tied.get(rung, ()) for rung in scores)
    ]
    failed = set(part.loc[(part["rung"] == last) & part["score"].isna(), "architecture"])
    ended = [name for name in ordered(part) if name in failed & set(scores[before].index)]
    reasons = [f"{listed(ended)} {'has' if len(ended) == 1 else 'have'} no score on the last rung"] if ended else []
    if climbing:
        reasons.append(
            f"{listed(climbing)} still improve{'s' * (len(climbing) == 1)} by more than {100 * WITHIN:.0f} %"
        )
    if len(swapped) > _NAMED:
        reasons.append(f"{len(swapped)} pairs change places, among them {swapped[0]}")
    elif swapped:
        rest = f", as do {', and '.join(swapped[1:])}" if len(swapped) > 1 else ""
        reasons.append(f"{swapped[0]} change places{rest}")
    if not both:
        reasons = ["no competitor has a score on both of the last two rungs"]
    return float(last), not reasons, ", and ".join(reasons)


def _near(pairs: pd.DataFrame) -> "pd.Series[bool]":
    """The pairs that tie, or whose interval lies within 10 % although one is better."""
    within = (pairs["effect"] == "ratio") & (pairs["low"] >= 1 / (1 + WITHIN)) & (pairs["high"] <= 1 + WITHIN)
    return (pairs["verdict"] == TIE) | within


def _gain(before: float, last: float, better: str, metric: str) -> float:
    """The improvement of a median as a share of the present error, which for a metric bounded by 1 is 1 minus it."""
    if better == "higher":
        if metric not in BOUNDED:
            return (last - before) / abs(before) if before else 0.0
        before, last = 1 - before, 1 - last
    return before / last - 1 if last > 0 else float("inf") if before > last else 0.0


def sentences(settled: pd.DataFrame, limit: str) -> list[str]:
    """A sentence for each task that says whether its ranking has settled at the last rung, from one ladder's rows."""
    found = []
    for (variant, rung), part in sorted(settled.groupby(["variant", "rung"]), key=lambda item: natural(str(item[0]))):
        end = f"{rung:,g} {limit}"
        done, open_ = part[part["settled"]], part[~part["settled"]]
        if open_.empty:
            found.append(f"On {variant} the ranking has settled by {end}.")
            continue
        reasons = [f"{row.reason}{_at(part, row.length)}" for row in open_.itertuples()]
        rest = f"; {at_length(done['length'])} it has settled" if len(done) else ""
        found.append(f"On {variant} the ranking has not settled at {end}: {'; '.join(reasons)}{rest}.")
    return found


def _at(part: pd.DataFrame, length: Any) -> str:
    return f" (length {length})" if len(part) > 1 else ""
