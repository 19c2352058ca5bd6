"""Map a function over items, each in a process of its own.

The process is forked from a server that has torch loaded but has started no thread pool and no device context, so that
it starts in tens of milliseconds, its memory peak is its own, and its crash costs one item.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PRELOAD = ["benchbench.run.preload"]
_LONGEST_WAIT = 3600.0  # seconds; the system call takes no more than some weeks
_THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Lost:
    """What is left of an item whose process ended without a result: out of time or not, and why."""

    timeout: bool
    reason: str


@dataclass(frozen=True)
class _Running(Generic[Item]):
    item: Item
    process: BaseProcess
    connection: Connection
    started: float


@dataclass(frozen=True)
class _Surroundings:
    """What a forked process would have inherited from its parent, but not from the server."""

    folder: str
    variables: dict[str, str]
    log: str | None

    @classmethod
    def here(cls, log: Path | None) -> "_Surroundings":
        return cls(str(Path.cwd()), dict(os.environ), None if log is None else str(log.resolve()))

    def enter(self) -> None:
        _stand_alone()
        os.chdir(self.folder)
        limits = {name: os.environ[name] for name in _THREAD_LIMITS if name in os.environ}
        os.environ.clear()
        os.environ.update({**self.variables, **limits})
        if self.log is not None:
            descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)


def _stand_alone() -> None:
    """A process group of its own, to be killed with its children; and no life after its parent's."""
    if hasattr(os, "setsid"):
        os.setsid()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def start_server() -> None:
    """Start loading the server, so that it is ready when the first item is."""
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running  # noqa: PLC0415  POSIX only

        with _clean_start():
            ensure_running()


def isolated_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    jobs: int = 1,
    timeout: float | None = None,
    log: Path | None = None,
    on_start: Callable[[Item], None] = lambda _: None,
) -> Generator[tuple[Item, Result | Lost], None, None]:
    """Yield each item with its result as it ends, ``jobs`` at a time.

    ``timeout`` in seconds kills a process; ``log`` takes what it prints. Closing the iterator kills those that run.
    """
    waiting = iter(items)
    running: list[_Running[Item]] = []
    try:
        while True:
            while len(running) < jobs:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                on_start(item)
                running.append(_start(function, item, log))
            if not running:
                return
            for one in _ended(running, timeout):
                running.remove(one)
                yield one.item, _collect(one, timeout)
    finally:
        for one in running:
            _end(one.process)


def _start(function: Callable[[Item], Any], item: Item, log: Path | None) -> _Running[Item]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = _context().Process(target=_child, args=(sender, function, item, _Surroundings.here(log)))
    with _clean_start():
        process.start()
    sender.close()  # so that the end of the child is the end of the stream
    return _Running(item, process, receiver, time.monotonic())


def _ended(running: list[_Running[Item]], timeout: float | None) -> list[_Running[Item]]:
    """Those that have a result, have died, or are out of time; waits for the first."""
    left = None if timeout is None else max(0.0, min(one.started + timeout for one in running) - time.monotonic())
    left = left and min(left, _LONGEST_WAIT)
    ready = wait([handle for one in running for handle in (one.connection, one.process.sentinel)], left)
    late = time.monotonic() - (timeout or float("inf"))
    return [one for one in running if one.connection in ready or one.process.sentinel in ready or one.started <= late]


def _collect(one: _Running[Item], timeout: float | None) -> Any:
    alive = one.process.is_alive()  # asked first: what is sent between the two questions is a result
    try:
        if one.connection.poll():
            return one.connection.recv()
        if alive:
            return Lost(timeout=True, reason=f"killed after {timeout:g} s")
    except (EOFError, OSError):  # it died, perhaps while sending
        pass
    finally:
        _end(one.process)
        one.connection.close()
    return Lost(timeout=False, reason=f"the process ended without a result: {_cause(one.process.exitcode)}")


def _end(process: BaseProcess) -> None:
    """Kill a process with its threads, and the children that it left behind."""
    if hasattr(os, "killpg") and process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"


def _child(sender: Connection, function: Callable[[Any], Any], item: Any, surroundings: _Surroundings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    surroundings.enter()
    result = function(item)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a competitor may have closed it
            stream.flush()
    sender.send(result)
    sender.close()
    os._exit(0)  # threads that a competitor left behind end here


def _context() -> Any:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(_PRELOAD)
    return context


@contextmanager
def _clean_start() -> Iterator[None]:
    """One thread for the numeric libraries, and no second run of a script that lacks a ``__main__`` guard."""
    main, before = sys.modules["__main__"], dict(os.environ)
    sys.modules["__main__"] = ModuleType("__main__")
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        os.environ.clear()
        os.environ.update(before)
