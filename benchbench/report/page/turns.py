"""The sentence on the budgets under which the answer would be different."""

from collections.abc import Iterator
from typing import NamedTuple

from benchbench.report.analysis.order import at_length, baselines, in_a_row, natural, quoted
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Line, Text, code, emphasis, line
from benchbench.report.page.texts import label, number

_ALL = 99


class _Turn(NamedTuple):
    """Under other budgets (``when``), ``other`` has the best median instead of ``take``, which has it in the answer."""

    when: Line
    other: str
    take: str


def turns(numbers: Numbers, condition: str) -> list[Block]:
    """One sentence: under which budgets another competitor has the best median than under a ``condition``.

    Nothing if the study has one budget. Conditions that differ in more than the budget, such as the device, are left
    out.
    """
    own = _ladder(numbers, condition)
    others = [other for other in _budgets(numbers, condition) if _ladder(numbers, other) != own or not own]
    if not own and not others:
        return []
    found: dict[_Turn, list[tuple[str, int]]] = {}
    for turn, variant, length in (*_rungs(numbers, own), *_elsewhere(numbers, condition, others)):
        found.setdefault(turn, []).append((variant, length))
    if not found:
        same = ": under each of them, the same architecture has the best median."
        return [Text(line(emphasis("Other budgets"), same))]
    known = baselines(numbers.selection.frame)
    said: list[Line] = []
    for turn, places in found.items():
        other, take = (label(quoted(name), baseline=name in known) for name in (turn.other, turn.take))
        where = f" on {_places(numbers, condition, places)}"
        start = line("; " if said else "", turn.when, " ")
        said.append(line(start, other, " has the best median instead of ", take, where))
    return [Text(line(emphasis("Other budgets"), ": ", *said, "."))]


def _ladder(numbers: Numbers, condition: str) -> str:
    """The ladder that a condition is a rung of; empty if it is not a rung."""
    cells = numbers.ladders.cells
    mine = cells.loc[cells["condition"] == condition, "ladder"] if len(cells) else cells
    return str(mine.iloc[0]) if len(mine) else ""


def _budgets(numbers: Numbers, condition: str) -> list[str]:
    """The other conditions that differ from one only in the budget."""
    frame = numbers.selection.frame.drop_duplicates("condition")
    budget = dict(zip(frame["condition"], frame["budget"], strict=True))
    where = {name: name.removeprefix(of) for name, of in budget.items()}
    return sorted((name for name in budget if where[name] == where[condition] and name != condition), key=natural)


def _rungs(numbers: Numbers, ladder: str) -> Iterator[tuple[_Turn, str, int]]:
    """The runs of rungs with another best median than the last rung."""
    leads = numbers.ladders.leads
    mine, cells = leads[leads["ladder"] == ladder], numbers.ladders.cells
    for (variant, _), part in mine.groupby(["variant", "length"]):
        rows = rows_of(part[part["take"] != ""].sort_values("first"))
        for row in rows[:-1]:
            if row["take"] != rows[-1]["take"]:
                limit = str(cells.loc[cells["ladder"] == ladder, "limit"].iloc[0])
                when = _when(row["first"], row["last"], rows[0]["first"], limit)
                yield _Turn(when, row["take"], rows[-1]["take"]), str(variant), row["length"]


def _when(first: float, last: float, shortest: float, limit: str) -> Line:
    if first == last != shortest:
        return line(f"with {number(first)} {limit}")
    if first == shortest:
        return line(f"with {number(last)} {limit} or fewer")
    return line(f"from {number(first)} to {number(last)} {limit}")


def _elsewhere(numbers: Numbers, condition: str, others: list[str]) -> Iterator[tuple[_Turn, str, int]]:
    """The budgets that are not rungs of the same ladder under which another competitor has the best median."""
    said = {(row["condition"], row["variant"], row["length"]): str(row["take"]) for row in rows_of(numbers.verdicts)}
    for (where, variant, length), take in said.items():
        for other in others if where == condition else ():
            name = said.get((other, variant, length), "")
            if take and name and name != take:
                yield _Turn(line("under ", code(other)), name, take), variant, length


def _places(numbers: Numbers, condition: str, places: list[tuple[str, int]]) -> str:
    """Tasks, with their lengths unless these are all."""
    verdicts = numbers.verdicts[numbers.verdicts["condition"] == condition]
    said = []
    for variant in sorted({variant for variant, _ in places}, key=natural):
        lengths = sorted(length for name, length in places if name == variant)
        every = len(lengths) == int((verdicts["variant"] == variant).sum())
        some = "" if every else f" {at_length(lengths)}"
        said.append(f"{quoted(variant)}{some}")
    return in_a_row(said, _ALL)
