"""The cells of a text table, read with one separator and one decimal sign."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchbench.core.errors import short
from benchbench.signals.files.lines import SEPARATORS, Cells, Lines
from benchbench.signals.files.table import Form, Series, missing

_NAMES = {"": "no separator", "\t": "separator tab", " ": "separator blank"}
_OTHER = {".": ",", ",": "."}
_NUMBER = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"
_NUMBERS = re.compile(rf"^[^\S\n]*{_NUMBER}(?:[^\S\n]+{_NUMBER})+[^\S\n]*$", re.MULTILINE)


class Reading(NamedTuple):
    """A way to read a text: with this separator, "" if a line is one cell, and this decimal sign."""

    separator: str
    decimal: str

    def __str__(self) -> str:
        separator = _NAMES.get(self.separator, f"separator {self.separator!r}")
        return f"{separator} and decimal sign {self.decimal!r}"


@dataclass(frozen=True, kw_only=True)
class Body:
    """The cells of a text under one reading: ``columns`` of cells (row,), and a ``header`` (column,) or None.

    If a line has another number of cells than the first, ``ragged`` says which, and there are no columns.
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
        """The columns (row,) without quotes."""
        return tuple(self.lines.plain(column) for column in self.columns)

    @cached_property
    def numbers(self) -> tuple[Series, ...]:
        """The numbers (row,) in each column, NaN for a cell that is not a number."""
        return tuple(numbers(column, self.reading.decimal) for column in self.cells)

    @property
    def numeric(self) -> bool:
        """Whether some column consists of numbers in more than half of its rows."""
        return any(len(column) and (~np.isnan(column)).mean() > 0.5 for column in self.numbers)

    @property
    def start(self) -> str:
        """The first row, for messages."""
        row = zip(self.numbers, self.cells, strict=True)
        return " | ".join(str(cells[0]).strip() if np.isnan(number[0]) else f"{number[0]:g}" for number, cells in row)

    def fault(self, form: Form) -> str:
        """Why the lines are not a table under this reading; empty if they are.

        A table has no cell that another separator would cut, or that is a number with the other decimal sign.
        """
        if self.ragged:
            return self.ragged
        for cells in self._texts():
            if (wrong := self._misread_cell(cells, form)) is not None:
                return f"{short(wrong.strip(), 30)} would be one cell"
        return ""

    def _texts(self) -> Iterator[Cells]:
        """The cells of the header, and those of each column that are not numbers."""
        if self.header is not None:
            yield self.header
        for column, found in zip(self.columns, self.numbers, strict=True):
            yield column[np.isnan(found)]

    def _misread_cell(self, texts: Cells, form: Form) -> str | None:
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

    def doubt(self, form: Form) -> str:
        """What is ambiguous under this reading, and which option settles it; empty if nothing is."""
        if form.header is None and self.header is None and self._counts_columns():
            line = " | ".join(str(cells[0]).strip() for cells in self.cells)
            return (
                f"line {self.lines.first} ({line}) may be the first row or the numbers of the columns; "
                "say which with the option header"
            )
        sign = self.reading.decimal
        for cells, label in zip(self.cells, self.labels, strict=True):
            if form.decimal is None and (shown := _grouped(cells, sign)) is not None:
                said = f"{shown!r} in column {short(label)} may have decimals, or be {shown.replace(sign, '')}"
                return f"{said}; give decimal = {sign!r}, or remove the signs between thousands from the file"
        return ""

    def _counts_columns(self) -> bool:
        """Whether the first row is 0, 1, 2 ... above values that are not whole, like column numbers in a header."""
        start = [str(cells[0]).strip() for cells in self.cells if len(cells) > 1]
        start = start[1:] if len(start) > 1 and not start[0] else start
        further = self.numbers[len(self.numbers) - len(start) :]
        return start == [str(i) for i in range(len(start))] != [] and any(
            (column[np.isfinite(column)] % 1 != 0).any() for column in further
        )

    def same(self, other: "Body") -> bool:
        """Whether both have equal names, numbers and texts."""
        if self.labels != other.labels:
            return False
        pairs = zip(self.numbers, other.numbers, self.cells, other.cells, strict=True)
        return all(
            np.array_equal(one, two, equal_nan=True) and _alike(cells[np.isnan(one)], others[np.isnan(one)])
            for one, two, cells, others in pairs
        )


def body_of(lines: Lines, reading: Reading, form: Form) -> Body:
    """The lines under a reading.

    The first line has names if the form says so; without the form's word, if none of its cells is a number, or if one
    is a text above a column that consists of numbers.
    """
    separator = reading.separator
    counts = widths(lines, separator)
    width = counts[0]
    if fault := next((number for number, count in enumerate(counts) if count not in {width, 0}), 0):
        said = f"line {lines.first + fault} has {counts[fault]} cell{'s' * (counts[fault] != 1)}"
        return Body(lines=lines, reading=reading, ragged=f"{said}, line {lines.first} has {width}")
    rows = lines.rows
    if 0 in counts and width > 1:  # a blank line counts as a row without values
        blank = " ".join(["nan"] * width) if separator == " " else separator * (width - 1)
        rows = [line if count else blank for line, count in zip(rows, counts, strict=True)]
    first = _cells(_flat(rows[:1], separator))
    plain = lines.plain(first)
    texts = np.isnan(numbers(plain, reading.decimal)) & np.array([not missing(cell) for cell in plain])
    below = _cells(_flat(rows[1:], separator))
    named = form.header
    if named is None:
        named = bool(texts.any()) and (
            bool(np.isnan(numbers(plain, reading.decimal)).all()) or _above_numbers(texts, below, lines, reading)
        )
    flat = below if named else _cells(_flat(rows, separator))
    columns = tuple(flat[column::width] for column in range(width))
    return Body(lines=lines, reading=reading, header=first if named else None, columns=columns)


def _above_numbers(texts: NDArray[np.bool_], below: Cells, lines: Lines, reading: Reading) -> bool:
    """Whether a cell that is a text is above a column that consists of numbers."""
    columns = (lines.plain(below[column :: len(texts)]) for column in np.flatnonzero(texts))
    return any(len(column) and not np.isnan(numbers(column, reading.decimal)).any() for column in columns)


def widths(lines: Lines, separator: str) -> list[int]:
    """How many cells each line has; 0 for a blank line."""
    if separator == " ":
        return [len(line.split()) for line in lines.rows]
    if separator == "":
        return [1 if line.strip() else 0 for line in lines.rows]
    return [line.count(separator) + 1 if line.strip() else 0 for line in lines.rows]


def _flat(rows: list[str], separator: str) -> list[str]:
    """The cells of all lines, row by row."""
    if separator == " ":
        return " ".join(rows).split()
    text = "\n".join(rows)
    return (text.replace(separator, "\n") if separator else text).split("\n") if rows else []


def numbers(cells: Cells, decimal: str) -> Series:
    """The numbers in cells (row,), NaN for a cell that is not a number."""
    if decimal == ",":  # replaced in one text, which takes a fifth of the time; no text holds the two odd characters
        swapped = "\0".join(cells).replace(",", "\ue000").replace(".", ",").replace("\ue000", ".")
        cells = _cells(swapped.split("\0") if len(cells) else [])
    return np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)


def _grouped(cells: Cells, sign: str) -> str | None:
    """A cell whose decimal sign may be a sign between thousands, if that is possible in every cell of the column.

    An example is 1,004 among 998 and 3. If every number has exactly three decimals, they are taken for decimals.
    """
    pattern = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}({re.escape(sign)}\d{{3}})+|\d{{1,3}})")
    shown, whole = None, False
    for cell in cells:
        text = str(cell).strip()
        if missing(text):
            continue
        found = pattern.fullmatch(text)
        if found is None:
            return None
        shown, whole = (text, whole) if found[1] else (shown, True)
    return shown if whole else None


def _cells(texts: "list[str] | tuple[str, ...]") -> Cells:
    cells = np.empty(len(texts), dtype=object)
    cells[:] = texts
    return cells


def _alike(one: Cells, two: Cells) -> bool:
    return [str(cell).strip() for cell in one] == [str(cell).strip() for cell in two]
