"""Adds to the rows of a table which trials they come from, if its cells do not have them yet."""

from dataclasses import replace

import pandas as pd

from benchbench.report.page.blocks import Line, Table, sourced, spoken


def with_trials(table: Table, frame: pd.DataFrame, **columns: int) -> Table:
    """A table whose rows name the trials in ``frame`` that have the same text in some columns.

    ``columns`` gives the position of each of these columns in the table; the cells after them are the numbers.
    """
    texts = {name: frame[name].astype(str) for name in columns}
    trials = pd.Series(list(zip(frame["key"], frame["machine"], strict=True)), frame.index, dtype=object)
    first = max(columns.values()) + 1
    rows = []
    for row in table.rows:
        same = pd.Series(data=True, index=frame.index)
        for name, at in columns.items():
            same &= texts[name] == _text(row[at])
        rows.append((*row[:first], *sourced(row[first:], tuple(trials[same]))))
    return replace(table, rows=tuple(rows))


def _text(pieces: Line) -> str:
    """The text of a cell's first visible piece."""
    first = next(iter(spoken(pieces)), "")
    return first if isinstance(first, str) else first.text
