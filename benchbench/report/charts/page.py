"""Collects the parts of a study's page other than blocks: rows, charts, styles, trials, pictures and libraries."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from benchbench.report.analysis.order import baselines, ordered
from benchbench.report.analysis.study import Numbers
from benchbench.report.charts.data import explored
from benchbench.report.charts.looks import dashes, looks
from benchbench.report.charts.places import places
from benchbench.report.charts.specs import specs
from benchbench.report.render.html import Extras

_SHORT = 12  # letters of a key


def extras(numbers: Numbers, frame: pd.DataFrame, figures: Path) -> Extras:
    """Make them from a study's numbers, the frame of its records, and the folder of its figures."""
    where, shown = places(numbers), numbers.selection.frame
    names = ordered(shown)
    data, known = explored(numbers, where), baselines(shown)
    more = {
        "looks": looks(names, known),
        "dashes": dashes(names, known),
        "specs": specs(),
        "start": _start(data, where.facts),
    }
    return Extras(
        data=data | more,
        trials=_finder(numbers, frame),
        picture=lambda name: (figures / name).read_bytes(),
        bundle=bundle(),
        facts=_facts(shown),
    )


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return text.replace("</script", "<\\/script")


def _start(data: dict[str, Any], facts: list[dict[str, Any]]) -> int:
    """The place to show first: the first condition and task with a score, at the longest length."""
    found: set[int] = {row["p"] for rows in data["cells"].values() for row in rows} or {0}
    first = facts[min(found)] if facts else {}
    alike = [i for i in found if all(facts[i][name] == first[name] for name in ("condition", "task"))]
    return max(alike, key=lambda i: int(facts[i]["length"]))


def _finder(numbers: Numbers, frame: pd.DataFrame) -> Callable[[tuple[str, str]], list[Any]]:
    """A function that returns the facts of a trial by its key and machine."""
    every = numbers.selection.every
    named = {
        (key, machine): (variant, condition)
        for key, machine, variant, condition in every[["key", "machine", "variant", "condition"]].itertuples(
            index=False, name=None
        )
    }
    columns = ["key", "machine", "seed", "architecture", "task", "length", "budget", "file", "status"]
    found = {row[:2]: row for row in frame[columns].itertuples(index=False, name=None)}

    def find(trial: tuple[str, str]) -> list[Any]:
        key, _, seed, architecture, task, length, budget, file, status = found[trial]
        variant, condition = named.get(trial, (task, budget))
        return [key[:_SHORT], int(seed), architecture, variant, int(length), condition, file, status]

    return find


def _facts(frame: pd.DataFrame) -> str:
    """How many trials, tasks, competitors, lengths, conditions and seeds are compared."""
    counted = {"variant": "task", "architecture": "competitor", "length": "length", "condition": "condition"}
    said = [_count(frame[column].nunique(), what) for column, what in counted.items()]
    return " · ".join([_count(len(frame), "trial"), *said, _count(frame["seed"].nunique(), "seed")])


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
