"""Which line a message names: the last one that belongs to the competitor."""

import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_LIBRARIES = tuple({path for name, path in sysconfig.get_paths().items() if name.endswith(("lib", "stdlib"))})


class Frame(NamedTuple):
    """A line of a traceback."""

    file: str
    line: int
    function: str


def place(frames: Sequence[Frame], home: str | None = None) -> str:
    """`` (net.py:12 in fit)``, with the file's name only; empty where there is no frame.

    ``frames`` from the outermost to the innermost. The last one in the file ``home``; else the last one outside of
    installed libraries; else the last.
    """
    own = [frame for frame in frames if frame.file == home]
    foreign = [frame for frame in frames if not frame.file.startswith(_LIBRARIES)]
    for frame in (own or foreign or [*frames])[-1:]:
        return f" ({Path(frame.file).name}:{frame.line} in {frame.function})"
    return ""
