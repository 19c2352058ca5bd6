"""Times the phases of an item: its process announces them, and the process that watches it takes the times."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from benchbench.isolation import process_tree

_LONGEST = 256  # bytes of a message


@dataclass(frozen=True)
class Seen:
    """Seconds of each phase of an item, and processor seconds of its process and its children, as its supervisor saw.

    A phase that occurred twice has the sum of both.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)


class Phases:
    """Listens to an item's process: each message names the phase that begins; an empty one ends the current phase.

    The process waits for the answer, so that it does not run while its times are read.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = process_tree.cpu_seconds
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._current = ""
        self._since = (0.0, 0.0)
        self.seen = Seen()

    def heard(self, connection: Connection) -> bool:
        """Read one message; False if the process has closed its end."""
        try:
            self.begin(connection.recv_bytes(_LONGEST).decode(errors="replace"))
            connection.send_bytes(b"")
        except (EOFError, OSError):
            return False
        return True

    def begin(self, name: str = "") -> None:
        """End the current phase, and begin another unless the name is empty."""
        now = self._clock(), self._cpu()
        if self._current:
            for kept, before, after in zip((self.seen.seconds, self.seen.cpu_seconds), self._since, now, strict=True):
                kept[self._current] = round(kept.get(self._current, 0.0) + max(0.0, after - before), 6)
        self._current = name
        self._since = self._clock(), now[1]


def announce(connection: Connection, name: str) -> None:
    """Tell the supervisor, from an item's process, that a phase begins."""
    connection.send_bytes(name.encode())
    connection.recv_bytes(_LONGEST)
