"""Files that an item's process shares with its supervisor and with no other process."""

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_HALF = 2**19  # bytes that are kept of a long text's beginning, and of its end
_MOST = 2**24  # bytes to which a file may grow before its middle is dropped


class SharedFile:
    """A file without a name, which a forked process inherits; for spawned processes, a file with a name."""

    def __init__(self, *, named: bool = False) -> None:
        plain, name = tempfile.mkstemp(prefix="benchbench-")
        os.close(plain)
        self._descriptor = os.open(name, os.O_WRONLY | os.O_APPEND)  # appends from the start once it is emptied
        self._reader = os.open(name, os.O_RDONLY)  # has a position of its own, which writing does not move
        self._name = name if named else None
        if not named:
            Path(name).unlink()  # so that it leaves nothing behind and cannot be deleted
        self._head, self._dropped = b"", 0

    def attach(self) -> int:
        """A descriptor that appends to the file, for the process that shares it."""
        if self._name is None:
            return self._descriptor
        return os.open(self._name, os.O_WRONLY | os.O_APPEND)

    def clear(self) -> None:
        """Empty the file."""
        self._head, self._dropped = b"", 0
        self._empty()

    def read(self) -> bytes:
        """The whole content."""
        os.lseek(self._reader, 0, os.SEEK_SET)
        parts = iter(lambda: os.read(self._reader, _MOST), b"")
        return b"".join(parts)

    def text(self) -> str:
        """The text that was written, or the beginning and the end of a long one."""
        content = self._head + self.read()
        if len(content) + self._dropped <= 2 * _HALF:
            return content.decode(errors="replace")
        head, rest = content[:_HALF], content[_HALF:]
        cut = f"\n[... {self._dropped + max(0, len(rest) - _HALF):,} bytes are left out ...]\n"
        return head.decode(errors="replace") + cut + rest[-_HALF:].decode(errors="replace")

    def trim(self) -> None:
        """Keep only the beginning if the file has grown too large."""
        if os.fstat(self._descriptor).st_size > _MOST:
            content = self.read()
            self._empty()
            head = self._head or content[:_HALF]
            self._dropped += len(content) - (0 if self._head else len(head))
            self._head = head

    def require_room(self) -> None:
        """OSError if nothing more can be written."""
        size = os.fstat(self._descriptor).st_size
        try:
            write(self._descriptor, bytes(_HALF))
        finally:
            os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """Close the file, and remove it if it has a name."""
        os.close(self._descriptor)
        os.close(self._reader)
        if self._name is not None:
            with suppress(OSError):
                Path(self._name).unlink()

    def _empty(self) -> None:
        os.ftruncate(self._descriptor, 0)


def flush() -> None:
    """Write out what this process has printed."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a plug-in may have closed it, or put something else there
            stream.flush()


def write(descriptor: int, content: bytes) -> None:
    """Write all of ``content``; OSError if the disk fills up on the way."""
    while content:
        content = content[os.write(descriptor, content) :]
