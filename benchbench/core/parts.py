"""A file of lines in parts, which several processes can read."""

import os
from pathlib import Path
from typing import NamedTuple

from benchbench.core.lines import LONGEST

_CHUNK = 2**20  # bytes that are read at a time


class Part(NamedTuple):
    """A part of a file: the positions of its first byte and of its end, and how many lines stand before it.

    The last part has no end, since the file may grow.
    """

    start: int = 0
    end: int | None = None
    before: int = 0


def parts(path: Path, count: int) -> list[Part]:
    """A file in at most ``count`` parts of about equal size, of whole lines unless one is too long for a record."""
    found, before = list[Part](), 0
    with path.open("rb") as file:
        size, starts = file.seek(0, os.SEEK_END), [0]
        for i in range(1, count):
            file.seek(size * i // count)
            file.readline(LONGEST + 1)
            if starts[-1] < file.tell() < size:
                starts.append(file.tell())
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            found.append(Part(start, end, before))
            file.seek(start)
            while end is not None and (chunk := file.read(min(_CHUNK, end - file.tell()))):
                before += chunk.count(b"\n")
    return found
