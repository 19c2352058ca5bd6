"""Pair the rows that both sides have, and note what is left out: what differs, is on one side only, or failed."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from benchbench.compare.measure import Measure
from benchbench.compare.side import RowKey, Sample, Side
from benchbench.report.analysis.order import in_a_row
from benchbench.report.page.texts import listed


class Pair(NamedTuple):
    """One run or seed, ``which``, of one row, as both sides have it."""

    measure: Measure
    cell: RowKey
    which: int
    a: Sample
    b: Sample


class Names(NamedTuple):
    """The names of rows: headers of the columns that tell rows apart, what all rows share, and texts by row."""

    columns: tuple[str, ...]
    same: tuple[str, ...]
    of: dict[RowKey, tuple[str, ...]]


_ALWAYS = {"benchmark", "task", "architecture", "length"}


def paired(left: Side, right: Side) -> tuple[list[Pair], list[str]]:
    """The pairs that may be compared, and notes on what is left out."""
    pairs: list[Pair] = []
    for measure, series in left.series.items():
        for cell, samples in series.items():
            others = right.series.get(measure, {}).get(cell, {})
            pairs += [Pair(measure, cell, i, sample, others[i]) for i, sample in samples.items() if i in others]
    pairs, notes = _sifted(pairs)
    return pairs, notes + _unlike_scores(left, right) + _alone(left, right)


def _sifted(pairs: list[Pair]) -> tuple[list[Pair], list[str]]:
    notes = []
    if other := {pair[1:3] for pair in pairs if pair.a.data != pair.b.data}:
        notes.append(f"Left out: {count(len(other), 'pair')} whose data differ.")
    pairs = [pair for pair in pairs if pair.a.data == pair.b.data]
    kept = [pair for pair in pairs if pair.measure.kind == "score" or pair.a.how == pair.b.how]
    if ways := sorted({f"A {pair.a.how}; B {pair.b.how}" for pair in pairs if pair.a.how != pair.b.how}):
        notes.append(
            "Times and memory are compared only where jobs, threads, allocator and kernel are the same; "
            f"they differ in: {in_a_row(ways)}."
        )
    changed = {
        f"{pair.a.version} in A against {pair.b.version} in B" for pair in kept if pair.a.version != pair.b.version
    }
    if changed:
        notes.append(f"Versions that differ: {in_a_row(sorted(changed))}.")
    return kept, notes


def _unlike_scores(left: Side, right: Side) -> list[str]:
    """A note on rows that have different scores in A and B, so that there is nothing to compare."""
    found = []
    for a, b in ((a, b) for a in left.series for b in right.series if a != b):
        if a.kind == b.kind == "score" and (rows := left.series[a].keys() & right.series[b].keys()):
            found.append(f"{a.title} in A and {b.title} in B, {count(len(rows), 'row')}")
    return [f"Scores that differ are not compared: {in_a_row(found)}."] if found else []


def _alone(left: Side, right: Side) -> list[str]:
    """Notes on rows, runs and seeds that only one side has, and the sides' own notes."""
    notes = []
    names = named([*cells(left), *cells(right)], left.columns).of
    for letter, side, other in (("A", left, right), ("B", right, left)):
        others = set(cells(other))
        if alone := [" ".join(names[cell]) for cell in cells(side) if cell not in others]:
            notes.append(f"In {letter} only, {count(len(alone), 'row')}: {listed(alone)}.")
        had, there = ({(c, i) for s in one.series.values() for c in s for i in s[c]} for one in (side, other))
        if lone := sum(cell in others for cell, _ in had - there):
            notes.append(f"In {letter} only: {count(lone, side.unit)} of rows that both have.")
        notes += [f"In {letter} {note}." for note in side.notes]
    return notes


def lost(left: Side, right: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the rows that B does not have, and of those that failed in B but not in A."""
    every = list(dict.fromkeys([*cells(left), *cells(right), *left.failed, *right.failed]))
    names = named(every, left.columns).of
    broken = right.failed - left.failed
    gone = set(cells(left)) - set(cells(right)) - broken
    first, second = ([" ".join(names[cell]) for cell in every if cell in part] for part in (gone, broken))
    return tuple(first), tuple(second)


def extras(left: Side, right: Side, names: Names) -> dict[tuple[str, ...], dict[str, tuple[float, float]]]:
    """Further values that were recorded on both sides, by row and name."""
    a, b = left.extras, right.extras
    found = {
        name: {what: (a[what][cell], b[what][cell]) for what in a if cell in a[what] and cell in b.get(what, {})}
        for cell, name in names.of.items()
    }
    return {name: both for name, both in found.items() if both}


def cells(side: Side) -> list[RowKey]:
    """The rows of a side, in the order of reading."""
    return list(dict.fromkeys(cell for series in side.series.values() for cell in series))


def named(rows: list[RowKey], columns: tuple[str, ...]) -> Names:
    """Name the rows; a column is shown where it tells rows apart."""
    labels = [_labels(column) for column in zip(*rows, strict=True)]
    shown = [i for i, name in enumerate(columns) if name in _ALWAYS or len(labels[i]) > 1]
    same = [f"{name} {text}" for i, name in enumerate(columns) if i not in shown for text in labels[i].values() if text]
    return Names(
        columns=tuple(columns[i] for i in shown),
        same=tuple(same),
        of={cell: tuple(labels[i][cell[i]] for i in shown) for cell in rows},
    )


def _labels(column: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The texts of a column: names, with those of their options that tell them apart."""
    found = {}
    for name, group in groupby(sorted(set(column)), key=lambda one: one[0]):
        sets = {one: json.loads(one[1]) for one in group}
        known = sorted({option for options in sets.values() for option in options})
        differ = [o for o in known if len({repr(options.get(o, "default")) for options in sets.values()}) > 1]
        for one, options in sets.items():
            text = ", ".join(f"{option}={options.get(option, 'default')}" for option in differ)
            found[one] = f"{name} ({text})" if text else name
    return found


def count(n: int, unit: str) -> str:
    """A number with its unit, in the singular for one."""
    unit = unit.removesuffix("s")
    return f"{n:,} {unit}{'s' * (n != 1)}"
