"""The scope of a figure: a condition, a task in it, its free runs, a ladder, or a comparison of devices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchbench.report.analysis.order import ordered, parts
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.verdicts import marked_cells
from benchbench.report.figures.style import Look, Looks, panels

_HIGHER = " (higher is better)"

Scope = Literal["condition", "task", "free_run", "comparison", "ladder"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a figure is drawn for, and the rows that it shows.

    ``rows`` are trials (those of the closed loop for ``free_run``), or the cells of a comparison of devices or of a
    ladder. ``cells`` are those of the condition, and of the task if there is one. Trials that marks keep out of the
    ranking are in neither; ``marked`` names their competitors.
    """

    numbers: Numbers
    looks: Looks
    condition: str
    variant: str = ""
    rows: pd.DataFrame
    cells: pd.DataFrame
    marked: tuple[str, ...] = ()


def places(numbers: Numbers, scope: Scope, looks: Looks) -> Iterator[Place]:
    """All places of a scope in natural order."""
    columns = {
        "comparison": ("comparison", numbers.devices.cells),
        "free_run": ("condition", numbers.closed_loop.trials),
        "ladder": ("ladder", numbers.ladders.cells),
    }
    column, table = columns.get(scope, ("condition", numbers.selection.frame))
    for condition, rows in parts(table, column) if len(table) else ():
        for variant, part in [("", rows)] if scope in {"condition", "ladder"} else parts(rows, "variant"):
            found = numbers.cells
            here = (found["condition"] == condition) & ((found["variant"] == variant) | (variant == ""))
            shown, marked = _unmarked(part)
            if len(shown):
                yield Place(
                    numbers=numbers, looks=looks, condition=condition, variant=variant,
                    rows=shown, cells=found[here & ~marked_cells(found)], marked=marked,
                )  # fmt: skip


def _unmarked(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Trials or cells without those that marks keep out of the ranking, and the competitors of the latter."""
    if "unranked" in rows:
        out = rows["unranked"] & rows["ok"]
    elif "rank_group" in rows:
        out = marked_cells(rows)
    else:
        return rows, ()
    return rows[~out], tuple(ordered(rows[out]))


def lines(part: pd.DataFrame, looks: Looks) -> list[tuple[str, Look, pd.DataFrame]]:
    """The name, style and rows, sorted by length, of each competitor."""
    by_name = dict(parts(part.sort_values("length", kind="stable"), "architecture"))
    return [(name, looks[name], by_name[name]) for name in ordered(part)]


def grid(
    part: pd.DataFrame, looks: Looks, extra: Looks | None = None, *, directed: bool = False
) -> tuple[Figure, list[tuple[Axes, pd.DataFrame]]]:
    """A figure with a panel for each task, and the rows of each; ``directed``: titles say if higher is better."""
    legend = {name: looks[name] for name in ordered(part)} | (extra or {})
    by_task = parts(part, "variant")
    better = dict(zip(part["variant"], part["better"], strict=True)) if directed else {}
    figure, axes = panels([f"{name}{_HIGHER * (better.get(name) == 'higher')}" for name, _ in by_task], legend)
    return figure, [(axis, rows) for axis, (_, rows) in zip(axes, by_task, strict=True)]
