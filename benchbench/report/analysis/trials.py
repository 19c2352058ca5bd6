"""The records behind the rows of a frame, found by trial key and machine."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from benchbench.core.record import Record


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries with the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


class Records:
    """The records of a study; if a machine has several of one trial, the last one counts.

    ``places`` has the key and the machine of each record, if they are known without reading it.
    """

    def __init__(self, records: Sequence[Record], places: Iterable[tuple[str, str]] | None = None) -> None:
        named = ((record.trial.key, record.environment.machine) for record in records) if places is None else places
        self._records, self._found = records, {place: position for position, place in enumerate(named)}

    def of(self, frame: pd.DataFrame) -> list[Record]:
        """The record of each row, in the order of the rows, which need the columns ``key`` and ``machine``."""
        return [self._records[self._found[place]] for place in zip(frame["key"], frame["machine"], strict=True)]

    def rows(self, frame: pd.DataFrame, columns: list[str]) -> Iterator[tuple[tuple[object, ...], Record]]:
        """Each row's values in ``columns``, with its record."""
        return zip(frame[columns].itertuples(index=False, name=None), self.of(frame), strict=True)
