"""The files that trials come from: found before a run, and compared with the records and, during the run, the disk."""

import hashlib
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import benchbench
from benchbench.core.errors import InputError
from benchbench.core.head import Head
from benchbench.core.origins import Origin, origin, texts
from benchbench.core.record import Record
from benchbench.core.registry import Registry, of_library
from benchbench.core.spec import Trial
from benchbench.signals.files.wfdb_record import HEADER, files_of

_PACKAGE = Path(benchbench.__file__).parent


class Source(NamedTuple):
    """A file with the SHA-256 of its content, or several files that belong together with a SHA-256 of all of them.

    ``seen`` has the size in bytes, the time of change and the inode of each file when it was read.
    """

    name: str
    paths: tuple[Path, ...]
    sha256: str
    seen: tuple[tuple[int, int, int], ...]


Files = dict[Origin, Source]


def find(trials: Iterable[Trial], known: Registry) -> Files:
    """Find the files that trials come from; relative paths start from the current folder.

    These are the file of each plug-in that is not shipped, with what it imports from its own folder, and each file, or
    all files of each folder, that a text option names.
    """
    named_by_option, of_plugin = cache(_named), cache(of_function)
    found: Files = {}
    for trial in trials:
        plugins = {kind: known.get(kind, getattr(trial, kind)) for kind in ("task", "architecture")}
        sources = {role: of_plugin(plugin.function) for role, plugin in plugins.items() if not _shipped(plugin.file)}
        for role, source in (sources | {role: named_by_option(text) for role, text in texts(trial).items()}).items():
            if source is not None:
                found[origin(trial, role)] = source
    return found


def _shipped(file: str) -> bool:
    return Path(file).is_relative_to(_PACKAGE)


def _named(text: str) -> Source | None:
    """The file, or the files of the folder, that a text names; None if it names neither."""
    with suppress(OSError, ValueError, RuntimeError):  # a text that is not a path, or names an unknown home
        path = Path(text).expanduser().resolve()
        if path.is_file():
            return _source(*(files_of(path) if path.suffix == HEADER else (path,)))
        inside = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else []
        return _source(*inside, name=path.name) if inside else None
    return None


def of_function(function: Callable[..., Any]) -> Source | None:
    """The file of a plug-in's function, with all files in its folder that it imports directly or indirectly."""
    own = inspect.unwrap(function)
    file = Path(own.__code__.co_filename).resolve()
    places, waiting = {file}, [own.__globals__]
    while waiting:
        for value in list(waiting.pop().values()):
            name = getattr(value, "__module__", None)
            module = value if isinstance(value, ModuleType) else sys.modules.get(name or "")
            place = Path(getattr(module, "__file__", None) or "/").resolve()
            if (
                module is not None
                and place not in places
                and place.is_relative_to(file.parent)
                and not of_library(place)
            ):
                places.add(place)
                waiting.append(vars(module))
    return _source(file, *sorted(places - {file})) if file.is_file() else None


def _source(*files: Path, name: str = "") -> Source:
    return Source(name or files[0].name, files, _digest(files), tuple(map(_seen, files)))


def _digest(files: tuple[Path, ...]) -> str:
    """The SHA-256 of a file's content or, for several files, of their names and digests."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(files) == 1:
        return digests[0]
    lines = (f"{digest} {file.name}\n" for file, digest in zip(files, digests, strict=True))
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def _seen(file: Path) -> tuple[int, int, int]:
    facts = file.stat()
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def of(trial: Trial, files: Files) -> dict[str, str]:
    """The SHA-256 of each file that a trial comes from, by role."""
    roles = ("architecture", "task", *texts(trial))
    return {role: files[origin(trial, role)].sha256 for role in roles if origin(trial, role) in files}


def refuse_others(files: Files, records: Iterable[Record | Head]) -> None:
    """InputError if records were made with another content of a file under the same version."""
    others: Counter[Origin] = Counter()
    for record in records:
        for role, sha256 in record.files.items():
            one = origin(record.trial, role)
            others[one] += one in files and files[one].sha256 != sha256
    for one, count in others.items():
        if count:
            records_of = f"{count:,} record{'s' if count > 1 else ''} of {_said(one)}"
            source = files[one]
            others_of = f" or one of {len(source.paths) - 1} more" if len(source.paths) > 1 else ""
            raise InputError(f"{source.name}{others_of} differs from the file of {records_of}")


def refuse_changes(files: Mapping[Origin, Source]) -> None:
    """InputError if a file has changed since it was found."""
    for one, source in files.items():
        try:
            same = tuple(map(_seen, source.paths)) == source.seen or _digest(source.paths) == source.sha256
        except OSError:
            same = False
        if not same:
            raise InputError(f"{source.name} was changed during the run of {_said(one)}")


def _said(one: Origin) -> str:
    what = f"{one.kind} {one.name!r}, version {one.version}"
    if one.option is None:
        return f"{what}: raise the version of each plug-in in it, or use other records (--results)"
    return f"{what}: give the changed file another name, or use other records (--results)"
