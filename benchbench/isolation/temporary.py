"""Temporary folders that go with their process or, where it was killed, with the next one that wants such a folder."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = "in-use"
_NAME = re.compile(r"benchbench-(run|server)-[a-z0-9_]{8}")  # as mkdtemp names them: no folder of a user's
_TRIES = 10


@contextmanager
def held(purpose: str) -> Iterator[str]:
    """A folder for a ``run`` or the ``server``; it is gone afterwards.

    Its owner holds a lock in it, so that the folder of a process that was killed is known, and removed here.
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
    """A new folder and its lock, acquired; anew where another process has taken it for one that was left."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        lock = FileLock(folder / _LOCK, timeout=0)
        with suppress(Timeout):
            lock.acquire()
            if (folder / _LOCK).exists():
                return folder, lock
            lock.release()
    raise OSError(f"other processes took {_TRIES} new folders in {tempfile.gettempdir()}")


def _remove_unless_held(folder: Path) -> None:
    with suppress(OSError, Timeout):  # also that of another user
        if folder.is_symlink() or not folder.is_dir():
            return
        if not (folder / _LOCK).is_file():  # its process was killed before it had the lock
            folder.rmdir()
            return
        with FileLock(folder / _LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
