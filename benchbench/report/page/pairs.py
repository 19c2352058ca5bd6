"""The best median against every other competitor: effect, interval, how often it won, and what is still needed."""

from math import isnan
from typing import Any

import pandas as pd

from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.verdicts import against
from benchbench.report.page.blocks import Line, Table, line, strong, table
from benchbench.report.page.texts import decimals, number
from benchbench.statistics.verdicts import BETTER


def pair_table(found: pd.DataFrame, said: pd.DataFrame) -> Table | None:
    """A row per length and other competitor, from the pairs and the verdicts of one task; None where there is none."""
    rows: list[list[str | Line]] = []
    for place in rows_of(said.sort_values("length")):
        mine = against(found[found["length"] == place["length"]], place["take"])
        rows += [[str(place["length"]), place["take"], row["other"], *_compared(row)] for row in rows_of(mine)]
    titles = ["length", "best median", "against", "effect (95 %)", "won % (95 %)", "pairs", "failed"]
    return table([*titles, "verdict", "seeds needed"], rows, left=3) if rows else None


def _compared(row: dict[str, Any]) -> list[str | Line]:
    form, sign = (number, "× ") if row["effect"] == "ratio" else (decimals, "difference ")
    effect = "–" if isnan(row["value"]) else f"{sign}{form(row['value'])}"
    effect += "" if isnan(row["low"]) else f" ({form(row['low'])}..{form(row['high'])})"
    won, low, high = (number(round(100 * row[f"wins{end}"])) for end in ("", "_low", "_high"))
    word = line(strong(BETTER)) if row["word"] == BETTER else row["word"]
    needed = "" if isnan(row["seeds_needed"]) else number(row["seeds_needed"])
    return [effect, f"{won} ({low}..{high})", str(row["pairs"]), str(row["failures"] or ""), word, needed]
