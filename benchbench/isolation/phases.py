"""The phases of an item, as its process announces them, timed by the process that watches it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from benchbench.isolation import process_tree

_LONGEST = 256  # bytes of a message


@dataclass(frozen=True)
class Seen:
    """Seconds of each phase of an item, and processor seconds of its process and all that it started, as seen outside.

    A phase that came twice counts with both.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)


class Phases:
    """Listens to an item's process: each message names the phase that begins, and an empty one is none.

    The process waits for the answer, so that nothing of it runs while its seconds are read.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = process_tree.cpu_seconds
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._current = ""
        self._since = (0.0, 0.0)
        self.seen = Seen()

    def heard(self, connection: Connection) -> bool:
        """Take in one message; False where the process has closed its end."""
        try:
            self.begin(connection.recv_bytes(_LONGEST).decode(errors="replace"))
            connection.send_bytes(b"")
        except (EOFError, OSError):
            return False
        return True

    def begin(self, name: str = "") -> None:
        """End the phase that is on, and begin another."""
        now = self._clock(), self._cpu()
        if self._current:
            for kept, before, after in zip((self.seen.seconds, self.seen.cpu_seconds), self._since, now, strict=True):
                kept[self._current] = round(kept.get(self._current, 0.0) + max(0.0, after - before), 6)
        self._current = name
        self._since = self._clock(), now[1]


def announce(connection: Connection, name: str) -> None:
    """Say in an item's process that a phase begins."""
    connection.send_bytes(name.encode())
    connection.recv_bytes(_LONGEST)
