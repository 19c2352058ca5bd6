"""Reads a file of signals of any known kind: from a path to a table."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from benchbench.core.errors import InputError, short, unknown
from benchbench.signals.files.arrays import read_npy, read_npz
from benchbench.signals.files.frames import read_feather, read_parquet
from benchbench.signals.files.sound import read_sound
from benchbench.signals.files.table import Form, Table
from benchbench.signals.files.text import read_text
from benchbench.signals.files.wfdb_record import HEADER, read_wfdb

READERS: Mapping[str, Callable[[bytes, Form], Table]] = MappingProxyType(
    {
        **dict.fromkeys((".csv", ".tsv", ".txt"), read_text),
        ".npy": read_npy,
        ".npz": read_npz,
        ".parquet": read_parquet,
        ".feather": read_feather,
        ".wav": read_sound,
    }
)
PACKED = ".gz"
_KINDS = {"array": ("an NPZ file", (read_npz,))}
_KINDS |= dict.fromkeys(("separator", "decimal", "comment", "encoding", "header"), ("a text file", (read_text,)))


def read(path: str, form: Form, where: str) -> Table:
    """The table of a file; InputError, with ``where`` before the path, if it cannot be read.

    The suffix gives the kind of the file; ``.gz`` may follow it. Relative paths start from the current folder.
    """
    file = expanded(path, where)
    packed = file.suffix.lower() == PACKED
    kind = Path(file.stem if packed else file.name).suffix.lower()
    if kind not in {*READERS, HEADER}:
        raise unknown("kind of file", kind, [*READERS, HEADER], where=f"{where}: path {path!r}", like=0.7)
    reader = READERS.get(kind)
    for option, (meant, readers) in _KINDS.items():
        if getattr(form, option) is not None and reader not in readers:
            raise InputError(
                f"{where}: the option {option} is only for {meant}, which {file.name} is not: leave it out"
            )
    content = _content(file, path, where)
    try:
        table = read_wfdb(file) if reader is None else reader(_unpacked(content) if packed else content, form)
    except Exception as error:
        raise InputError(f"{file.name} cannot be read as {kind}: {' '.join(str(error).split())}") from error
    return replace(table, name=file.name, sha256=table.sha256 or hashlib.sha256(content).hexdigest())


def signal_file(path: str) -> Path:
    """The file of a path, which for a WFDB record may lack the suffix or name the file of samples."""
    file = Path(path).expanduser()
    header = file.with_name(f"{file.stem if file.suffix == '.dat' else file.name}{HEADER}")
    if file.suffix.lower() in {"", ".dat"} and header.is_file():
        return header
    if not file.is_file():
        raise InputError(f"{path}: {'a folder, not a file' if file.is_dir() else 'no such file'}")
    return file


def expanded(path: str, where: str) -> Path:
    """A path with ``~`` replaced by the home folder; InputError if there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(
            f"{where}: path {path!r}: there is no user {short(path.partition('/')[0])}; write the whole path"
        ) from None


def _content(file: Path, path: str, where: str) -> bytes:
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{where}: path {path!r}: {reason} (relative paths start from the study's folder)") from None
    if not content:
        raise InputError(f"{file.name} is empty")
    return content


def _unpacked(content: bytes) -> bytes:
    try:
        unpacked = gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"it is not a complete gzip file: {error}") from None
    if not unpacked:
        raise ValueError("the compressed file is empty")
    return unpacked
