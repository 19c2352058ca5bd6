"""Slots, each of which runs one item at a time, and how the processes of the pool are started."""

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running as start_tracker
from types import ModuleType
from typing import Any

from benchbench.isolation.phases import Seen
from benchbench.isolation.supervisor import THREAD_LIMITS, Lost, Supervisor

PATIENCE = 5.0  # seconds for a supervisor to end its processes
STARTS = 3  # how often a broker, or a supervisor for one item, is started at most


class Slot:
    """Runs one item at a time with a supervisor, which is started when it is needed."""

    def __init__(self, made: Callable[[], Supervisor]) -> None:
        self._made = made
        self.connection: Connection | None = None
        self.cores: tuple[int, ...] = ()  # those of the item
        self._process: BaseProcess | None = None
        self._item: Any = None
        self._began = False
        self._starts = 0

    def give(self, item: Any, cores: tuple[int, ...]) -> None:
        """Run an item on these cores."""
        self._item, self.cores, self._starts, self._began = item, cores, 0, False
        self._give()

    def _give(self) -> None:
        """Send the item to the supervisor; a supervisor that has died is replaced a few times."""
        while self._starts < STARTS:
            if self._process is None or not self._process.is_alive():
                self._start()
            try:
                self._open().send((self._item, self.cores))
            except OSError:
                self.close()
            else:
                return
        raise ChildProcessError(f"the process that supervises the trials ended at once, {STARTS} times")

    def _start(self) -> None:
        self.close()
        self._starts += 1
        self.connection, theirs = multiprocessing.Pipe()
        process = context().Process(target=self._made().serve, args=(theirs,))
        with clean_start():
            process.start()
        self._process = process
        theirs.close()  # so that the end of the supervisor is the end of the stream

    def take(self) -> tuple[Any, str, Seen] | None:
        """The result, what was printed, and the times of the phases; None if the item has begun or was sent again."""
        try:
            answer = self._open().recv()
        except (EOFError, OSError):
            began = self._began
            self.close()
            if not began:
                self._give()
                return None
            return Lost("crash", "the process that supervises the trials was killed while this one ran"), "", Seen()
        if isinstance(answer, str):
            raise ChildProcessError(answer)
        if answer is None:
            self._began = True
            return None
        result, output, seen = answer
        return result if isinstance(result, Lost) else _read(result), output, seen

    def release(self) -> None:
        """Ask the supervisor to end its processes and itself."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def close(self) -> None:
        """End the supervisor; kill it if it does not end in time."""
        self.release()
        if self._process is not None:
            self._process.join(PATIENCE)
            self._process.kill()
            self._process.join()
            self._process = None
        self._began = False

    def _open(self) -> Connection:
        if self.connection is None:
            raise ValueError("no supervisor")
        return self.connection


def _read(result: bytes) -> Any:
    try:
        return pickle.loads(result)  # noqa: S301  our own process's
    except Exception:
        return Lost("crash", "the process left a result that cannot be read")


def context() -> Any:
    """How processes are started: forked from a server if the platform supports it."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


@contextmanager
def clean_start() -> Iterator[None]:
    """Start processes with one thread for numeric libraries, and without running a script that has no main guard again.

    An interrupt at the terminal reaches all processes of a run, but only the first one handles it: the others start
    with the signal blocked, until they ignore it themselves. The resource tracker is started first, since its start
    would unblock the signal.
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
