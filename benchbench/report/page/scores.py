"""The tables of one task: scores, costs, and parts of the test split."""

from collections.abc import Callable
from math import isnan
from typing import Any

import pandas as pd

from benchbench.report.analysis.cells import COSTS
from benchbench.report.analysis.order import baselines, ordered, parts, several
from benchbench.report.analysis.trials import rows as as_rows
from benchbench.report.page.blocks import Line, Source, Table, emphasis, line, sourced, strong, table
from benchbench.report.page.texts import DAGGER, decimals, label, metric, metric_form, number, spread

_SECOND = ("r2", "log_loss", "accuracy")  # the first of these that a task has is shown next to the primary metric
_HEADERS = {
    "fit_seconds": "fit s",
    "floor_times": "times the floor",
    "predict_us": "predict µs a window",
    "peak_mib": "peak MiB",
    "device_peak_mib": "device peak MiB",
    "device_reserved_mib": "device reserved MiB",
    "device_used_mib": "device in use MiB",
    "trained_parameters": "trained",
    "fixed_parameters": "fixed",
    "updates": "updates",
}
_GAP = "gap_closed"
_COLUMNS = (COSTS[0], "floor_times", *COSTS[1:])
_MARKED = ("fit_seconds", "floor_times", "predict_us")  # times that may be disturbed
Form = Callable[[float], str]


def shown(part: pd.DataFrame, primary: str) -> list[tuple[str, Form]]:
    """The metrics in a task's tables and their forms: the primary one and a second one."""
    better = next((str(value) for value in part["better"] if isinstance(value, str)), "lower")
    second = [name for name in _SECOND if name != primary and name in part and part[name].notna().any()]
    return [
        (primary, metric_form(better)),
        *((name, number if name == "log_loss" else decimals) for name in second[:1]),
    ]


def score_table(part: pd.DataFrame, winners: dict[int, str]) -> Table:
    """The scores of each architecture at each length, and the rank groups, from the cells of one task.

    ``winners`` by length are bold.
    """
    lengths = sorted(part["length"].unique())
    at = {(row["architecture"], row["length"]): row for row in as_rows(part)}
    primary, *further = shown(part, str(part["primary"].iloc[0]))
    further += [(_GAP, decimals)] if part[_GAP].notna().any() else []
    rows: list[list[str | Line]] = []
    ranked = several(part, "architecture")
    for name in ordered(part):
        found = [(at.get((name, n)), winners.get(n) == name) for n in lengths]
        first = [_primary(row, primary[1], bold=bold) for row, bold in found]
        every = [trial for row, _ in found if row for trial in row["trials"]]
        groups = sourced([_joined([_rank(row) for row, _ in found])], tuple(every)) if ranked else []
        more = [cell for one in further for row, _ in found for cell in sourced([_further(row, *one)], _trials(row))]
        rows.append([_label(name, part), *first, *more, *groups])
    floor = part.groupby("length")["floor"].median()
    if floor.notna().any():
        empty = [""] * (len(lengths) * len(further) + ranked)
        rows.append([line(emphasis("best possible"), " (floor)"), *(primary[1](floor[n]) for n in lengths), *empty])
    titles = [f"{metric(name)}, length {n}" for name, _ in (primary, *further) for n in lengths]
    return table(["architecture", *titles, *(["rank group"] if ranked else [])], rows)


def _rank(row: dict[str, Any] | None) -> str:
    return "–" if row is None else number(row["rank_group"])


def _primary(row: dict[str, Any] | None, form: Form, *, bold: bool) -> Line:
    if row is None:
        return line("–")
    middle, rest = spread(row["score"], row["score_min"], row["score_max"], form)
    found = line(Source(row["trials"])) if row["trials"] else ()
    first = line(strong(middle) if bold else middle, f" {rest}" if rest else "")
    out = "marked" if middle and isnan(row["rank_group"]) else ""
    rest = ", ".join(piece for piece in (out, row["failed"]) if piece)
    return line(line(first, ", " if middle and rest else "", rest) or "–", found)


def _trials(row: dict[str, Any] | None) -> object:
    return row and row["trials"]


def _further(row: dict[str, Any] | None, name: str, form: Form) -> str:
    if row is None:
        return "–"
    return " ".join(spread(row[name], row[f"{name}_min"], row[f"{name}_max"], form)).strip() or "–"


def cost_table(part: pd.DataFrame) -> Table:
    """The costs of each architecture, with its lengths side by side, from the cells of one task."""
    columns = [name for name in _COLUMNS if not name.startswith(("device_", "floor_")) or part[name].notna().any()]
    disturbed = part["disturbed"] > 0
    texts = {name: part[name].map(number) for name in columns}
    texts |= {name: texts[name] + disturbed.map({True: DAGGER, False: ""}) for name in _MARKED if name in texts}
    if "updates" in texts:
        texts["updates"] = texts["updates"] + part["solves"].map({True: ", solved", False: ""})
    headers = [_HEADERS[name] for name in columns]
    if part["kernel"].any():
        texts, headers = {**texts, "kernel": part["kernel"]}, [*headers, "kernel"]
    return _by_length(part, [part.assign(text=column) for column in texts.values()], headers)


def group_table(part: pd.DataFrame, name: str, form: Form) -> Table:
    """The median of a metric for each architecture and part of the test split, with lengths side by side."""
    named = parts(part, "group")
    return _by_length(
        part, [rows.assign(text=rows[name].map(form)) for _, rows in named], [group for group, _ in named]
    )


def _by_length(part: pd.DataFrame, columns: list[pd.DataFrame], headers: list[str]) -> Table:
    lengths = sorted(set(part["length"]))
    at = [{(r["architecture"], r["length"]): str(r["text"]) for r in as_rows(one)} for one in columns]
    rows: list[list[str | Line]] = []
    for name in ordered(part):
        texts = [_joined([cells.get((name, n), "–") for n in lengths]) for cells in at]
        mine = part.loc[part["architecture"] == name, "trials"]
        rows.append([_label(name, part), *sourced(texts, tuple(trial for found in mine for trial in found))])
    return table(["architecture", *headers], rows)


def _joined(texts: list[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else " / ".join(texts)


def _label(name: str, part: pd.DataFrame) -> Line:
    return label(name, baseline=name in baselines(part))
