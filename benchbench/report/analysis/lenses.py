"""Compares the conclusions of a study under several budgets: which survive all of them, and which do not."""

from typing import Any

import pandas as pd

from benchbench.report.analysis.order import natural
from benchbench.report.analysis.verdicts import MARKED, SAME
from benchbench.report.rows import plain
from benchbench.statistics.verdicts import BETTER, OPEN, TIE

SURVIVES, FLIPS, TO_TIE, TO_OPEN, UNDECIDED = "survives", "flips", "becomes a tie", "becomes open", "undecided"
UNDER = "under "  # columns begin with it, a budget's name follows
_AMOUNTS = ("updates", "epochs", "seconds", "parameters", "width")
_PAIR = ["where", "variant", "length", "first", "second"]


def budgets(frame: pd.DataFrame) -> list[str]:
    """The names of the budgets in a frame that are compared.

    Of budgets that differ in only one amount (the rungs of a ladder), only the largest is compared.
    """
    limits: dict[str, dict[str, Any]] = dict(zip(frame["budget"], frame["budget_limits"], strict=True))
    shorter: set[str] = set()
    for amount in _AMOUNTS:
        rungs: dict[str, list[str]] = {}
        for name, found in limits.items():
            if amount in found:
                rungs.setdefault(plain({key: found[key] for key in found if key != amount}), []).append(name)
        for names in rungs.values():
            shorter |= set(sorted(names, key=lambda name: limits[name][amount])[:-1])
    return sorted(limits.keys() - shorter, key=natural)


def lenses(frame: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """One row for each task, length and pair of competitors that several budgets compare, from a frame and its pairs.

    Each budget has a column with its verdict: which one is better, a tie, or open; empty if it has no such pair. A
    conclusion *survives* if the same one is better under every budget, or if all say tie. It *flips* if each of the two
    is better under some budget. If one is ``better`` under some budgets but not under others, the conclusion *becomes a
    tie* or *becomes open*. Otherwise the pair is *undecided*. ``where`` has device, engine and machine if there are
    several.
    """
    names = budgets(frame)
    columns = [*_PAIR, "conclusion", "better", *(f"{UNDER}{name}" for name in names)]
    if len(names) < 2:
        return pd.DataFrame(columns=columns)
    budget = frame.drop_duplicates("condition").set_index("condition")["budget"]
    pairs = found[found["verdict"] != MARKED].replace({"verdict": SAME}, OPEN)
    pairs = pairs.assign(budget=pairs["condition"].map(budget))
    pairs["where"] = [
        condition.removeprefix(name).removeprefix(", ")
        for condition, name in zip(pairs["condition"], pairs["budget"], strict=True)
    ]
    pairs["said"] = pairs["verdict"].where(pairs["verdict"] != BETTER, pairs["better"] + " is better")
    rows = []
    for place, part in pairs[pairs["budget"].isin(names)].groupby(_PAIR, sort=False):
        if len(part) > 1:
            said = dict(zip(part["budget"], part["said"], strict=True))
            rows.append((*place, *concluded(part), *(said.get(name, "") for name in names)))
    return pd.DataFrame(rows, columns=columns)


def concluded(part: pd.DataFrame) -> tuple[str, str]:
    """The conclusion of several budgets on one pair, from their rows, and the better one; empty if it flips."""
    words, winners = set(part["verdict"]), set(part["better"]) - {""}
    if len(winners) > 1:
        return FLIPS, ""
    better = next(iter(winners), "")
    if words in ({BETTER}, {TIE}):
        return SURVIVES, better
    if not better:
        return UNDECIDED, ""
    return (TO_OPEN if OPEN in words else TO_TIE), better
