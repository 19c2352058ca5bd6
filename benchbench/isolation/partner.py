"""What an item's process has beside it: a desk that was opened for it, its phases' listener, and a folder."""

import os
import pickle
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Literal, NamedTuple

import psutil

from benchbench.isolation.phases import announce
from benchbench.isolation.reception import GONE, Address, Caller, Visit

Cause = Literal["timeout", "memory", "crash"]

OPEN = "open"
"""The first message to a desk: the answer is None, or what stands in place of the item's result."""


class Link(NamedTuple):
    """What an item's function is given beside the item: a visit to its desk, and its supervisor's ear."""

    visit: Visit
    listener: Connection
    folder: str | None = None

    def ask(self, message: Any) -> Any:
        """The desk's answer; ChildProcessError where it has gone."""
        try:
            return self.visit.ask(message)
        except GONE as error:
            raise ChildProcessError("the process that it talks to has ended") from error

    def phase(self, name: str = "") -> None:
        """Say that a phase begins; an empty name is none."""
        announce(self.listener, name)


@dataclass(frozen=True, kw_only=True)
class Partner:
    """Where an item's process finds its desk: the reception, the ``key`` of an item, and the role in which it comes.

    ``what`` names the desk in messages.
    """

    address: Address
    key: Callable[[Any], str]
    role: str
    what: str

    def visit(self, item: Any, cores: tuple[int, ...]) -> Visit:
        """A connection to the item's desk."""
        return self.address.visit(Caller(self.role, self.key(item), item, cores))


class Unopened(Exception):  # noqa: N818  an outcome, no error
    """The desk gave a result in the item's place, or ended, or took more than the limits (``reason``)."""

    def __init__(self, result: bytes | None = None, *, cause: Cause = "crash", reason: str = "") -> None:
        super().__init__(reason)
        self.result, self.cause, self.reason = result, cause, reason


def opened(visit: Visit, caller: Connection, seconds: float | None, memory: int | None) -> str:
    """Open a desk, and return what it printed; Unopened where the item cannot run, EOFError where the caller has gone.

    A desk that takes more is killed: more than so many seconds, or more bytes than this process has and so many.
    """
    start, fresh = time.monotonic(), psutil.Process().memory_info().rss
    visit.connection.send(OPEN)
    while True:
        left = start + (seconds or float("inf")) - time.monotonic()
        ready = wait([visit.connection, caller], max(0.0, min(_LOOK, left)))
        if visit.connection in ready:
            told = visit.connection.recv()
            if told.answer is not None:
                raise Unopened(pickle.dumps(told.answer), reason=told.printed)
            return str(told.printed)
        if caller in ready:
            raise EOFError
        held = _held(visit.pid) - fresh
        if left <= 0 or (memory is not None and held > memory):
            psutil.Process(visit.pid).kill()
            if left <= 0:
                raise Unopened(cause="timeout", reason=f"killed after {seconds:g} s")
            limit = f"{(memory or 0) / 2**20:,.0f} MiB"
            raise Unopened(cause="memory", reason=f"killed: it held {held / 2**20:,.0f} MiB, the limit is {limit}")


_LOOK = 0.1  # seconds between two looks at a desk


def _held(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def settle_in(folder: str) -> None:
    """Make an empty folder the one where this process works, keeps temporary files, and has its home."""
    os.chdir(folder)
    names = ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    os.environ.update(dict.fromkeys(names, folder))
    tempfile.tempdir = None
