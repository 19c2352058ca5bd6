"""A file of signals as columns of numbers, and how it is to be read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, short, unknown

Series = NDArray[np.float64]

LARGEST = float(np.finfo(np.float32).max)
MISSING = frozenset(("", "nan", "nat", "na", "n/a", "<na>", "null", "none"))
_NUMERIC = 0.5  # of its rows, above which a column counts as numeric


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the user says of a file: ``separator`` to ``header`` of a text, and an ``array``.

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

    ``numbers`` (time, column), of any real type, are NaN where there is none; ``raw`` gives what stands at a row and
    column, ``whole`` all of a column at once where that is faster. ``first_line`` is the line of the first row, 0 where
    the file has no lines. ``facts`` are the reader's own, for the record; ``hint`` goes into a refusal.
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
        """What stands in a column."""
        if self.whole is not None:
            return self.whole(column)
        return [self.raw(row, column) for row in range(len(self.numbers))]

    def position(self, column: str | int | None) -> int:
        """The number of the column that is meant; None is the only numeric one."""
        if column is None:
            return self._only()
        if isinstance(column, int):
            if not 0 <= column < len(self.labels):
                raise InputError(f"{self.name}: no column number {column}; allowed: 0 to {len(self.labels) - 1}")
            return column
        if self.labels.count(column) != 1:
            if column in self.labels:
                called = f"{self.labels.count(column)} columns are called {short(column)}"
                raise InputError(f"{self.name}: {called}; give its number from 0")
            raise unknown("column", column, self.labels[:100], where=self.name)
        return self.labels.index(column)

    def _only(self) -> int:
        candidates = [0] if len(self.labels) == 1 else self.numeric
        if len(candidates) == 1:
            return candidates[0]
        listed = ", ".join(self.labels[:20]) + (" ..." if len(self.labels) > 20 else "")
        counted = f"{len(candidates)} of its {len(self.labels)} columns are numeric"
        raise InputError(f"{self.name}: {counted}; set column: {listed}{self.hint}")

    def values(self, column: int, *, gaps: bool = False) -> Series:
        """The values of a column: (time,); InputError where one is missing or not finite, or all are the same.

        With ``gaps`` what is missing is NaN.
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
            raise InputError(f"{place}: {len(bad)} of {len(values)} values are no finite numbers: {listed}{lines}")
        there = values[~np.isnan(values)]
        if not len(there):
            raise InputError(f"{place}: no values")
        if np.ptp(there) == 0:
            raise InputError(f"{place}: constant, every value is {there[0]:g}: nothing to learn")
        return values


def missing(value: object) -> bool:
    """Whether a cell is one of the usual ways to say that there is no value."""
    return str(value).strip().lower() in MISSING


def _fault(value: object) -> str:
    return "is missing" if missing(value) else f"is {str(value)[:30]!r}"
