"""The records of a study that does not fit into memory: each is read from its line when it is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.core.head import Head
from benchbench.core.record import Record
from benchbench.core.store import Place, Store

HELD = 20_000
"""The number of records that are kept in memory, where they take about a gigabyte."""


class Later(Sequence[Record]):
    """A sequence of records that are read from their places when they are asked for.

    A place ends in a file and the position of the first byte of a line. The records that were read last stay in memory.
    ``held`` has records that are in memory from the start, by their position.
    """

    def __init__(
        self, places: Sequence[tuple[Path, int]] | Sequence[Place], held: Mapping[int, Record] | None = None
    ) -> None:
        self._places, self._held = places, dict(held or {})

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._places)

    def __getitem__(self, position: Any) -> Any:
        """The record at a position, or a list of the records of a slice."""
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if position < 0:
            position += len(self)
        if position not in self._held:
            *_, file, start = self._places[position]
            while len(self._held) >= HELD:
                del self._held[next(iter(self._held))]
            self._held[position] = Store(file).at(start)
        return self._held[position]


class Recorded(Later):
    """The records of a run, with the ``heads`` of all; up to ``HELD`` records are read at once, and need no file."""

    def __init__(self, places: Iterable[Place]) -> None:
        listed = list(places)
        super().__init__(listed)
        self.heads = [place.head for place in listed]
        if len(listed) <= HELD:
            self._held = {i: Store(place.file).at(place.start) for i, place in enumerate(listed)}


class ByKey(Mapping[str, Record]):
    """The records by the keys of their trials; of several records of a trial, the last. ``places`` has their places."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places: dict[str, Place] = {place.head.trial.key: place for place in places}

    def __len__(self) -> int:
        """How many trials have a record."""
        return len(self.places)

    def __iter__(self) -> Iterator[str]:
        """The keys, in the order in which their trials were first recorded."""
        return iter(self.places)

    def __contains__(self, key: object) -> bool:
        """Whether a trial has a record."""
        return key in self.places

    def __getitem__(self, key: str) -> Record:
        """The record of a trial, read from its line."""
        place = self.places[key]
        return Store(place.file).at(place.start)

    def head(self, key: str) -> Head:
        """The head of a trial's record."""
        return self.places[key].head
