"""The columns of numbers in a file of signals, and the options that say how to read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, short, unknown

Series = NDArray[np.float64]

LARGEST = float(np.finfo(np.float32).max)
MISSING = frozenset(("", "nan", "nat", "na", "n/a", "<na>", "null", "none"))
_NUMERIC = 0.5  # a column counts as numeric if more than this share of its rows are numbers


@dataclass(frozen=True, kw_only=True)
class Form:
    """The user's options for a file: ``separator`` to ``header`` are for text files, ``array`` is for NPZ files.

    ``header``: whether the first line has names.
    """

    separator: str | None = None
    decimal: str | None = None
    comment: str | None = None
    encoding: str | None = None
    header: bool | None = None
    array: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """The columns of a file.

    ``numbers`` (time, column), of any real type, are NaN for cells that are not numbers. ``raw`` returns the original
    cell of a row and column; ``whole``, if there is one, returns a whole column faster. ``first_line`` is the line of
    the first row, 0 if the file has no lines. ``facts`` go into the record; ``hint`` goes into an error message.
    """

    labels: tuple[str, ...]
    numbers: NDArray[Any]
    raw: Callable[[int, int], object]
    whole: Callable[[int], Sequence[object]] | None = None
    first_line: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    hint: str = ""
    name: str = ""
    sha256: str = ""

    @property
    def numeric(self) -> list[int]:
        """The columns with a number in more than half of their rows."""
        if not len(self.numbers):
            return []
        return np.flatnonzero((~np.isnan(self.numbers)).mean(axis=0) > _NUMERIC).tolist()

    def cells(self, column: int) -> Sequence[object]:
        """The original cells of a column."""
        if self.whole is not None:
            return self.whole(column)
        return [self.raw(row, column) for row in range(len(self.numbers))]

    def position(self, column: str | int | None) -> int:
        """The number of a column that is given by name or number; None means the only numeric column."""
        if column is None:
            return self._only()
        if isinstance(column, int):
            if not 0 <= column < len(self.labels):
                raise InputError(f"{self.name} has no column number {column}; allowed: 0 to {len(self.labels) - 1}")
            return column
        if self.labels.count(column) != 1:
            if column in self.labels:
                called = f"{self.labels.count(column)} columns are called {short(column)}"
                raise InputError(f"{self.name}: {called}; give the number of one, counted from 0")
            raise unknown("column", column, self.labels[:100], where=self.name)
        return self.labels.index(column)

    def _only(self) -> int:
        candidates = [0] if len(self.labels) == 1 else self.numeric
        if len(candidates) == 1:
            return candidates[0]
        listed = ", ".join(self.labels[:20]) + (" ..." if len(self.labels) > 20 else "")
        counted = f"{len(candidates)} of its {len(self.labels)} columns are numeric"
        raise InputError(f"{self.name}: {counted}; choose one with the option column: {listed}{self.hint}")

    def values(self, column: int, *, gaps: bool = False) -> Series:
        """The values (time,) of a column; InputError if one is missing or not finite, or if all are equal.

        With ``gaps`` missing values are allowed, and are NaN.
        """
        values: Series = self.numbers[:, column].astype(np.float64)
        place = f"{self.name}, column {short(self.labels[column])}"
        bad = np.flatnonzero(~(np.abs(values) <= LARGEST))
        if gaps:
            bad = np.array([row for row in bad if not missing(self.raw(int(row), column))], dtype=np.intp)
        if len(bad):
            shown = [f"row {row + 1} {_fault(self.raw(int(row), column))}" for row in bad[:5]]
            listed = ", ".join(shown) + (" ..." if len(bad) > 5 else "")
            lines = f"; row 1 is line {self.first_line}" if self.first_line else ""
            raise InputError(f"{place}: {len(bad)} of {len(values)} values are not finite numbers: {listed}{lines}")
        there = values[~np.isnan(values)]
        if not len(there):
            raise InputError(f"{place} has no values")
        if np.ptp(there) == 0:
            raise InputError(f"{place} is constant: every value is {there[0]:g}, so there is nothing to learn")
        return values


def missing(value: object) -> bool:
    """Whether a cell is one of the usual marks of a missing value."""
    return str(value).strip().lower() in MISSING


def _fault(value: object) -> str:
    return "is missing" if missing(value) else f"is {str(value)[:30]!r}"
