"""The table of how many option sets each competitor had, and which were chosen."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.order import baselines, natural, order
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Heading, Text, line, prose, table
from benchbench.report.page.sources import with_trials
from benchbench.report.page.texts import metric
from benchbench.report.rows import plain

_MOST = 6  # chosen sets that are shown


def option_sets(numbers: Numbers) -> Iterator[Block]:
    """The front page's section on option sets; one sentence if every competitor had one."""
    options = numbers.selection.options
    yield Heading(2, line("Option sets"))
    if options["option_sets"].max() == 1:
        said = "" if numbers.tuning.empty else "; a tuned competitor had the one that its tuning chose"
        yield Text(line(f"Every competitor ran with one option set (one combination of values of its options){said}."))
        return
    rows = []
    for name in order(options["architecture"], baselines(numbers.selection.frame)):
        mine = options[options["architecture"] == name]
        tried = numbers.selection.sets
        rows.append(
            [name, str(mine["option_sets"].max()), chosen(mine, set(tried.loc[tried["architecture"] == name, "set"]))]
        )
    what = " or ".join(sorted({_said(row) for row in rows_of(options)}))
    yield Text(
        prose(
            f"The best median {what} on the validation split chose the option set, separately for each task, length "
            "and condition. Only the chosen set is ranked and shown; the table counts how often each set was chosen. "
            "`tables/option_sets.csv` has the choices, `tables/option_sets_all.csv` has every set."
        )
    )
    yield with_trials(
        table(["architecture", "option sets", "chosen"], rows, left=3), numbers.selection.every, architecture=0
    )


def chosen(mine: pd.DataFrame, tried: set[str]) -> str:
    """The chosen sets and how often each was chosen; only options in which the tried sets differ are named."""
    options = {text: json.loads(text) for text in tried}
    names = sorted({name for found in options.values() for name in found})
    differ = [
        name for name in names if len({plain({name: o[name]} if name in o else {}) for o in options.values()}) > 1
    ]
    if not differ:
        return "–"
    counts = mine["set"].value_counts(sort=False)
    said = {
        text: ", ".join(f"{name}={found.get(name, 'default')}" for name in differ) for text, found in options.items()
    }
    texts = [f"{said[text]} ({counts[text]} of {len(mine)})" for text in sorted(counts.index, key=natural)]
    rest = len(texts) - _MOST
    return "; ".join(texts) if rest <= 1 else f"{'; '.join(texts[:_MOST])} and {rest} more"


def _said(row: dict[str, Any]) -> str:
    return "MSE" if row["choose"] == "loss" and row["loss"] == "squared_error" else metric(row["choose"])
