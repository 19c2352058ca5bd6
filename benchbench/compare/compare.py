"""Two sides, row by row: how many times as much B takes, how sure that is, and the page that says so."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from math import inf, isnan, nan
from typing import NamedTuple

import numpy as np

from benchbench.compare.ratio import Ratio, ratio_of_pairs, ratio_of_rounds
from benchbench.compare.sides import EXTRAS, MSE, Cell, Sample, Side, read
from benchbench.core.errors import InputError
from benchbench.report.tables import decimals, listed, number, words
from benchbench.report.tables import markdown as table

FEWEST = {"rounds": 5, "runs": 3, "seeds": 3}
# one run of the same code took up to 1.26 times as long as another on a machine that did nothing else
MARGINS = {"rounds": 1.2, "runs": 1.05, "seeds": 1.2}
NO_DIFFERENCE, NO_RATIO, TOO_FEW = "no difference seen", "no ratio: 0 on one side", "too few"
_MORE = {"time": "slower", "memory": "more", "MSE": "worse"}
_LESS = {"slower": "faster", "more": "less", "worse": "better"}
_ALWAYS = {"benchmark", "task", "architecture", "length"}
_SECONDS, _MIB = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}, 2**20
_EXTRAS: dict[str, tuple[str, Callable[[float], str]]] = {
    "test_mse": ("test MSE", number),
    "test_r2": ("test R²", decimals),
    "peak_bytes": ("peak MiB", lambda value: number(value / _MIB)),
    "parameters": ("parameters", number),
}
_HOW = {
    "rounds": "The ratio is that of the medians; the interval is over the rounds of one run a side, which do not show "
    "what differs from run to run: to be surer, put several runs of each side, made in turn, into two folders.",
    "runs": "The ratio is the geometric mean over pairs of runs, in the order in which they were made; the interval is "
    "over these pairs.",
    "seeds": "The ratio is the geometric mean over seeds that both sides have; the interval is over these seeds.",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measure of one row in both: medians in seconds, bytes or MSE, their ratio, and the verdict."""

    measure: str
    name: tuple[str, ...]
    a: float
    b: float
    ratio: Ratio
    verdict: str

    @property
    def worse(self) -> bool:
        """B is slower, takes more or errs more."""
        return self.verdict in _LESS

    @property
    def judged(self) -> bool:
        """There was enough to say something."""
        return not self.verdict.startswith((TOO_FEW, NO_RATIO))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both sides row by row.

    ``columns`` head the names of the rows, ``same`` is what all rows share, ``notes`` say what was left out, ``extras``
    have by row and name what else was recorded of A and B. ``gone`` are rows of A alone, ``broken`` rows that failed in
    B alone.
    """

    a: Side
    b: Side
    margin: float
    columns: tuple[str, ...]
    same: tuple[str, ...]
    rows: tuple[Row, ...]
    extras: dict[tuple[str, ...], dict[str, tuple[float, float]]]
    notes: tuple[str, ...]
    gone: tuple[str, ...]
    broken: tuple[str, ...]


class _Pair(NamedTuple):
    measure: str
    cell: Cell
    which: int
    a: Sample
    b: Sample


def compare(a: str, b: str, margin: float | None = None) -> Comparison:
    """Hold B against A, each a file or folder of pytest-benchmark or of records.

    Times and memory that differ by no more than the factor ``margin`` are not called different: 1.05 for several runs a
    side, 1.2 for one. InputError where a side cannot be read, or where the two cannot be compared.
    """
    if margin is not None and not 1 <= margin < inf:
        raise InputError(f"margin {margin:g}: must be at least 1, as 1.05")
    left, right = read(a, b)
    margin = MARGINS[left.unit] if margin is None else margin
    pairs, notes = _sifted(_pairs(left, right))
    gone, broken = _lost(left, right)
    notes += _alone(left, right)
    if not pairs:
        raise InputError(f"{a} and {b} have nothing that can be compared. {' '.join(notes)}".strip())
    columns, same, names = _names([pair.cell for pair in pairs], left.columns)
    rows = [
        _row(measure, names[cell], list(part), left.unit, 1.0 if measure == MSE else margin)
        for (measure, cell), part in groupby(pairs, key=lambda pair: (pair.measure, pair.cell))
    ]
    return Comparison(
        a=left, b=right, margin=margin, columns=columns, same=same, rows=tuple(rows),
        extras=_both_extras(left, right, names), notes=tuple(notes),
        gone=gone, broken=broken,
    )  # fmt: skip


def verdict(measure: str, ratio: Ratio, margin: float) -> str:
    """What a ratio says: a difference only where its interval lies wholly outside 1/margin..margin."""
    more = _MORE[measure.rsplit(maxsplit=1)[-1]]
    if ratio.low > margin:
        return more
    return _LESS[more] if ratio.high < 1 / margin else NO_DIFFERENCE


def gate(comparison: Comparison, above: float) -> tuple[bool, list[str]]:
    """Whether a row is worse by more than the factor ``above`` or failed in B alone, and what is to be said of it.

    InputError where no time could be judged: what cannot fail is no gate.
    """
    open_ = sum(not row.judged for row in comparison.rows)
    if not any(row.judged and row.measure.endswith("time") for row in comparison.rows):
        fewest = f"it takes at least {FEWEST[comparison.a.unit]} {comparison.a.unit} a side"
        raise InputError(f"no time can be judged, so nothing is said of above {above:g}: {fewest}, made alike")
    bad = [_said(row) for row in comparison.rows if row.worse and row.ratio.ratio > above]
    found = {f"above {above:g}": bad, "failed in B alone": comparison.broken, "in A only": comparison.gone}
    said = [f"{what}: {_count(len(names), 'row')}: {listed(list(names))}" for what, names in found.items() if names]
    return bool(bad or comparison.broken), [*said, *([f"not judged: {_count(open_, 'row')}"] if open_ else [])]


def markdown(comparison: Comparison) -> str:
    """The page: what was compared, how many rows say what, a table a measure, and how to read them."""
    sides = [
        f"- **{letter}:** {words(', '.join((side.path, *side.facts)), 1000)}"
        for letter, side in (("A", comparison.a), ("B", comparison.b))
    ]
    same = [f"- **All rows:** {words(', '.join(comparison.same))}"] if comparison.same else []
    parts = ["\n".join([*sides, *same]), _counts(comparison.rows), *map(words, comparison.notes)]
    for measure, rows in groupby(comparison.rows, key=lambda row: row.measure):
        parts += [f"## {measure}", _table(comparison.columns, list(rows))]
    if comparison.extras:
        parts += ["## what else was recorded", _extra_table(comparison)]
    return "\n\n".join([*parts, _reading(comparison)])


def _cells(side: Side) -> list[Cell]:
    return list(dict.fromkeys(cell for series in side.series.values() for cell in series))


def _names(
    cells: list[Cell], columns: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], dict[Cell, tuple[str, ...]]]:
    """Headers, what all rows share, and the texts of each row; a column is shown where it tells rows apart."""
    labels = [_labels(column) for column in zip(*cells, strict=True)]
    shown = [i for i, name in enumerate(columns) if name in _ALWAYS or len(labels[i]) > 1]
    same = [f"{name} {text}" for i, name in enumerate(columns) if i not in shown for text in labels[i].values() if text]
    names = {cell: tuple(labels[i][cell[i]] for i in shown) for cell in cells}
    return tuple(columns[i] for i in shown), tuple(same), names


def _labels(column: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Names with those of their options that tell them apart."""
    found = {}
    for name, group in groupby(sorted(set(column)), key=lambda one: one[0]):
        sets = {one: json.loads(one[1]) for one in group}
        known = sorted({option for options in sets.values() for option in options})
        differ = [o for o in known if len({repr(options.get(o, "default")) for options in sets.values()}) > 1]
        for one, options in sets.items():
            text = ", ".join(f"{option}={options.get(option, 'default')}" for option in differ)
            found[one] = f"{name} ({text})" if text else name
    return found


def _pairs(left: Side, right: Side) -> list[_Pair]:
    return [
        _Pair(measure, cell, i, sample, other[i])
        for measure, series in left.series.items()
        for cell, samples in series.items()
        for other in (right.series.get(measure, {}).get(cell, {}),)
        for i, sample in samples.items()
        if i in other
    ]


def _sifted(pairs: list[_Pair]) -> tuple[list[_Pair], list[str]]:
    """Those that may be compared, and notes on the others."""
    notes = []
    if other := {pair[1:3] for pair in pairs if pair.a.data != pair.b.data}:
        notes.append(f"Left out: {_count(len(other), 'pair')} whose data differ.")
    pairs = [pair for pair in pairs if pair.a.data == pair.b.data]
    timed = [pair for pair in pairs if pair.measure == MSE or pair.a.how == pair.b.how]
    if ways := sorted({f"A {pair.a.how}; B {pair.b.how}" for pair in pairs if pair.a.how != pair.b.how}):
        notes.append(f"No times and memory where they were made otherwise: {listed(ways)}.")
    changed = {f"{pair.a.version} in A and {pair.b.version} in B" for pair in timed if pair.a.version != pair.b.version}
    if changed:
        notes.append(f"Other versions: {listed(sorted(changed))}.")
    return timed, notes


def _alone(left: Side, right: Side) -> list[str]:
    """Notes on rows, runs and seeds that only one side has, and on what the sides say themselves."""
    notes = []
    _, _, names = _names([*_cells(left), *_cells(right)], left.columns)
    for letter, side, other in (("A", left, right), ("B", right, left)):
        others = set(_cells(other))
        if alone := [" ".join(names[cell]) for cell in _cells(side) if cell not in others]:
            notes.append(f"In {letter} only, {_count(len(alone), 'row')}: {listed(alone)}.")
        had, there = ({(c, i) for s in one.series.values() for c in s for i in s[c]} for one in (side, other))
        if lone := sum(cell in others for cell, _ in had - there):
            notes.append(f"In {letter} only: {_count(lone, side.unit)} of rows that both have.")
        notes += [f"In {letter} {note}." for note in side.notes]
    return notes


def _lost(left: Side, right: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the rows that B does not have, and of those that failed there and not in A."""
    every = list(dict.fromkeys([*_cells(left), *_cells(right), *left.failed, *right.failed]))
    _, _, names = _names(every, left.columns)
    broken = right.failed - left.failed
    gone = set(_cells(left)) - set(_cells(right)) - broken
    first, second = ([" ".join(names[cell]) for cell in every if cell in part] for part in (gone, broken))
    return tuple(first), tuple(second)


def _both_extras(
    left: Side, right: Side, names: dict[Cell, tuple[str, ...]]
) -> dict[tuple[str, ...], dict[str, tuple[float, float]]]:
    a, b = left.extras, right.extras
    found = {
        name: {what: (a[what][cell], b[what][cell]) for what in a if cell in a[what] and cell in b.get(what, {})}
        for cell, name in names.items()
    }
    return {name: both for name, both in found.items() if both}


def _row(measure: str, name: tuple[str, ...], pairs: list[_Pair], unit: str, margin: float) -> Row:
    if unit == "rounds":
        a, b = pairs[0].a.values, pairs[0].b.values
        ratio = ratio_of_rounds(a, b)
    else:
        a, b = (np.array([np.median(one.values) for one in side]) for side in zip(*(p[3:] for p in pairs), strict=True))
        ratio = ratio_of_pairs(a, b)
    said = verdict(measure, ratio, margin)
    if isnan(ratio.ratio):
        said = NO_RATIO
    elif min(len(a), len(b)) < FEWEST[unit]:
        ratio, said = ratio._replace(low=nan, high=nan), f"{TOO_FEW} {unit}"
    return Row(measure=measure, name=name, a=float(np.median(a)), b=float(np.median(b)), ratio=ratio, verdict=said)


def _table(columns: tuple[str, ...], rows: list[Row]) -> str:
    texts = [[*map(words, row.name), *_values(row), *_ratio(row.ratio), row.verdict] for row in rows]
    return table([*columns, "A", "B", "ratio B/A", "95 % interval", "verdict"], texts, left=len(columns))


def _values(row: Row) -> list[str]:
    """Both medians, in the same unit."""
    both, unit, scale = (row.a, row.b), "", 1.0
    if row.measure.endswith("memory"):
        unit, scale = " MiB", _MIB
    elif row.measure.endswith("time"):
        least = min((value for value in both if value), default=1.0)
        name = next((name for name, size in _SECONDS.items() if least >= size), "µs")
        unit, scale = f" {name}", _SECONDS[name]
    return [f"{number(value / scale)}{unit}" for value in both]


def _ratio(ratio: Ratio) -> list[str]:
    middle, low, high = (decimals(value) if value >= 0.1 else number(value) for value in ratio)
    return [middle, "–" if isnan(ratio.low) else f"{low} to {high}"]


def _extra_table(comparison: Comparison) -> str:
    shown = [name for name in EXTRAS if any(name in found for found in comparison.extras.values())]
    rows = []
    for row, found in comparison.extras.items():
        texts = [[_EXTRAS[name][1](value) for value in found.get(name, ())] for name in shown]
        rows.append([*map(words, row), *(" / ".join(dict.fromkeys(text)) or "–" for text in texts)])
    return table([*comparison.columns, *(f"{_EXTRAS[name][0]}, A / B" for name in shown)], rows)


def _counts(rows: Iterable[Row]) -> str:
    found = Counter(row.verdict for row in rows)
    ranked = sorted(found, key=lambda said: (said not in _LESS, said not in _LESS.values(), said))
    return f"**{_count(found.total(), 'row')}:** {', '.join(f'{found[said]} {said}' for said in ranked)}."


def _reading(comparison: Comparison) -> str:
    margin = comparison.margin
    called = (
        f"Times and memory are called different only where the whole 95 % interval lies outside {1 / margin:.3g} to "
    )
    called += f"{margin:.3g} (--margin), as a machine differs from run to run by itself"
    scores = ", the test MSE where it lies outside 1" if comparison.a.unit == "seeds" else ""
    return f"{_HOW[comparison.a.unit]} {called}{scores}."


def _said(row: Row) -> str:
    return f"{' '.join(row.name)} {row.measure} {decimals(row.ratio.ratio)}"


def _count(n: int, unit: str) -> str:
    unit = unit.removesuffix("s")
    return f"{n:,} {unit}{'s' * (n != 1)}"
