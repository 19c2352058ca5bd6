"""Artifacts: arrays of a trial that are too large for its JSON line, in one NPZ file named after the trial's key."""

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.head import Head
from benchbench.core.record import Array, Artifact, Record

Arrays = dict[str, NDArray[Any]]
_OURS = re.compile(r"\.(npz|pt)")


def pack(arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, Artifact]:
    """The bytes of a compressed NPZ file of arrays of any shape (...,), and the entry that a record keeps of it.

    Raises ValueError for an array of Python objects.
    """
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"artifact {name!r}: an array of objects cannot be kept; give one of numbers or texts")
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    content = stream.getvalue()
    facts = {
        name: Array(shape=list(np.shape(array)), dtype=str(np.asarray(array).dtype)) for name, array in arrays.items()
    }
    return content, Artifact(sha256=hashlib.sha256(content).hexdigest(), arrays=facts)


def path(results: Path, record: Record) -> Path:
    """The path of a record's artifact."""
    return folder(results, record) / record.artifact_name


def kept_path(results: Path, record: Record) -> Path | None:
    """The path of a record's fitted learner; None where it was not kept."""
    return None if record.kept_name is None else folder(results, record) / record.kept_name


def folder(results: Path, record: Record) -> Path:
    """The folder of all artifacts of a record's study and machine."""
    return results / "artifacts" / record.trial.study / (record.environment.machine or "unknown")


def write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, and flush it to the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def read(results: Path, record: Record) -> tuple[Arrays, str]:
    """The arrays of a record's artifact by name, of any shape (...,), and an empty text.

    Where the artifact cannot be read, there are no arrays, and the text says why in one sentence.
    """
    if record.artifact is None:
        return {}, "The trial kept no arrays."
    file = path(results, record)
    content, lacking = content_of(file, record.artifact.sha256)
    try:
        return ({}, lacking) if lacking else (unpacked(content), "")
    except (ValueError, zipfile.BadZipFile):
        return {}, f"The artifact {file.name} cannot be read."


def content_of(file: Path, sha256: str) -> tuple[bytes, str]:
    """The bytes of a file that a record names, and a sentence that says why there are none; empty where there are."""
    try:
        content = file.read_bytes()
    except OSError:
        return b"", f"The artifact {file.name} is not there."
    if hashlib.sha256(content).hexdigest() != sha256:
        return b"", f"The artifact {file.name} is not the one that its record names."
    return content, ""


def unpacked(content: bytes) -> Arrays:
    """The arrays (...,) of a packed file.

    Raises ValueError or BadZipFile where there are none, and for Python objects.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def clear(folder: Path, records: Iterable[Record | Head]) -> None:
    """Remove the artifacts that no record names from one machine's folder: a run that was killed leaves such files."""
    named: set[str | None] = set()
    for record in records:
        named |= {record.kept_name, record.artifact_name if record.artifact is not None else None}
    for file in folder.iterdir() if folder.is_dir() else ():
        if _OURS.search(file.name) and file.name not in named:
            with suppress(OSError):
                file.unlink()
