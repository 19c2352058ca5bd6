"""The cells of a text under one reading: a separator and a decimal sign."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchbench.core.errors import short
from benchbench.signals.files.lines import SEPARATORS, Cells, Lines
from benchbench.signals.files.table import Form, Series, missing

_NAMES = {"": "no separator", "\t": "separator tab", " ": "separator blank"}
_OTHER = {".": ",", ",": "."}
_NUMBER = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"
_NUMBERS = re.compile(rf"^[^\S\n]*{_NUMBER}(?:[^\S\n]+{_NUMBER})+[^\S\n]*$", re.MULTILINE)


class Reading(NamedTuple):
    """A separator, "" where a line is one cell, and a decimal sign."""

    separator: str
    decimal: str

    def __str__(self) -> str:
        separator = _NAMES.get(self.separator, f"separator {self.separator!r}")
        return f"{separator} and decimal sign {self.decimal!r}"


@dataclass(frozen=True, kw_only=True)
class Body:
    """The cells of a text under one reading, as they stand in the lines; ``header`` is None where there is none.

    ``ragged`` says which line has another number of cells than the first: then there are no cells.
    """

    lines: Lines
    reading: Reading
    header: Cells | None = None
    columns: tuple[Cells, ...] = ()
    ragged: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names in the header, or the numbers of the columns."""
        if self.header is None:
            return tuple(map(str, range(len(self.columns))))
        return tuple(str(cell).strip() for cell in self.lines.plain(self.header))

    @cached_property
    def cells(self) -> tuple[Cells, ...]:
        """The columns without quotes."""
        return tuple(self.lines.plain(column) for column in self.columns)

    @cached_property
    def numbers(self) -> tuple[Series, ...]:
        """Of each column its numbers, NaN where there is none."""
        return tuple(numbers(column, self.reading.decimal) for column in self.cells)

    @property
    def numeric(self) -> bool:
        """Whether more than half of a column are numbers."""
        return any(len(column) and (~np.isnan(column)).mean() > 0.5 for column in self.numbers)

    @property
    def start(self) -> str:
        """The first row, as it is shown to people."""
        row = zip(self.numbers, self.cells, strict=True)
        return " | ".join(str(cells[0]).strip() if np.isnan(number[0]) else f"{number[0]:g}" for number, cells in row)

    def fault(self, form: Form) -> str:
        """Why the lines do not make a table under this reading; empty where they do.

        A torn cell is a text that another separator would cut, or that is a number with the other decimal sign.
        """
        if self.ragged:
            return self.ragged
        for cells in self._texts():
            if (torn := self._torn(cells, form)) is not None:
                return f"{short(torn.strip(), 30)} is no cell"
        return ""

    def _texts(self) -> Iterator[Cells]:
        """The cells of the header and of each column that are no numbers."""
        if self.header is not None:
            yield self.header
        for column, found in zip(self.columns, self.numbers, strict=True):
            yield column[np.isnan(found)]

    def _torn(self, texts: Cells, form: Form) -> str | None:
        if form.separator is None and self.lines.said is None:
            joined = "\n".join(texts)
            for sign in SEPARATORS[:-1]:
                if sign != self.reading.separator and sign in joined:
                    return next(str(cell) for cell in texts if sign in cell)
            if " " in joined and (several := _NUMBERS.search(joined)) is not None:
                return several[0]
        plain, other = self.lines.plain(texts), _OTHER[self.reading.decimal]
        if form.decimal is None and any(other in cell for cell in plain):
            found = plain[~np.isnan(numbers(plain, other))]
            return str(found[0]) if len(found) else None
        return None

    def same(self, other: "Body") -> bool:
        """Whether both hold the same names, numbers and texts."""
        if self.labels != other.labels:
            return False
        pairs = zip(self.numbers, other.numbers, self.cells, other.cells, strict=True)
        return all(
            np.array_equal(one, two, equal_nan=True) and _alike(cells[np.isnan(one)], others[np.isnan(one)])
            for one, two, cells, others in pairs
        )


def body_of(lines: Lines, reading: Reading) -> Body:
    """The lines under a reading."""
    separator = reading.separator
    counts = widths(lines, separator)
    width = counts[0]
    if fault := next((number for number, count in enumerate(counts) if count not in {width, 0}), 0):
        said = f"line {lines.first + fault} has {counts[fault]} cell{'s' * (counts[fault] != 1)}"
        return Body(lines=lines, reading=reading, ragged=f"{said}, line {lines.first} has {width}")
    rows = lines.rows
    if 0 in counts and width > 1:  # a blank line is a row without values
        blank = " ".join(["nan"] * width) if separator == " " else separator * (width - 1)
        rows = [line if count else blank for line, count in zip(rows, counts, strict=True)]
    first = _cells(_flat(rows[:1], separator))
    plain = lines.plain(first)
    named = bool(np.isnan(numbers(plain, reading.decimal)).all()) and not all(map(missing, plain))
    flat = _cells(_flat(rows[named:], separator))
    columns = tuple(flat[column::width] for column in range(width))
    return Body(lines=lines, reading=reading, header=first if named else None, columns=columns)


def widths(lines: Lines, separator: str) -> list[int]:
    """How many cells each line has; 0 where it is blank."""
    if separator == " ":
        return [len(line.split()) for line in lines.rows]
    if separator == "":
        return [1 if line.strip() else 0 for line in lines.rows]
    return [line.count(separator) + 1 if line.strip() else 0 for line in lines.rows]


def _flat(rows: list[str], separator: str) -> list[str]:
    """The cells of all lines, one after the other."""
    if separator == " ":
        return " ".join(rows).split()
    text = "\n".join(rows)
    return (text.replace(separator, "\n") if separator else text).split("\n") if rows else []


def numbers(cells: Cells, decimal: str) -> Series:
    """The numbers that stand in cells, NaN where there is none."""
    if decimal == ",":  # as one text, which takes a fifth of the time; a text holds neither of the two odd characters
        swapped = "\0".join(cells).replace(",", "\ue000").replace(".", ",").replace("\ue000", ".")
        cells = _cells(swapped.split("\0") if len(cells) else [])
    return np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)


def _cells(texts: "list[str] | tuple[str, ...]") -> Cells:
    cells = np.empty(len(texts), dtype=object)
    cells[:] = texts
    return cells


def _alike(one: Cells, two: Cells) -> bool:
    return [str(cell).strip() for cell in one] == [str(cell).strip() for cell in two]
