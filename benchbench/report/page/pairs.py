"""The table of the best median against every other competitor: effect, interval, seeds won, seeds needed."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.verdicts import MARKED, across_tasks, against
from benchbench.report.page.blocks import Block, Line, Table, Text, line, sourced, strong, table
from benchbench.report.page.sources import with_trials
from benchbench.report.page.texts import decimals, levels, number
from benchbench.statistics.intervals import FEWEST_TASKS, TOO_FEW_TASKS
from benchbench.statistics.verdicts import BETTER


def pair_table(found: pd.DataFrame, said: pd.DataFrame, cells: pd.DataFrame, effect: float) -> Table | None:
    """One row for each length and other competitor, from pairs, verdicts and cells of one task; None if there is none.

    ``effect`` is the relative difference at which pairs are decided, 0.1 for 10 %.
    """
    rows: list[list[str | Line]] = []
    at = {(row["length"], row["architecture"]): row["trials"] for row in rows_of(cells)}
    for place in rows_of(said.sort_values("length")):
        mine = against(found[found["length"] == place["length"]], place["take"])
        for row in rows_of(mine):
            trials = at[place["length"], place["take"]] + at[place["length"], row["other"]]
            rows.append([str(place["length"]), place["take"], row["other"], *sourced(_compared(row), trials)])
    level = levels(found["level"])
    titles = ["length", "best median", "against", f"effect ({level})", "won % (95 %)", "pairs", "failed", "p (Holm)"]
    return table([*titles, "verdict", f"seeds needed for {100 * effect:g} %"], rows, left=3) if rows else None


def _compared(row: dict[str, Any]) -> list[str | Line]:
    form, sign = (number, "× ") if row["effect"] == "ratio" else (decimals, "difference ")
    effect = "–" if isnan(row["value"]) else f"{sign}{form(row['value'])}"
    effect += "" if isnan(row["low"]) else f" ({form(row['low'])}..{form(row['high'])})"
    won, low, high = (number(round(100 * row[f"wins{end}"])) for end in ("", "_low", "_high"))
    out = row["word"] == MARKED  # a seed with a mark counts as lost, but it did not fail
    word = line(strong(BETTER)) if row["word"] == BETTER else row["word"]
    needed = "" if isnan(row["seeds_needed"]) else number(row["seeds_needed"])
    return [
        effect,
        "–" if out else f"{won} ({low}..{high})",
        str(row["pairs"]),
        str(max(0, row["failures"] - row["marked"]) or ""),
        number(row["p_holm"]),
        word,
        needed,
    ]


def over_tasks(found: pd.DataFrame, condition: str, frame: pd.DataFrame) -> Iterator[Block]:
    """The comparison over all tasks together, from the pairs and the trials; nothing if there is one task."""
    table_of = across_tasks(found)
    mine = table_of[table_of["condition"] == condition]
    if mine.empty:
        return
    if set(mine["verdict"]) == {TOO_FEW_TASKS}:
        why = f"since there are {TOO_FEW_TASKS} ({mine['tasks'].max()}; at least {FEWEST_TASKS} are needed)"
        yield Text(line(f"Over all tasks together, no competitor is called better, {why}."))
        return
    rows: list[list[str | Line]] = []
    for row in rows_of(mine):
        effect = f"× {number(row['value'])}"
        effect += "" if isnan(row["low"]) else f" ({number(row['low'])}..{number(row['high'])})"
        word = line(strong(f"{row['better']} is better")) if row["better"] else row["verdict"]
        rows.append([row["first"], row["second"], effect, str(row["tasks"]), number(row["p_holm"]), word])
    yield Text(line("Over all tasks together, where each task counts once:"))
    whole = table(["first", "second", "effect (95 %)", "tasks", "p (Holm)", "verdict"], rows, left=2)
    here = frame[frame["condition"] == condition]
    yield with_trials(with_trials(whole, here, architecture=0), here, architecture=1)
