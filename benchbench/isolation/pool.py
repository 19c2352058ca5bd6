"""Maps a function over items, each in a process of its own.

A server that has PyTorch loaded, but neither a thread pool nor a device context, forks the supervisor, which forks a
process for each item. Such a process starts within tens of milliseconds, has a memory peak of its own, and costs only
one item if it crashes.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize, get_temp_dir
from typing import Any, Generic, TypeVar

from benchbench.core.errors import InputError
from benchbench.isolation.inbox import Inbox
from benchbench.isolation.leases import Leases
from benchbench.isolation.phases import Seen
from benchbench.isolation.service_access import ServiceAccess
from benchbench.isolation.services import Broker
from benchbench.isolation.slot import PATIENCE, STARTS, Slot, clean_start, context
from benchbench.isolation.supervisor import Limits, Lost, Supervisor, Surroundings
from benchbench.isolation.temporary import held

Item = TypeVar("Item")
Result = TypeVar("Result")

NO_LIMITS = Limits()
_LONG, _ASK = 5.0, 0.02  # seconds: until a wait for cores is reported, and between two attempts to get them
_SETTLED: list[Finalize] = []  # removes this process's folder of sockets


def start_server(preload: str) -> None:
    """Start the server that forks processes, which imports the module ``preload``, so that it is ready in time.

    A server that runs already is kept as it is. InputError if the path of its socket would be too long.
    """
    server = context()
    if server.get_start_method() == "forkserver":
        from multiprocessing import forkserver  # noqa: PLC0415  POSIX only

        server.set_forkserver_preload([preload])
        try:
            _settle()
            with clean_start():
                forkserver.ensure_running()
        except OSError as error:
            place = tempfile.gettempdir()
            raise InputError(
                f"no process can be started with sockets in {place}: {error}; set TMPDIR to a short path"
            ) from error


def isolated_map(
    function: Callable[..., Result],
    items: Iterable[Item] | Inbox[Item],
    *,
    jobs: int = 1,
    threads: int = 1,
    limits: Limits = NO_LIMITS,
    prepare: Callable[[], None] | None = None,
    access: ServiceAccess | None = None,
    work_folders: str | None = None,
    on_start: Callable[[Item], None] = lambda _: None,
    on_output: Callable[[Item, str], None] = lambda _item, _text: None,
    on_seen: Callable[[Item, Seen], None] = lambda _item, _seen: None,
    on_wait: Callable[[], None] = lambda: None,
) -> Generator[tuple[Item, Result | Lost], None, None]:
    """Yield each item with its result when it ends; ``jobs`` items run in parallel, each on ``threads`` cores.

    Other maps on this machine do not use these cores meanwhile; ``on_wait`` is called if other maps have held all cores
    for a while. Items may arrive through an Inbox while others run. ``prepare`` is called once before processes are
    forked, to load what all items need. With ``access``, the item's service is opened first, and ``function`` gets a
    Link as well. Each item gets an empty folder in ``work_folders``. A process that exceeds its ``limits`` is killed
    with all its children. ``on_output`` gets what an item printed, ``on_seen`` the times of its phases. A
    supervisor that dies is replaced. Closing the iterator kills the items that run.
    """

    def made() -> Supervisor:
        around = Surroundings(threads=threads)
        return Supervisor(
            function=function,
            prepare=prepare,
            access=access,
            work_folders=work_folders,
            limits=limits,
            surroundings=around,
        )

    slots, leases = [Slot(made) for _ in range(jobs)], Leases(jobs, threads)
    try:
        for item, answer in _answers(slots, _Waiting(items, leases, on_wait), leases, on_start):
            result, output, seen = answer
            if output:
                on_output(item, output)
            on_seen(item, seen)
            yield item, result
    finally:
        for slot in slots:
            slot.release()
        for slot in slots:
            slot.close()
        leases.close()


def _answers(
    slots: list[Slot], waiting: "_Waiting[Item]", leases: Leases, on_start: Callable[[Item], None]
) -> Iterator[tuple[Item, tuple[Any, str, Seen]]]:
    """Each item when it ends, with its result, what it printed and the times of its phases."""
    busy: dict[Any, tuple[Slot, Item]] = {}
    while True:
        for slot in [slot for slot in slots if slot.connection not in busy]:
            if (given := waiting.next(bool(busy))) is None:
                break
            item, chosen = given
            on_start(item)
            slot.give(item, chosen)
            busy[slot.connection] = slot, item
        if waiting.over and not busy:
            return
        for connection in wait([*busy, *waiting.handles(len(busy) < len(slots))], waiting.pause):
            if connection not in busy:
                continue
            slot, item = busy.pop(connection)
            answer = slot.take()
            if answer is None:  # it has begun, or has moved to another supervisor
                busy[slot.connection] = slot, item
                continue
            leases.give_back(slot.cores)
            yield item, answer


class _Waiting(Generic[Item]):
    """The items that wait for a slot and for cores."""

    def __init__(self, items: Iterable[Item] | Inbox[Item], leases: Leases, on_wait: Callable[[], None]) -> None:
        self._inbox = items if isinstance(items, Inbox) else None
        self._items = iter(()) if isinstance(items, Inbox) else iter(items)
        self._leases, self._on_wait = leases, on_wait
        self._next: list[Item] = []
        self._since: float | None = None
        self.over = False

    def next(self, busy: bool) -> tuple[Item, tuple[int, ...]] | None:
        """The next item and its cores, or None if there are none yet; ``busy``: other items of this map run."""
        if not self._next and not self._come():
            return None
        if (cores := self._leases.ask()) is None:
            self._wait(busy)
            return None
        self._since = None
        return self._next.pop(), cores

    def _come(self) -> bool:
        if self._inbox is not None:
            item = self._inbox.take()
            self._next += [] if item is None else [item]
            self.over = self._inbox.ended and not self._next
        else:
            self._next += [*islice(self._items, 1)]
            self.over = not self._next
        return bool(self._next)

    def _wait(self, busy: bool) -> None:
        now = time.monotonic()
        self._since = self._since or now
        if not busy and now - self._since > _LONG:
            self._on_wait()
            self._since = float("inf")  # report it only once

    def handles(self, room: bool) -> list[Any]:
        """What else to wait for, if there is ``room`` for another item."""
        return [self._inbox] if self._inbox is not None and room and not self._next and not self.over else []

    @property
    def pause(self) -> float | None:
        """Seconds until the next attempt to get cores; None if no item waits for them."""
        return _ASK if self._next else None


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class BrokerProcess:
    """The process of a broker: started when it is needed, and again after it has died."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def ensure(self) -> None:
        """Start it unless it runs; ChildProcessError if it does not start."""
        if self._process is not None and self._process.is_alive():
            return
        for _ in range(STARTS):
            self.close()
            self._connection, theirs = multiprocessing.Pipe()
            process = context().Process(target=self._broker.serve, args=(theirs,))
            with clean_start():
                process.start()
            self._process = process  # not earlier: an interrupt may come before it has started
            theirs.close()
            with suppress(EOFError, OSError):
                self._connection.recv()
                return
        raise ChildProcessError(f"the process that makes the data and scores ended at once, {STARTS} times")

    def close(self) -> None:
        """End it and its services; kill it if it does not end in time."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.join(PATIENCE)
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


def _settle() -> None:
    """Put the sockets of multiprocessing into a folder that is removed even if this process is killed."""
    if not _SETTLED:
        folder = ExitStack()
        usual, tempfile.tempdir = tempfile.tempdir, folder.enter_context(held("server"))
        try:
            get_temp_dir()
        finally:
            tempfile.tempdir = usual
        _SETTLED.append(Finalize(None, folder.close, exitpriority=-200))  # after multiprocessing's own
