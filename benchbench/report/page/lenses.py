"""Sentences on the conclusions that survive every budget of a study, and on those that do not."""

from collections.abc import Iterator

import pandas as pd

from benchbench.report.analysis.lenses import FLIPS, SURVIVES, TO_OPEN, TO_TIE, UNDECIDED, UNDER
from benchbench.report.analysis.order import baselines, in_a_row, listed, parts, quoted, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Bullets, Heading, Line, Text, code, emphasis, line, prose, strong
from benchbench.report.page.texts import joined
from benchbench.statistics.verdicts import BETTER, OPEN, TIE

_ALL = 99
_SAID = {TIE: "the two tie", OPEN: "the pair is open"}
_ABOUT = """A conclusion says that, on a task at a length, one of two competitors is better or that they tie; at least
one of the two is a network. It *survives* if it is the same under every budget. It *flips* if one is better under one
budget and the other under another. Numbers in brackets are the lengths at which a conclusion holds, if these are not
all. `tables/lenses.csv` has every pair with its verdict under each budget."""


def _judged(numbers: Numbers) -> pd.DataFrame:
    """The pairs with a network."""
    found, known = numbers.lenses, baselines(numbers.selection.frame)
    return found[~(found["first"].isin(known) & found["second"].isin(known))]


def lenses_in_short(numbers: Numbers) -> Iterator[Block]:
    """One sentence: how many conclusions survive every budget, and how many do not; nothing if there is one budget."""
    found = _judged(numbers)
    if found.empty:
        return
    counts = found["conclusion"].value_counts()
    survive, flip, lost, none = (
        int(counts.reindex(which).sum()) for which in ([SURVIVES], [FLIPS], [TO_OPEN, TO_TIE], [UNDECIDED])
    )
    names = [name.removeprefix(UNDER) for name in _under(found)]
    coded = line(*joined([line(code(name)) for name in names]))
    if none == len(found):
        said = f"In none of {none:,} pairs is one competitor better under any budget ("
        rest = "), and each pair is open under at least one. "
        yield Text(line(said, coded, rest, code("tables/lenses.csv"), " has every pair."))
        return
    turned = strong(f"{flip} flip{'s' * (flip == 1)}") if flip else "none flips"
    yield Text(
        line(
            f"Of {survive + flip + lost:,} conclusions about pairs of competitors, {survive:,} "
            f"survive{'s' * (survive == 1)} every budget (", coded, "), ", turned,
            f", and {lost:,} hold{'s' * (lost == 1)} under some budgets only: under another, the pair is open or a "
            f"tie. In {none:,} more pairs, neither competitor is better under any budget, and at least one budget "
            "leaves the pair open. ",
            emphasis("Budgets compared"), " lists the conclusions, and ", code("tables/lenses.csv"), " has every pair.",
        )
    )  # fmt: skip


def front_lenses(numbers: Numbers) -> Iterator[Block]:
    """The front page's section on budgets: sentences on each task."""
    found = _judged(numbers)
    if found.empty:
        return
    yield Heading(2, line("Budgets compared"))
    yield Text(prose(_ABOUT))
    known, said = baselines(numbers.selection.frame), []
    for where, there in parts(found, "where"):
        for variant, part in parts(there, "variant"):
            title = f"{variant}, {where}" if several(found, "where") else variant
            said.append(line(f"{title}:", *(line(" ", clause, ".") for clause in _clauses(part, known))))
    yield Bullets(tuple(said))


def _clauses(part: pd.DataFrame, known: frozenset[str]) -> list[Line]:
    found = [*_flips(part), *_survive(part, known), *_lost(part)]
    return found or [line("nothing is decided under any budget")]


def _flips(part: pd.DataFrame) -> Iterator[Line]:
    mine = part[part["conclusion"] == FLIPS]
    said = []
    for _, rows in mine.groupby(["first", "second", *_under(mine)], sort=False):
        first = rows_of(rows)[0]
        budgets = [f"{_SAID.get(first[name], first[name])} {name}" for name in _under(mine) if first[name]]
        pair = f"{quoted(first['first'])} and {quoted(first['second'])}"
        said.append(f"of {pair}{_at(rows, part)}, {in_a_row(budgets, _ALL)}")
    if said:
        yield line(strong(f"Flips: {'; '.join(said)}"))


def _survive(part: pd.DataFrame, known: frozenset[str]) -> Iterator[Line]:
    mine = part[part["conclusion"] == SURVIVES]
    nets = set(part["first"]) - known
    easy = [
        name for name in list(dict.fromkeys(part["second"])) if name in known and _beaten_by_all(mine, part, name, nets)
    ]
    clear = mine[(mine["better"] != "") & ~mine["second"].isin(easy)]
    better = [f"every network is better than {listed(easy, _ALL)}"] * bool(easy)
    if said := "; ".join([*_better(clear, part), *better]):
        yield line(f"Under every budget: {said}")
    ties = mine[mine["better"] == ""]
    if said := "; ".join(
        f"{quoted(str(a))} and {quoted(str(b))}{_at(rows, part)}"
        for (a, b), rows in ties.groupby(["first", "second"], sort=False)
    ):
        yield line(f"Ties under every budget: {said}")


def _beaten_by_all(mine: pd.DataFrame, part: pd.DataFrame, name: str, nets: set[str]) -> bool:
    """Whether every network is better than a baseline at every length."""
    every = part[(part["second"] == name) & part["first"].isin(nets)]
    beats = mine[(mine["second"] == name) & (mine["better"] == mine["first"])]
    return len(beats) == len(every) > 0


def _lost(part: pd.DataFrame) -> Iterator[Line]:
    """Clauses on competitors that are better only under some budgets."""
    mine = part[part["conclusion"].isin([TO_OPEN, TO_TIE])]
    clear = mine[_under(mine)].apply(lambda column: column.str.endswith(BETTER))
    under = [listed([name for name in clear if row[name]], _ALL) for row in rows_of(clear)]
    for budgets, rows in mine.assign(budgets=under).groupby("budgets"):
        yield line(f"Only {budgets}: {'; '.join(_better(rows, part))}")


def _under(table: pd.DataFrame) -> list[str]:
    """The columns of the budgets."""
    return [str(name) for name in table if str(name).startswith(UNDER)]


def _better(rows: pd.DataFrame, part: pd.DataFrame) -> list[str]:
    return [
        f"{quoted(str(name))} is better than {_others(some, str(name), part)}"
        for name, some in rows.groupby("better", sort=False)
    ]


def _others(rows: pd.DataFrame, name: str, part: pd.DataFrame) -> str:
    """The competitors that one is better than, with the lengths unless these are all."""
    other = rows["second"].where(rows["first"] == name, rows["first"])
    losers = [f"{quoted(str(loser))}{_at(some, part)}" for loser, some in rows.groupby(other, sort=False)]
    return in_a_row(losers, _ALL)


def _at(rows: pd.DataFrame, part: pd.DataFrame) -> str:
    found = sorted(set(rows["length"]))
    return "" if set(found) == set(part["length"]) else f" ({', '.join(map(str, found))})"
