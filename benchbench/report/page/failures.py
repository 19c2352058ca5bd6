"""The table of failed trials with the messages of their records."""

from collections.abc import Iterator

import pandas as pd

from benchbench.report.analysis.order import natural, several
from benchbench.report.page.blocks import Block, Line, Text, line, sourced, table
from benchbench.report.page.texts import listed

_MESSAGE = 300  # characters of a message; failures.csv has all of it


def failure_table(failures: pd.DataFrame) -> Iterator[Block]:
    """One row for each competitor, place and message, with the seeds."""
    if failures.empty:
        yield Text(line("None: every trial ended without failure."))
        return
    sets = {"set": "options"} if several(failures, "set") else {}
    titles = {
        "variant": "task", "architecture": "architecture", **sets, "length": "length", "condition": "condition",
        "status": "status", "message": "message",
    }  # fmt: skip
    found = [
        ([*(_cut(value) for value in values), listed([str(seed) for seed in sorted(set(part["seed"]))], 20)], part)
        for values, part in failures.groupby(list(titles))
    ]
    found.sort(key=lambda row: [natural(cell) for cell in row[0]])
    rows: list[list[str | Line]] = [
        [*texts[:-1], *sourced(texts[-1:], tuple(zip(part["key"], part["machine"], strict=True)))]
        for texts, part in found
    ]
    yield table([*titles.values(), "seeds"], rows, left=len(titles) + 1)


def _cut(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _MESSAGE else text[: _MESSAGE - 1] + "…"
