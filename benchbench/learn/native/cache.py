"""The cache of kernels: compiled once on a machine, kept in the user's cache folder, loaded once in a process."""

import os
import stat
import tempfile
import time
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numba
from filelock import FileLock
from llvmlite import binding
from numba import types

from benchbench.core.cache import cache_folder
from benchbench.learn.native import VERSION, entries
from benchbench.learn.native.entries import Step
from benchbench.learn.native.lanes import Batch
from benchbench.learn.native.variant import Cell, Variant, host_lanes, instructions

_FLOATS = types.Array(types.float32, 3, "A", readonly=True)
_WHOLE = types.Array(types.int64, 1, "C", readonly=True)
_BATCH = types.NamedTuple([_FLOATS, _FLOATS, _WHOLE, _WHOLE], Batch)
_KINDS = {bool: types.boolean, int: types.int64, float: types.float64}
_STEP = types.NamedTuple([_KINDS[kind] for kind in Step.__annotations__.values()], Step)
_PLACES = (types.Array(types.float32, 1, "C"), types.Array(types.int64, 2, "C"), types.Array(types.int64, 1, "C"))
_MADE = types.Array(types.float32, 3, "C")
_FURTHER = {
    "update": (_BATCH, _WHOLE, _STEP, types.float64, types.int64),
    "respond": (_BATCH, _MADE),
    "generate": (_BATCH, _MADE),
}
"""The types of the arguments of each entry, without the variant, the memory, its layers and its shape."""


class Kernels(NamedTuple):
    """The compiled entries of a variant, the folder of their code, and the time that they took.

    ``seconds`` is how long this process compiled or loaded them, ``compiled`` how many it had to compile, and
    ``compile_seconds`` how long compiling took, in whichever process, or None where that is not known. Where the user's
    cache folder cannot be written, ``note`` says so.
    """

    update: Callable[..., float]
    respond: Callable[..., None]
    generate: Callable[..., None]
    variant: Variant
    folder: Path
    seconds: float
    compiled: int
    compile_seconds: float | None
    note: str


_host_lanes = cache(host_lanes)  # LLVM takes a while to answer
_loaded: dict[tuple[Cell, int], Kernels] = {}  # the kernels of this process, and of those forked from it


def kernels(cell: Cell, lanes: int | None = None) -> Kernels:
    """The kernels for a cell, which are compiled if the cache does not have them.

    ``lanes`` is the number of floats in a vector, by default the host's. A lock keeps two processes from compiling the
    same kernels at once.
    """
    lanes = lanes or _host_lanes()
    found = _loaded.get((cell, lanes))
    if found is None:
        found = _loaded[cell, lanes] = _load(Variant(cell, lanes))
    return found


def loaded() -> tuple[Cell, ...]:
    """The cells whose kernels this process has loaded, for the host's vectors."""
    return tuple(cell for cell, lanes in _loaded if lanes == host_lanes())


def _load(variant: Variant) -> Kernels:
    start = time.perf_counter()
    folder, note = place(instructions(variant.lanes))
    made: dict[str, Any] = {}
    with FileLock(folder / "lock"):
        missed = 0
        for name, further in _FURTHER.items():
            entry = getattr(entries, name)
            _keep_in(entry, folder)
            before = sum(entry.stats.cache_misses.values())
            made[name] = entry.compile((variant, *_PLACES, *further))
            missed += sum(entry.stats.cache_misses.values()) - before
        seconds = time.perf_counter() - start
        told = folder / f"{variant.cell}.seconds"
        if missed:
            told.write_text(f"{seconds:.3f}", encoding="ascii")
        took = _number(told)
    return Kernels(
        variant=variant, folder=folder, seconds=seconds, compiled=missed, compile_seconds=took, note=note, **made
    )


def _number(file: Path) -> float | None:
    try:
        return float(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _keep_in(entry: Any, folder: Path) -> None:
    """Let numba keep the code of a compiled function in a folder."""
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        entry.enable_caching()
    finally:
        config.CACHE_DIR = before


def place(vectors: str) -> tuple[Path, str]:
    """The folder for the code of this version, these sources and this kind of vectors, and a note.

    The note is empty unless the folder is a temporary one. numba notices changes in the file of an entry only, so the
    folder's name depends on all sources; it also depends on the compiler's version and the processor, since several
    machines may share a home folder.
    """
    name = f"kernels-v{VERSION}-{vectors}-{made_of()}"
    home = user_cache() / name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home, ""
    except OSError as error:
        folder = _temporary() / name
        folder.mkdir(exist_ok=True)
        return folder, f"kernels are kept in a temporary folder: the cache folder cannot be written ({error.strerror})"


def user_cache() -> Path:
    """The folder in which numba is set to keep code, as in the processes of trials, or else the user's cache."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or cache_folder() / "numba")


def _temporary() -> Path:
    """A temporary folder that no other user can write to, since its code is run: one for each user, if possible."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"benchbench-kernels-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="benchbench-kernels-"))
    if stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022 and found.st_uid == user:
        return folder
    return Path(tempfile.mkdtemp(prefix="benchbench-kernels-"))


def made_of(sources: Path = Path(__file__).parent, compiler: str = numba.__version__) -> str:
    """Twelve hexadecimal digits that change with the sources, the compiler and the processor."""
    files = [file.read_bytes() for file in sorted(sources.glob("*.py"))]
    facts = [compiler, binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    return sha256(b"\0".join([*files, *map(str.encode, facts)])).hexdigest()[:12]
