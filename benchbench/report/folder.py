"""Folders of results that are written whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path for a fresh folder; it takes the place of ``target`` when the block ends well, and is gone otherwise.

    An OSError names the file by its later path.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        yield fresh
        _replace(target, fresh)
    except OSError as error:
        error.filename = str(error.filename or target).replace(str(fresh), str(target))
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _replace(target: Path, fresh: Path) -> None:
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """An OSError inside names this file where it names none, as a full disk does not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(file)
        raise
