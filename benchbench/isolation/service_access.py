"""How an item's process reaches its service, reports its phases and gets a folder of its own."""

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
from benchbench.isolation.services import CONNECTION_LOST, Address, ConnectionRequest, ServiceConnection

Cause = Literal["timeout", "memory", "crash"]

OPEN = "open"
"""The first message to a service; the answer is None, or a result that replaces the item's."""


class Link(NamedTuple):
    """The second argument of an item's function: connections to its service and its supervisor, and a folder."""

    service: ServiceConnection
    listener: Connection
    folder: str | None = None

    def ask(self, message: Any) -> Any:
        """Send a message to the service, and return the answer; ChildProcessError if the service has ended."""
        try:
            return self.service.ask(message)
        except CONNECTION_LOST as error:
            raise ChildProcessError("the process of the service has ended") from error

    def phase(self, name: str = "") -> None:
        """Tell the supervisor that a phase begins; an empty name ends the last one."""
        announce(self.listener, name)


@dataclass(frozen=True, kw_only=True)
class ServiceAccess:
    """How to reach an item's service: the broker's address, the service's ``key`` of an item, and the client's role.

    ``what`` names the service in messages.
    """

    address: Address
    key: Callable[[Any], str]
    role: str
    what: str

    def connect(self, item: Any, cores: tuple[int, ...]) -> ServiceConnection:
        """Connect to the item's service."""
        return self.address.connect(ConnectionRequest(self.role, self.key(item), item, cores))


class Unopened(Exception):  # noqa: N818  an outcome, no error
    """The service replaced the item's result, or was killed since it exceeded a limit (``reason``)."""

    def __init__(self, result: bytes | None = None, *, cause: Cause = "crash", reason: str = "") -> None:
        super().__init__(reason)
        self.result, self.cause, self.reason = result, cause, reason


def open_service(service: ServiceConnection, caller: Connection, seconds: float | None, memory: int | None) -> str:
    """Open a service, and return what it printed; Unopened if the item cannot run, EOFError if the caller has ended.

    A service that takes more than ``seconds``, or ``memory`` bytes more than this process has, is killed.
    """
    start, fresh = time.monotonic(), psutil.Process().memory_info().rss
    service.pipe.send(OPEN)
    while True:
        left = start + (seconds or float("inf")) - time.monotonic()
        ready = wait([service.pipe, caller], max(0.0, min(_LOOK, left)))
        if service.pipe in ready:
            told = service.pipe.recv()
            if told.answer is not None:
                raise Unopened(pickle.dumps(told.answer), reason=told.printed)
            return str(told.printed)
        if caller in ready:
            raise EOFError
        held = _held(service.pid) - fresh
        if left <= 0 or (memory is not None and held > memory):
            psutil.Process(service.pid).kill()
            if left <= 0:
                raise Unopened(cause="timeout", reason=f"killed after {seconds:g} s")
            limit = f"{(memory or 0) / 2**20:,.0f} MiB"
            raise Unopened(cause="memory", reason=f"killed: it used {held / 2**20:,.0f} MiB, the limit is {limit}")


_LOOK = 0.1  # seconds between two looks at a service


def _held(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def use_as_home(folder: str) -> None:
    """Make a folder the working folder, the temporary folder and the home of this process."""
    os.chdir(folder)
    names = ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    os.environ.update(dict.fromkeys(names, folder))
    tempfile.tempdir = None
