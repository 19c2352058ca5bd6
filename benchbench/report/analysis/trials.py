"""The records behind the rows of a frame, found by trial key and machine."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from benchbench.core.record import Record


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries with the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


class Records:
    """The records of a study; if a machine has several of one trial, the last one counts."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._found = {(record.trial.key, record.environment.machine): record for record in records}

    def of(self, frame: pd.DataFrame) -> list[Record]:
        """The record of each row of a frame with the columns ``key`` and ``machine``."""
        return [self._found[place] for place in zip(frame["key"], frame["machine"], strict=True)]

    def rows(self, frame: pd.DataFrame, columns: list[str]) -> Iterator[tuple[tuple[object, ...], Record]]:
        """Each row's values in ``columns``, with its record."""
        return zip(frame[columns].itertuples(index=False, name=None), self.of(frame), strict=True)
