"""Tuning: how many tries everyone had, what was chosen, how much it gained, and what it cost."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.tuning import changes, spread_of
from benchbench.report.page.blocks import Block, Bullets, Heading, Line, Text, line, prose, sourced, table
from benchbench.report.page.texts import decimals, listed, metric, number

_MOST = 24  # rows on the front page
_TITLES = [
    "task", "tried under", "architecture", "options reported", "tries", "lost fits", "untuned", "tuned", "gain",
    "trials", "CPU s",
]  # fmt: skip
_COLUMNS = """*Options reported* are those that the results of this report have, where they differ from the study's own.
*Tries* counts option sets, *lost fits* those of their fits that failed or are marked. *Untuned* is the mean on
validation with the study's own options, *tuned* that with the options reported, and *gain* what tuning brought: ÷ 2
halves the error, + 0.1 adds a tenth to a metric of which more is better. *Trials* and *CPU s* are what the search
cost."""


def tuned(numbers: Numbers) -> Iterator[Block]:
    """The section of the front page; nothing where no competitor was tuned."""
    found = numbers.tuning
    if found.empty:
        return
    yield Heading(2, line("Tuning"))
    names = sorted({metric(name) for name in found["choose"]})
    said = " to ".join(
        str(one) for one in sorted({_tries(part) for _, part in found.groupby(["variant", "architecture"])})
    )
    yield Text(
        prose(
            f"Before the study ran, every competitor that has options to search had {said} tries for each task, the "
            f"first with the options as the study has them. The mean {listed(names)} on the validation split of "
            f"{found['seeds'].max()} data seeds that no result uses chose among them. All tries together were "
            f"{number(found['trials'].sum())} trials and took {number(found['cpu_seconds'].sum())} s of CPU time."
        )
    )
    yield Text(prose(_COLUMNS))
    yield table(_TITLES, [_row(row) for row in rows_of(found.head(_MOST))], left=4)
    rest = f"These are the first {_MOST} of {len(found)} rows. " if len(found) > _MOST else ""
    yield Text(prose(f"{rest}`tuning.csv` has every row with all digits."))
    if sentences := tuple(line(one) for one in changes(found)):
        yield Bullets(sentences)


def _row(row: dict[str, Any]) -> list[str | Line]:
    form = decimals if row["higher"] else number
    sign = "+ " if row["higher"] else "÷ "
    gain = "–" if row["gain"] != row["gain"] else f"{sign}{form(row['gain'])}"
    chosen = spread_of(json.loads(row["set"]), json.loads(row["default"])) or "the study's own"
    before, after, every = (_made(row, *sets) for sets in ([row["default"]], [row["set"]], []))
    return [
        row["variant"], row["condition"], row["architecture"], chosen,
        *sourced([str(row["tries"]), str(row["failed"] or "")], every),
        *sourced([form(row["default_valid"])], before), *sourced([form(row["valid"])], after),
        *sourced([gain], before + after), *sourced([str(row["trials"]), number(row["cpu_seconds"])], every),
    ]  # fmt: skip


def _made(row: dict[str, Any], *sets: str) -> tuple[tuple[str, str], ...]:
    """The trials of a row by key and machine: all of them, or those with one of these option sets."""
    return tuple((key, machine) for options, key, machine in row["made"] if not sets or options in sets)


def _tries(part: pd.DataFrame) -> int:
    """How many option sets a competitor had on a task; fewer of them went on to the longest rung."""
    return int(part["tries"].max())
