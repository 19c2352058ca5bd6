"""The page of a comparison: what was compared, a table for each measure, and how to read the tables."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import groupby
from math import isnan

from benchbench.compare.compare import Comparison, Row
from benchbench.compare.measure import BETTER, WORSE
from benchbench.compare.pairing import count
from benchbench.report.page.blocks import Block, Bullets, Heading, Line, Page, Table, Text, line, strong, table
from benchbench.report.page.texts import decimals, number
from benchbench.report.render.markdown import render

_SECONDS, _MIB = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}, 2**20
_EXTRAS: dict[str, tuple[str, Callable[[float], str]]] = {
    "peak_bytes": ("peak MiB", lambda value: number(value / _MIB)),
    "parameters": ("parameters", number),
}
_HOW = {
    "rounds": "The ratio is the ratio of the medians; the interval is over the rounds of one run on each side, which "
    "do not show how runs differ: to be surer, put several runs of each side, made in turn, into two folders.",
    "runs": "The ratio is the geometric mean over pairs of runs, in the order in which they were made; the interval is "
    "over these pairs.",
    "seeds": "The ratio is the geometric mean over seeds that both sides have; the interval is over these seeds.",
}


def markdown(comparison: Comparison) -> str:
    """The page in Markdown: what was compared, counts of verdicts, a table for each measure, and how to read them."""
    sides = (("A", comparison.a), ("B", comparison.b))
    compared = [line(strong(f"{letter}:"), " ", ", ".join((side.path, *side.facts))) for letter, side in sides]
    if comparison.same:
        compared.append(line(strong("All rows:"), " ", ", ".join(comparison.same)))
    blocks: list[Block] = [Bullets(tuple(compared)), Text(_counts(comparison.rows))]
    blocks += [Text(line(note)) for note in comparison.notes]
    for measure, rows in groupby(comparison.rows, key=lambda row: row.measure):
        blocks += [Heading(2, line(measure.title)), _table(comparison.columns, list(rows))]
    if comparison.extras:
        blocks += [Heading(2, line("what else was recorded")), _extra_table(comparison)]
    blocks.append(Text(line(_reading(comparison))))
    return render(Page("compare", tuple(blocks))).rstrip("\n")


def _table(columns: tuple[str, ...], rows: list[Row]) -> Table:
    texts = [[*row.name, *_values(row), *_change(row), row.verdict] for row in rows]
    how = "ratio B/A" if rows[0].by == "ratio" else "difference B − A"
    return table([*columns, "A", "B", how, "95 % interval", "verdict"], texts, left=len(columns))


def _values(row: Row) -> list[str]:
    """The texts of both medians, in the same unit."""
    both, unit, scale = (row.a, row.b), "", 1.0
    if row.measure.kind == "memory":
        unit, scale = " MiB", _MIB
    elif row.measure.kind == "time":
        least = min((value for value in both if value), default=1.0)
        name = next((name for name, size in _SECONDS.items() if least >= size), "µs")
        unit, scale = f" {name}", _SECONDS[name]
    return [f"{number(value / scale)}{unit}" for value in both]


def _change(row: Row) -> list[str]:
    middle, low, high = (_written(value, row.by) for value in row.change)
    return [middle, "–" if isnan(row.change.low) else f"{low} to {high}"]


def _written(value: float, by: str) -> str:
    if by == "difference":
        return f"{value:+.3g}"
    return decimals(value) if value >= 0.1 else number(value)


def _extra_table(comparison: Comparison) -> Table:
    found = {name: None for row in comparison.extras.values() for name in row}
    shown = [*(name for name in found if name not in _EXTRAS), *(name for name in _EXTRAS if name in found)]
    looks = {name: _EXTRAS.get(name, (name.replace("_", " "), number)) for name in shown}
    rows = []
    for row, values in comparison.extras.items():
        texts = [[looks[name][1](value) for value in values.get(name, ())] for name in shown]
        rows.append([*row, *(" / ".join(dict.fromkeys(text)) or "–" for text in texts)])
    return table([*comparison.columns, *(f"{looks[name][0]}, A / B" for name in shown)], rows)


def _counts(rows: Iterable[Row]) -> Line:
    found = Counter(row.verdict for row in rows)
    ranked = sorted(found, key=lambda verdict: (verdict not in WORSE, verdict not in BETTER, verdict))
    said = ", ".join(f"{found[verdict]} {verdict}" for verdict in ranked)
    return line(strong(f"{count(found.total(), 'row')}:"), f" {said}.")


def _reading(comparison: Comparison) -> str:
    margin = comparison.margin
    costs = (
        f"Times and memory are called different only where the whole 95 % interval lies outside {1 / margin:.3g} to "
        f"{margin:.3g} (--margin), since times on one machine vary from run to run."
    )
    said = [_HOW[comparison.a.unit], costs]
    if any(row.measure.kind == "score" for row in comparison.rows):
        said.append("Scores are called different where the interval excludes 1.")
    if any(row.by == "difference" for row in comparison.rows):
        said.append(
            "A score is compared by the mean difference B − A, since its ratio means nothing, if it is negative in "
            "some trial, or if higher is better and it is zero in some trial; it is called different where the "
            "interval excludes 0."
        )
    return " ".join(said)
