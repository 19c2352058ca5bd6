"""Map a function over items, each in a process of its own.

A server with torch loaded, but without a thread pool or a device context, forks the supervisor, and the supervisor
forks each item's process. So the process starts in tens of milliseconds, its memory peak is its own, and its crash
costs one item.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running as start_tracker
from multiprocessing.util import Finalize, get_temp_dir
from types import ModuleType
from typing import Any, TypeVar

from benchbench.core.errors import InputError
from benchbench.isolation.partner import Partner
from benchbench.isolation.phases import Seen
from benchbench.isolation.reception import Reception
from benchbench.isolation.supervisor import THREAD_LIMITS, Limits, Lost, Supervisor, Surroundings
from benchbench.isolation.temporary import held

Item = TypeVar("Item")
Result = TypeVar("Result")

NO_LIMITS = Limits()
_PATIENCE = 5.0  # seconds for a supervisor to end what it keeps
_STARTS = 3  # times that a supervisor is started for one item, or a reception
_SETTLED: list[Finalize] = []  # what puts away this process's folder of sockets


def start_server(preload: str) -> None:
    """Start the server, so that it is ready when the first item is; it imports the module ``preload``.

    A server that runs already keeps what it has loaded. InputError where the path of its socket would be too long.
    """
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver  # noqa: PLC0415  POSIX only

        context.set_forkserver_preload([preload])
        try:
            _settle()
            with _clean_start():
                forkserver.ensure_running()
        except OSError as error:
            place = tempfile.gettempdir()
            raise InputError(f"no process can be started from {place}: {error}; set TMPDIR to a short path") from error


def isolated_map(
    function: Callable[..., Result],
    items: Iterable[Item],
    *,
    jobs: int = 1,
    threads: int = 1,
    limits: Limits = NO_LIMITS,
    prepare: Callable[[], None] | None = None,
    partner: Partner | None = None,
    rooms: str | None = None,
    on_start: Callable[[Item], None] = lambda _: None,
    on_output: Callable[[Item, str], None] = lambda _item, _text: None,
    on_seen: Callable[[Item, Seen], None] = lambda _item, _seen: None,
) -> Generator[tuple[Item, Result | Lost], None, None]:
    """Yield each item with its result as it ends, ``jobs`` at a time, each on ``threads`` cores of its own.

    ``prepare`` is called before the processes are forked, for what all items need. With a ``partner``, whose desk is
    opened before the item, ``function`` is given a Link too; ``rooms`` is a folder where each item has an empty one. A
    process past its ``limits`` is killed with all that it started. ``on_output`` hears what an item printed,
    ``on_seen`` how long its phases took. A supervisor that dies is replaced. Closing the iterator kills those that run.
    """
    waiting, slots = iter(items), [_Slot(chosen) for chosen in core_sets(jobs, threads)]
    busy: dict[Any, tuple[_Slot, Item]] = {}
    made = partial(Supervisor, function=function, prepare=prepare, partner=partner, rooms=rooms, limits=limits)
    try:
        while True:
            idle = [slot for slot in slots if slot.connection not in busy]
            for slot, item in zip(idle, waiting, strict=False):
                on_start(item)
                slot.give(item, made(surroundings=Surroundings(cores=slot.cores, threads=threads)))
                busy[slot.connection] = slot, item
            if not busy:
                return
            for connection in wait(list(busy)):
                slot, item = busy.pop(connection)
                answer = slot.take()
                if answer is None:  # it has begun, or another supervisor has it
                    busy[slot.connection] = slot, item
                    continue
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


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def core_sets(jobs: int, threads: int) -> list[tuple[int, ...]]:
    """The cores of each job, as many as it has threads; all cores for all jobs where there are too few to deal out."""
    if not hasattr(os, "sched_getaffinity"):
        return [()] * jobs
    mine = sorted(os.sched_getaffinity(0))
    if jobs * threads > len(mine):
        return [tuple(mine)] * jobs
    return [tuple(mine[job * threads : (job + 1) * threads]) for job in range(jobs)]


class _Slot:
    """A place for one item at a time: its supervisor, started when it is needed."""

    def __init__(self, chosen: tuple[int, ...]) -> None:
        self.cores = chosen
        self.connection: Connection | None = None
        self._process: BaseProcess | None = None
        self._given: tuple[Any, Supervisor] | None = None
        self._began = False
        self._starts = 0

    def give(self, item: Any, supervisor: Supervisor) -> None:
        self._given, self._starts, self._began = (item, supervisor), 0, False
        self._give()

    def _give(self) -> None:
        """Send the item to the supervisor; one that died meanwhile, or at its start, is replaced a few times."""
        item, supervisor = self._given or (None, None)
        while self._starts < _STARTS:
            if self._process is None or not self._process.is_alive():
                self._start(supervisor)
            try:
                self._open().send(item)
            except OSError:
                self.close()
            else:
                return
        raise ChildProcessError(f"the process that keeps the trials ended at once, {_STARTS} times")

    def _start(self, supervisor: Any) -> None:
        self.close()
        self._starts += 1
        self.connection, theirs = multiprocessing.Pipe()
        process = _context().Process(target=supervisor.serve, args=(theirs,))
        with _clean_start():
            process.start()
        self._process = process
        theirs.close()  # so that the end of the supervisor is the end of the stream

    def take(self) -> tuple[Any, str, Seen] | None:
        """A result, what was printed, what was seen; None where the item has begun, or another supervisor has it."""
        try:
            answer = self._open().recv()
        except (EOFError, OSError):
            began = self._began
            self.close()
            if not began:
                self._give()
                return None
            return Lost("crash", "the process that keeps the trials was killed while this one ran"), "", Seen()
        if isinstance(answer, str):
            raise ChildProcessError(answer)
        if answer is None:
            self._began = True
            return None
        result, output, seen = answer
        return result if isinstance(result, Lost) else _read(result), output, seen

    def release(self) -> None:
        """Let the supervisor end what it keeps, and itself."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def close(self) -> None:
        """Let it end, and see to it."""
        self.release()
        if self._process is not None:
            self._process.join(_PATIENCE)
            self._process.kill()
            self._process.join()
            self._process = None
        self._began = False

    def _open(self) -> Connection:
        if self.connection is None:
            raise ValueError("no supervisor")
        return self.connection


class Office:
    """A reception as its owner has it: started when it is needed, and again where it has died."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def ensure(self) -> None:
        """Start it unless it runs; ChildProcessError where it does not start."""
        if self._process is not None and self._process.is_alive():
            return
        for _ in range(_STARTS):
            self.close()
            self._connection, theirs = multiprocessing.Pipe()
            process = _context().Process(target=self._reception.serve, args=(theirs,))
            with _clean_start():
                process.start()
            self._process = process  # not before it runs: an interrupt may come in between
            theirs.close()
            with suppress(EOFError, OSError):
                self._connection.recv()
                return
        raise ChildProcessError(f"the process that makes the data and scores ended at once, {_STARTS} times")

    def close(self) -> None:
        """Let it end with its desks, and see to it."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.join(_PATIENCE)
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


def _read(result: bytes) -> Any:
    try:
        return pickle.loads(result)  # noqa: S301  our own process's
    except Exception:
        return Lost("crash", "the process left a result that cannot be read")


def _settle() -> None:
    """Have the sockets of multiprocessing in a folder that does not outlive this process, even where it is killed."""
    if not _SETTLED:
        folder = ExitStack()
        usual, tempfile.tempdir = tempfile.tempdir, folder.enter_context(held("server"))
        try:
            get_temp_dir()
        finally:
            tempfile.tempdir = usual
        _SETTLED.append(Finalize(None, folder.close, exitpriority=-200))  # after that of multiprocessing itself


def _context() -> Any:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


@contextmanager
def _clean_start() -> Iterator[None]:
    """One thread for the numeric libraries, and no second run of a script that lacks a ``__main__`` guard.

    An interrupt at the terminal reaches all processes of a run, and is for the one that started it: the others come to
    life with the signal blocked, before they could ignore it themselves. The tracker of resources is started first: its
    start would end the block.
    """
    main, before = sys.modules["__main__"], dict(os.environ)
    start_tracker()
    blocks = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else set()
    sys.modules["__main__"] = ModuleType("__main__")
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        os.environ.clear()
        os.environ.update(before)
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
