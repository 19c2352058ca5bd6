"""The places that the page's charts can show (condition, task and length), and the controls that choose one."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchbench.report.analysis.order import natural
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows
from benchbench.report.analysis.verdicts import PLACE
from benchbench.report.page.answer import conditions

_SPLIT = {"budget": "Budget", "device": "Device", "engine": "Engine", "machine": "Machine"}
_UNITS = {"parameters": "parameters", "width": "width (units)", "seconds": "seconds of the fit"}


@dataclass(frozen=True)
class Places:
    """All places: ``numbers`` numbers them, ``facts`` has a row for each, ``controls`` has what tells them apart."""

    numbers: dict[tuple[str, str, int], int]
    facts: list[dict[str, Any]]
    controls: list[dict[str, Any]]


def places(numbers: Numbers) -> Places:
    """The places of a study in the order of its report: by condition, then by task, then by length."""
    frame = numbers.selection.frame
    rank = {name: i for i, name in enumerate(conditions(numbers))}
    here = frame.drop_duplicates(PLACE)[PLACE].itertuples(index=False, name=None)
    found = sorted(here, key=lambda one: (rank.get(one[0], len(rank)), natural(one[1]), one[2]))
    split = {name: _values(frame, name) for name in _SPLIT}
    split = {name: by for name, by in split.items() if len(set(by.values())) > 1}
    rungs = {str(row["condition"]): row for row in rows(numbers.ladders.cells.drop_duplicates("condition"))}
    facts = []
    for condition, variant, length in found:
        named = {name: by[condition] for name, by in split.items()}
        fact = {"condition": condition, "task": variant, "length": int(length), **named}
        facts.append(fact | _rung(rungs.get(condition)))
    titles = {"task": "Task", "length": "Length", **{name: _SPLIT[name] for name in split}}
    controls: list[dict[str, Any]] = [
        {"name": name, "label": label, "values": list(dict.fromkeys(_in_order(name, facts)))}
        for name, label in titles.items()
    ]
    known = {(str(c), str(v), int(n)): i for i, (c, v, n) in enumerate(found)}
    return Places(known, facts, [one for one in controls if len(one["values"]) > 1])


def _in_order(name: str, facts: list[dict[str, Any]]) -> list[Any]:
    values = [fact[name] for fact in facts]
    return sorted(values) if name == "length" else values


def _values(frame: pd.DataFrame, column: str) -> dict[str, str]:
    """The value of each condition in a column; empty for all if one of them has several values."""
    by = frame.groupby("condition")[column].unique()
    return {str(name): str(found[0]) if (by.map(len) == 1).all() else "" for name, found in by.items()}


def _rung(row: dict[str, Any] | None) -> dict[str, Any]:
    """The ladder that a condition belongs to, the limit that grows along it, and the rung's value."""
    if row is None:
        return {}
    return {"ladder": row["ladder"], "limit": _UNITS.get(row["limit"], row["limit"]), "rung": float(row["rung"])}
