"""Files that an item's process and its keeper share, out of reach of others."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

_KEPT = 2**20  # bytes of a text that are kept, half of its beginning and half of its end
_MOST = 2**24  # bytes that a file may grow to before its middle is dropped


class Scratch:
    """A file without a name, which a forked process shares; with one where processes are spawned."""

    def __init__(self, *, named: bool = False) -> None:
        plain, name = tempfile.mkstemp(prefix="benchbench-")
        os.close(plain)
        self._descriptor = os.open(name, os.O_RDWR | os.O_APPEND)  # after it was emptied, writing begins anew
        self._name = name if named else None
        if not named:
            Path(name).unlink()  # nothing is left behind, and nobody can delete it
        self._head, self._dropped = b"", 0

    def attach(self) -> int:
        """A descriptor that writes at the end, in the process that shares the file."""
        if self._name is None:
            return self._descriptor
        return os.open(self._name, os.O_WRONLY | os.O_APPEND)

    def clear(self) -> None:
        """Make it empty."""
        self._head, self._dropped = b"", 0
        self._empty()

    def read(self) -> bytes:
        """All that it holds."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)

    def text(self) -> str:
        """What was written; of very much, its beginning and its end."""
        tail = self.read()
        if not self._dropped and len(tail) <= _KEPT:
            return tail.decode(errors="replace")
        head = self._head or tail[: _KEPT // 2]
        left_out = self._dropped + len(tail) - _KEPT // 2 - (0 if self._dropped else _KEPT // 2)
        cut = f"\n[... {max(0, left_out):,} bytes are left out ...]\n"
        return head.decode(errors="replace") + cut + tail[-_KEPT // 2 :].decode(errors="replace")

    def trim(self) -> None:
        """Drop the middle where it has grown beyond measure."""
        size = os.fstat(self._descriptor).st_size
        if size > _MOST:
            if not self._dropped:
                self._head = os.pread(self._descriptor, _KEPT // 2, 0)
                self._dropped = -len(self._head)
            self._dropped += size
            self._empty()

    def close(self) -> None:
        """Forget it."""
        os.close(self._descriptor)
        if self._name is not None:
            with suppress(OSError):
                Path(self._name).unlink()

    def _empty(self) -> None:
        os.ftruncate(self._descriptor, 0)
