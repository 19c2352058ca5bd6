"""The records of a study that does not fit into memory: a record is read from its line whenever it is needed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.core.record import Record
from benchbench.core.store import Store

HELD = 20_000
"""The most records that are kept in memory; they take about a gigabyte."""


class Later(Sequence[Record]):
    """A sequence of records, of which the most recently read ones are kept in memory.

    ``places`` has the file of each record and the first byte of its line. ``held`` has some already, by position.
    """

    def __init__(self, places: Sequence[tuple[Path, int]], held: Mapping[int, Record]) -> None:
        self._places, self._held = places, dict(held)

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._places)

    def __getitem__(self, position: Any) -> Any:
        """The record at a position, or the list of records of a slice."""
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if position not in self._held:
            file, start = self._places[position]
            while len(self._held) >= HELD:
                del self._held[next(iter(self._held))]
            self._held[position] = Store(file).at(start)
        return self._held[position]
