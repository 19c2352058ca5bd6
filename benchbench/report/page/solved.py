"""The sentence on tasks that ridge regression on the window solves, which comes first in a report."""

from collections.abc import Iterator

import pandas as pd

from benchbench.report.analysis.order import at_length, in_a_row, listed, parts, quoted
from benchbench.report.analysis.solved import LINEAR, SOLVED, UNDECIDED
from benchbench.report.analysis.study import Numbers
from benchbench.report.page.blocks import Block, Line, Text, code, line, prose, strong

_ALL = 9
_WHY = prose(
    f"There, every network is worse than `{LINEAR}` or ties with it, or the score of `{LINEAR}` has reached the floor."
)


def solved_tasks(numbers: Numbers) -> list[Block]:
    """The tasks that ``linear`` solves, and those on which no network is shown to be better, if there are any."""
    found = numbers.solved
    if found.empty:
        return []
    said: list[Line] = []
    loop = "" if numbers.closed_loop.cells.empty else " in open loop"
    if names := _named(found, found["solved"].isin(SOLVED)):
        said.append(line(strong(f"Solved by {LINEAR}{loop}:"), f" {names}. ", _WHY))
    if names := _named(found, found["solved"] == UNDECIDED, "on "):
        start = line(" " if said else "", "It is open whether a network is better than ", code(LINEAR))
        said.append(line(start, f"{loop} {names}."))
    return [Text(line(*said))] if said else []


def _named(found: pd.DataFrame, hit: "pd.Series[bool]", before: str = "") -> str:
    """The tasks that are hit, each with a word ``before`` it, and with lengths and conditions unless these are all."""
    hits = [(variant, part) for variant, part in parts(found.assign(hit=hit), "variant") if part["hit"].any()]
    some = {variant: " and ".join(_places(part)) for variant, part in hits if not part["hit"].all()}
    whole = "under every condition" if any("under" in where for where in some.values()) else "at every length"
    names = {variant: f"{before}{quoted(variant)}" for variant, _ in hits}
    said = [f"{name} {some.get(variant, whole)}" if some else name for variant, name in names.items()]
    return in_a_row(said, _ALL)


def _places(part: pd.DataFrame) -> Iterator[str]:
    """Phrases on lengths and conditions; conditions with the same lengths share a phrase."""
    lengths: dict[tuple[int, ...], list[str]] = {}
    for condition, rows in parts(part, "condition"):
        if at := tuple(sorted(rows.loc[rows["hit"], "length"])):
            lengths.setdefault(at, []).append(condition)
    everywhere, every = part["condition"].nunique(), tuple(sorted(set(part["length"])))
    for at, names in lengths.items():
        where = "" if len(names) == everywhere else f"under {listed(names, _ALL)}"
        which = "" if at == every else at_length(at)
        yield " ".join(piece for piece in (which, where) if piece)
