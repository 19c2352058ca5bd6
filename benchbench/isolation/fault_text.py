"""The text of a message about an exception: its type, its text, and the last line of the competitor's own code."""

import re
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchbench.core.errors import DivergedError, FormError, InputError, UnsupportedError

_LIBRARIES = tuple({path for name, path in sysconfig.get_paths().items() if name.endswith(("lib", "stdlib"))})
_PACKAGE = Path(__file__).parent.parent
_HARNESS = tuple(
    str(_PACKAGE / room) for room in ("calibration", "contract", "isolation", "measure", "run")
)  # plug-ins are in other folders
_MESSAGE = 1_000  # characters of an exception that are kept
_QUOTED = re.compile(r"(['\"])/[^'\"\n]*/([^'\"\n/]+)\1")
_PATH = re.compile(r"(?<![\w.:/])/(?:[^\s'\"`,;:()<>\[\]]+/)+([^\s'\"`,;:()<>\[\]/]*)")


class Frame(NamedTuple):
    """A line of a traceback."""

    file: str
    line: int
    function: str


def place(frames: Sequence[Frame], home: str | None = None) -> str:
    """`` (net.py:12 in fit)``, with the file's name only; empty if all frames are the harness's own.

    ``frames`` run from the outermost to the innermost. The place is the last frame in the file ``home``, or else the
    last one outside of installed libraries, or else the last one.
    """
    theirs = [frame for frame in frames if not frame.file.startswith(_HARNESS)]
    own = [frame for frame in theirs if frame.file == home]
    foreign = [frame for frame in theirs if not frame.file.startswith(_LIBRARIES)]
    candidates = own or foreign or theirs
    if not candidates:
        return ""
    frame = candidates[-1]
    return f" ({Path(frame.file).name}:{frame.line} in {frame.function})"


def describe(error: BaseException, home: str | None = None) -> str:
    """An exception's type, its text and its last frame in the file ``home``."""
    try:
        text = " ".join(str(error).encode(errors="backslashreplace").decode().split())[:_MESSAGE]
    except Exception as unprintable:
        text = f"(printing it raised {type(unprintable).__name__})"
    if isinstance(error, (DivergedError, UnsupportedError, FormError, InputError)):
        return text
    frames = [Frame(one.filename, one.lineno or 0, one.name) for one in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__}{f': {text}' if text else ''}{place(frames, home)}"


def without_paths(text: str) -> str:
    """A message with file names in place of absolute POSIX paths, since users share records."""
    return _PATH.sub(lambda path: path[1] or Path(path[0]).name, _QUOTED.sub(r"\1\2\1", text))
