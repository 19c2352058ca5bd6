"""Temporary folders that are removed with their process or, if it was killed, by the next process that wants one."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = "in-use"
_NAME = re.compile(r"benchbench-(run|server)-[a-z0-9_]{8}")  # mkdtemp's names, so that no folder of a user matches
_TRIES = 10


@contextmanager
def held(purpose: str) -> Iterator[str]:
    """A folder for a ``run`` or the ``server``, removed afterwards.

    Its owner holds a lock in it, so that the folders of killed processes can be told apart and are removed here.
    """
    for left in Path(tempfile.gettempdir()).glob("benchbench-*"):
        if _NAME.fullmatch(left.name):
            _remove_unless_held(left)
    folder, lock = _taken(f"benchbench-{purpose}-")
    try:
        with lock:
            yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _taken(prefix: str) -> tuple[Path, FileLock]:
    """A new folder and its lock, acquired; tried again if another process removes the folder as a leftover."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        lock = FileLock(folder / _LOCK, timeout=0)
        with suppress(Timeout):
            lock.acquire()
            if (folder / _LOCK).exists():
                return folder, lock
            lock.release()
    raise OSError(f"other processes removed {_TRIES} new folders in {tempfile.gettempdir()}")


def _remove_unless_held(folder: Path) -> None:
    with suppress(OSError, Timeout):  # such as a folder of another user
        if folder.is_symlink() or not folder.is_dir():
            return
        if not (folder / _LOCK).is_file():  # its process was killed before it had the lock
            folder.rmdir()
            return
        with FileLock(folder / _LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
