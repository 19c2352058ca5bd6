"""Numbers of the report: medians and spread over seeds, and who beats whom."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from tabulate import tabulate

from benchbench.core.record import Record, Status
from benchbench.report.select import CELL, FLOORS, order, parts

_GRID: dict[str, Any] = {"index": "architecture", "columns": "length", "aggfunc": "first", "dropna": False}
_TIMES = ("fit_seconds", "predict_us")
DAGGER = "†"  # a time that was disturbed
PLACE = ["condition", "variant", "length"]
COSTS = {
    "fit_seconds": "fit s",
    "predict_us": "predict µs a window",
    "peak_mib": "peak MiB",
    "device_peak_mib": "device peak MiB",
    "device_reserved_mib": "device reserved MiB",
    "device_used_mib": "device in use MiB",
    "trained_parameters": "trained",
    "fixed_parameters": "fixed",
    "updates": "updates",
}


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per condition, task, architecture and length, of the frame of a Selection.

    Medians over the seeds that ended ok; ``_min`` and ``_max`` are the spread over them. ``ok`` counts them, ``seeds``
    counts all, ``disturbed`` those whose times are not to be trusted, ``failed`` says in words how the others ended.
    """
    every, scored = frame.groupby(CELL), frame[frame["ok"]].groupby(CELL)
    names = {"test_mse": "mse", "test_nrmse": "nrmse", "test_r2": "r2"}
    table = pd.DataFrame({"seeds": every["seed"].nunique()})
    table["ok"] = scored.size().reindex(table.index, fill_value=0)
    for column, name in names.items():
        for suffix, how in (("", "median"), ("_min", "min"), ("_max", "max")):
            table[name + suffix] = scored[column].agg(how)
    table["floor_mse"] = scored["floor_mse"].median()
    for column in ("width", *COSTS, "first_update_seconds"):
        table[column] = scored[column].median()
    table["disturbed"] = scored["disturbed"].sum().reindex(table.index, fill_value=0)
    table["failed"] = every["status"].agg(failed)
    return table.reset_index()


def verdicts(frame: pd.DataFrame, score: str = "rank_mse") -> pd.DataFrame:
    """Per condition, task and length: ``take`` (lowest median ``score``), whether it is ``clear``, and the ``verdict``.

    Clear means: at least two seeds, the same for all, and a lower score than every other on every one of them. A seed
    without a score, whose score is infinite, counts as worse than any; who declined the problem altogether does not
    take part.
    """
    rows = []
    for place, part in frame.groupby(PLACE):
        able = part[part["status"] != Status.UNSUPPORTED]
        scores = able.pivot_table(index="seed", columns="architecture", values=score, aggfunc="min")
        rows.append((*place, *_verdict(scores[order(able["architecture"])])))
    return pd.DataFrame(rows, columns=[*PLACE, "take", "clear", "verdict"])


def _verdict(scores: pd.DataFrame) -> tuple[str, bool, str]:
    medians = scores.median()
    if not (medians < np.inf).any():
        return "", False, "none finished on most seeds"
    take = str(medians.idxmin())
    others = scores.drop(columns=take)
    level = [str(name) for name in others if not (scores[take] < others[name]).all()]
    doubt = _doubt(scores, take) or (f"tie with {listed(level)}" if level else "")
    return take, not doubt, doubt or f"best on all {len(scores)} seeds"


def _doubt(scores: pd.DataFrame, take: str) -> str:
    """Why the scores (seed x architecture) cannot tell; empty where they can."""
    if len(scores.columns) == 1:
        return "the only one"
    lacking = [str(name) for name in scores if scores[name].isna().any()]
    if lacking:
        return f"open: seeds missing for {listed(lacking)}"
    if len(scores) == 1:
        return "open: one seed"
    failed = int(np.isinf(scores[take]).sum())
    return f"open: no score on {failed} of {len(scores)} seeds" if failed else ""


def groups(frame: pd.DataFrame, records: list[Record]) -> pd.DataFrame:
    """Median test MSE and R2 over the seeds that ended ok, by cell and named part of the test split."""
    rows = [
        (*cell, name, scores.get("mse"), scores.get("r2"))
        for index, *cell in frame.loc[frame["ok"], CELL].itertuples()
        for name, scores in records[index].groups.items()
        if len(records[index].groups) > 1
    ]
    table = pd.DataFrame(rows, columns=[*CELL, "group", "mse", "r2"]).astype({"mse": float, "r2": float})
    return table.groupby([*CELL, "group"], as_index=False, sort=True).median()


def error_table(part: pd.DataFrame, winners: dict[int, str]) -> str:
    """Markdown: architecture x length, test MSE and R2, from the cells of one task; ``winners`` by length are bold."""
    lengths = sorted(part["length"].unique())
    at = {(row.architecture, row.length): row for row in part.itertuples()}
    rows = []
    for name in order(part["architecture"]):
        found = [(at.get((name, n)), winners.get(n) == name) for n in lengths]
        rows.append([label(name), *(_mse(row, bold) for row, bold in found), *(_r2(row) for row, _ in found)])
    floor = part.groupby("length")["floor_mse"].median()
    if floor.notna().any():
        rows.append(["*lowest possible*", *(number(floor[n]) for n in lengths), *("" for _ in lengths)])
    return markdown(
        ["architecture", *(f"MSE, length {n}" for n in lengths), *(f"R², length {n}" for n in lengths)], rows
    )


def cost_table(part: pd.DataFrame) -> str:
    """Markdown: what each architecture costs, its lengths side by side, from the cells of one task."""
    columns = [column for column in COSTS if not column.startswith("device_") or part[column].notna().any()]
    disturbed = part.pivot_table(**_GRID, values="disturbed").fillna(0) > 0
    grids = [_written(part.pivot_table(**_GRID, values=c), disturbed if c in _TIMES else None) for c in columns]
    return _by_length(grids, [COSTS[column] for column in columns])


def group_table(part: pd.DataFrame) -> str:
    """Markdown: median test MSE, architecture x group, lengths side by side."""
    named = parts(part, "group")
    return _by_length(
        [_written(group.pivot_table(**_GRID, values="mse")) for _, group in named], [words(name) for name, _ in named]
    )


def _written(grid: pd.DataFrame, disturbed: pd.DataFrame | None = None) -> pd.DataFrame:
    texts = grid.map(number)
    return texts if disturbed is None else texts + disturbed.map({True: DAGGER, False: ""}.get)


def _by_length(grids: list[pd.DataFrame], headers: list[str]) -> str:
    names = order(name for grid in grids for name in grid.index)
    lengths = sorted({length for grid in grids for length in grid.columns})
    columns = [_side_by_side(grid.reindex(index=names, columns=lengths).fillna("–")) for grid in grids]
    return markdown(
        ["architecture", *headers], [[label(name), *row] for name, *row in zip(names, *columns, strict=True)]
    )


def markdown(headers: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A table of texts, the first ``left`` columns to the left and the others to the right."""
    align = ["left" if i < left else "right" for i in range(len(headers))] if rows else None
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True, colalign=align)


def label(name: str) -> str:
    """An architecture as the tables name it: floors are marked."""
    return f"*{name}* (floor)" if name in FLOORS else words(name)


def number(value: float) -> str:
    """Three significant digits; a dash where there is nothing."""
    if np.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:#.3g}".rstrip(".")


def decimals(value: float) -> str:
    """Three decimals, for R²; a dash where there is nothing."""
    return f"{value:.3f}" if abs(value) < 100 else number(value)


def listed(names: list[str], most: int = 4) -> str:
    """Names in a row, the last ones counted where they are many."""
    rest = len(names) - most
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:most])} and {rest} more"


def words(text: object, most: int = 300) -> str:
    """Foreign text for a Markdown table: one line, at most ``most`` characters, nothing in it acts as markup."""
    line = " ".join(str(text).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return re.sub(r"([\\`*\[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", escape(line, quote=False))


def failed(statuses: "pd.Series[str]") -> str:
    """How those ended that did not end ok, in words: each status with its count."""
    counts = statuses[statuses != Status.OK].value_counts().sort_index()
    return ", ".join(f"{status} {count}/{len(statuses)}" for status, count in counts.items())


def _mse(row: Any, bold: bool) -> str:
    if row is None:
        return "–"
    text = _spread(row, "mse", number)
    if bold:
        median, _, rest = text.partition(" ")
        text = f"**{median}** {rest}".strip()
    return ", ".join(part for part in (text, words(row.failed)) if part) or "–"


def _r2(row: Any) -> str:
    return (_spread(row, "r2", decimals) if row is not None else "") or "–"


def _spread(row: Any, name: str, form: Callable[[float], str]) -> str:
    middle, low, high = (float(getattr(row, name + suffix)) for suffix in ("", "_min", "_max"))
    if np.isnan(middle):
        return ""
    written, first, last = (form(value) for value in (middle, low, high))
    return written if first == last else f"{written} ({first}..{last})"


def _side_by_side(grid: pd.DataFrame) -> list[str]:
    rows = [[str(text) for text in row] for row in grid.to_numpy()]
    return [row[0] if len(set(row)) == 1 else " / ".join(row) for row in rows]
