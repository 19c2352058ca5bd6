"""Writes folders of results whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path for a new folder, which replaces ``target`` when the block ends without an error and is removed otherwise.

    An OSError names the file by its final path.
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
    """Add the name of this file to an OSError that names none, such as the error of a full disk."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(file)
        raise
