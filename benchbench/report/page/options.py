"""How many option sets each competitor had, and which were chosen."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.order import baselines, natural, order
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Heading, Text, line, prose, table
from benchbench.report.page.texts import listed, metric


def option_sets(numbers: Numbers) -> Iterator[Block]:
    """The section of the front page; nothing where every competitor had one option set."""
    options = numbers.selection.options
    yield Heading(2, line("Option sets"))
    if options["option_sets"].max() == 1:
        yield Text(line("Every competitor had one option set."))
        return
    rows = []
    for name in order(options["architecture"], baselines(numbers.selection.frame)):
        mine = options[options["architecture"] == name]
        rows.append([name, str(mine["option_sets"].max()), listed(_chosen(mine), 6)])
    what = " or ".join(sorted({_said(row) for row in rows_of(options)}))
    yield Text(
        prose(
            f"Chosen by the median {what} on the validation split, apart for each task, length and condition. Only the "
            "chosen set is ranked and shown; `option_sets.csv` has the choices, `option_sets_all.csv` every set."
        )
    )
    yield table(["architecture", "option sets", "chosen"], rows, left=3)


def _chosen(mine: pd.DataFrame) -> list[str]:
    counts = mine["set"].value_counts(sort=False)
    return [f"{text} ({counts[text]} of {len(mine)})" for text in sorted(counts.index, key=natural)]


def _said(row: dict[str, Any]) -> str:
    return "MSE" if row["choose"] == "loss" and row["loss"] == "squared_error" else metric(row["choose"])
