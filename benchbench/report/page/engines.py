"""The comparison of two engines: how much faster one is, and whether the scores are the same."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.engines import OPEN, RATIOS, SAME
from benchbench.report.analysis.order import order, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Heading, Line, Page, Table, Text, line, link, prose, table
from benchbench.report.page.sources import with_trials
from benchbench.report.page.texts import DAGGER, number, spread

PATH = "engines"
_ABOUT = """Each ratio divides the time, or the memory that the fit added, on the first engine by the time or memory on
the second, seed by seed, with the same task, option set and budget on the same machine. The tables show the median over
seeds, with the lowest and the highest in brackets. The time of an update is the time of the fit after its first update,
divided by the number of its other updates. Two scores are the same within the spread if their medians differ by no more
than the range of the first engine's seeds."""
_TITLES = {"update": "an update", "predict": "a prediction", "memory": "memory"}


def front_engines(numbers: Numbers) -> Iterator[Block]:
    """The front page's sections on engines: the ratios of each network over all tasks and lengths, and rankings."""
    cells, orders = numbers.engines.cells, numbers.engines.orders
    for (first, second), part in cells.groupby(["first", "second"]):
        yield Heading(2, line(f"Engines: {first} over {second}"))
        said = f"Time and memory on {first}, divided by time and memory on {second}: medians over tasks and lengths"
        yield Text(line(f"{said}, with the lowest and the highest in brackets:"))
        yield with_trials(short_table(part), numbers.selection.frame, architecture=0)
        ranked = orders[(orders["first"] == first) & (orders["second"] == second)]
        yield from (Text(line(sentence)) for sentence in _ranking(ranked))
    if len(cells):
        yield Text(line("All times and scores are on ", link("a page of their own", f"{PATH}.md"), "."))


def engines_page(numbers: Numbers) -> list[Page]:
    """The page with all cells; none if there is nothing to compare."""
    if numbers.engines.cells.empty:
        return []
    blocks: list[Block] = [
        Heading(1, line(f"{numbers.study}: engines side by side")),
        Text(line("This page is part of the ", link("report", "report.md"), " of the study.")),
        Text(prose(_ABOUT)),
    ]
    for (first, second), part in numbers.engines.cells.groupby(["first", "second"]):
        for variant, cells in part.groupby("variant"):
            budget = int(several(cells, "budget"))
            here = numbers.selection.frame[numbers.selection.frame["variant"] == variant]
            columns = {"length": budget, "architecture": budget + 1, **({"budget": 0} if budget else {})}
            found = with_trials(full_table(cells), here, **columns)
            blocks += [Heading(2, line(f"{variant}: {first} over {second}")), found]
    return [Page(PATH, tuple(blocks))]


def short_table(part: pd.DataFrame) -> Table:
    """One row for each network: the median ratios over its cells with their range, and how many scores are the same."""
    rows: list[list[str | Line]] = []
    for name in order(part["architecture"]):
        mine = part[part["architecture"] == name]
        ratios = [_middle(mine[f"{kind}_times"]) for kind in RATIOS]
        judged = mine[mine["same"] != OPEN]
        said = f"{(judged['same'] == SAME).sum()} of {len(judged)}" if len(judged) else OPEN
        rows.append([name, *ratios, said])
    titles = [f"times, {what}" for what in _TITLES.values()]
    return table(["architecture", *titles, "scores the same within the spread"], rows)


def _middle(ratios: "pd.Series[float]") -> str:
    middle, rest = spread(ratios.median(), ratios.min(), ratios.max())
    return f"{middle} {rest}".strip() or "–"


def _ranking(orders: pd.DataFrame) -> Iterator[str]:
    """A sentence that says whether the ranking of the networks depends on the engine."""
    if orders.empty:
        return
    same, clear = int(orders["same"].sum()), int(orders["clear"].sum())
    places = f"{len(orders)} combination{'s' if len(orders) > 1 else ''} of task, budget and length"
    if clear:
        first = f"The engine reverses some verdicts: in {clear} of {places}, a network is better than another"
    else:
        first = f"The engine reverses no verdict: in none of {places} is a network better than another"
    yield f"{first} on one engine and worse on the other. The medians give the same order in {same} of {len(orders)}."


def full_table(part: pd.DataFrame) -> Table:
    """One row for each length and network, from the cells of one task."""
    budgets = several(part, "budget")
    rows: list[list[str | Line]] = []
    for row in sorted(rows_of(part), key=lambda row: (row["budget"], row["length"])):
        first = [*([row["budget"]] if budgets else []), str(row["length"]), row["architecture"]]
        rows.append([*first, *(text for kind in RATIOS for text in _compared(row, kind)), *_scores(row)])
    sides = (part["first"].iloc[0], part["second"].iloc[0])
    costs = ("update ms", "predict µs a window", "peak MiB")
    titles = [text for cost in costs for text in (*(f"{cost}, {side}" for side in sides), "ratio")]
    titles += [*(f"score, {side}" for side in sides), "the same"]
    names = [*(["budget"] if budgets else []), "length", "architecture"]
    return table([*names, *titles], rows, left=len(names))


def _compared(row: dict[str, Any], kind: str) -> list[str]:
    cost = RATIOS[kind]
    marked = kind != "memory"
    sides = [
        number(row[f"{cost}_{side}"]) + (DAGGER if marked and row[f"disturbed_{side}"] else "")
        for side in ("first", "second")
    ]
    ratio = " ".join(spread(*(row[f"{kind}_times{end}"] for end in ("", "_min", "_max")))).strip()
    return [*sides, ratio or "–"]


def _scores(row: dict[str, Any]) -> list[str]:
    return [number(row["score_first"]), number(row["score_second"]), row["same"]]
