"""The records of a study that is larger than memory: each is read again from its line when it is asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.core.record import Record
from benchbench.core.store import Store

HELD = 20_000
"""Records that are kept in memory, which take about a gigabyte."""


class Later(Sequence[Record]):
    """Records by their places, a file and the first byte of a line; those asked for last are kept in memory.

    ``held`` has some of them already, by their position.
    """

    def __init__(self, places: Sequence[tuple[Path, int]], held: Mapping[int, Record]) -> None:
        self._places, self._held = places, dict(held)

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._places)

    def __getitem__(self, position: Any) -> Any:
        """The record at a position, or a list of those of a slice."""
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if position not in self._held:
            file, start = self._places[position]
            while len(self._held) >= HELD:
                del self._held[next(iter(self._held))]
            self._held[position] = Store(file).at(start)
        return self._held[position]
