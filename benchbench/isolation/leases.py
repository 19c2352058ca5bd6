"""Leases a machine's cores to items, each core to one item at a time, across all processes of the machine.

Each core has a file, and the process that holds the lock on the file has the core. The system releases the locks of a
process that ends.
"""

import os
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

from benchbench.core.errors import InputError

VARIABLE = "BENCHBENCH_LEASES"
"""The environment variable that names another folder for the lock files."""

_SHARED = Path("/tmp")  # noqa: S108  not TMPDIR: all runs of a machine must use one folder


def place() -> Path:
    """The folder of the lock files; InputError if it cannot be made."""
    shared = _SHARED if os.access(_SHARED, os.W_OK) else Path(tempfile.gettempdir())
    folder = Path(os.environ.get(VARIABLE) or shared / "benchbench-cores")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o777)  # other users' runs lease the same cores
    except OSError as error:
        raise InputError(
            f"{folder}, which holds the lock files of the cores, cannot be used: {error.strerror}; "
            f"set {VARIABLE} to a folder that all runs share"
        ) from None
    return folder


class Leases:
    """Leases ``threads`` cores to each of up to ``jobs`` items; if there are too few cores, all items share them all.

    Waiting items of all processes are served one after the other, so that an item that needs several cores gets them.
    Where the system cannot bind a process to cores, nothing is leased and every item may use all cores.
    """

    def __init__(self, jobs: int, threads: int) -> None:
        self._mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._shares = jobs * threads > len(self._mine)
        self._wanted = len(self._mine) if self._shares else threads
        self._users = 0
        self._taken: list[int] = []  # cores that the waiting item has so far
        self._locks: dict[int, FileLock] = {}
        if self._mine:
            folder = place()
            self._queue = _lock(folder / "queue")
            self._locks = {core: _lock(folder / f"core-{core}") for core in self._mine}

    def ask(self) -> tuple[int, ...] | None:
        """The cores for an item, or None if it must wait: then call this again, or ``close``."""
        if self._shares and self._users:
            self._users += 1
            return tuple(self._mine)
        if self._mine and not self._collected():
            return None
        cores, self._taken = tuple(sorted(self._taken)), []
        self._users += 1
        return cores

    def _collected(self) -> bool:
        if not self._queue.is_locked and not _held(self._queue):
            return False
        for core in self._mine:
            if len(self._taken) == self._wanted:
                break
            if not self._locks[core].is_locked and _held(self._locks[core]):
                self._taken.append(core)
        if len(self._taken) < self._wanted:
            return False
        self._queue.release()
        return True

    def give_back(self, cores: tuple[int, ...]) -> None:
        """Release the cores of an item that has ended."""
        if not cores:
            return
        self._users -= 1
        if not self._shares or not self._users:
            for core in cores:
                self._locks[core].release()

    def close(self) -> None:
        """Release all cores, and leave the queue."""
        for lock in (*self._locks.values(), *([self._queue] if self._mine else [])):
            lock.release(force=True)
        self._taken, self._users = [], 0


def _lock(file: Path) -> FileLock:
    return FileLock(file, timeout=0, mode=0o666, thread_local=False)


def _held(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
