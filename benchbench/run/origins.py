"""The contents of the files that trials come from: found before a run, and held against the records and the disk."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import benchbench
from benchbench.core.errors import InputError
from benchbench.core.origins import Origin, origin, texts
from benchbench.core.record import Record
from benchbench.core.registry import Registry
from benchbench.core.spec import Trial

_PACKAGE = Path(benchbench.__file__).parent


class Source(NamedTuple):
    """A file with the SHA-256 of its content, and its size, time and number on the disk when it was read."""

    path: Path
    sha256: str
    seen: tuple[int, int, int]


Files = dict[Origin, Source]


def find(trials: Iterable[Trial], known: Registry) -> Files:
    """The files that trials come from; relative paths start from the current folder.

    That is each plug-in's own file, where it is not shipped, and each file that a text among the options names.
    """
    look = cache(_source)
    found: Files = {}
    for trial in trials:
        plugins = {kind: known.get(kind, getattr(trial, kind)).file for kind in ("task", "architecture")}
        named = {role: path for role, path in plugins.items() if not Path(path).is_relative_to(_PACKAGE)}
        for role, path in (named | texts(trial)).items():
            if (source := look(path)) is not None:
                found[origin(trial, role)] = source
    return found


def _source(path: str) -> Source | None:
    with suppress(OSError, ValueError, RuntimeError):  # a text that is no path, or no home of that name
        file = Path(path).expanduser().resolve()
        if file.is_file():
            return Source(file, _digest(file), _seen(file))
    return None


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _seen(file: Path) -> tuple[int, int, int]:
    facts = file.stat()
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def of(trial: Trial, files: Files) -> dict[str, str]:
    """The SHA-256 of each file that a trial comes from, by its role."""
    roles = ("architecture", "task", *texts(trial))
    return {role: files[origin(trial, role)].sha256 for role in roles if origin(trial, role) in files}


def refuse_others(files: Files, records: Iterable[Record]) -> None:
    """InputError where records came from another content of a file, under the same version."""
    others: Counter[Origin] = Counter()
    for record in records:
        for role, sha256 in record.files.items():
            one = origin(record.trial, role)
            others[one] += one in files and files[one].sha256 != sha256
    for one, count in others.items():
        if count:
            records_of = f"{count:,} record{'s' if count > 1 else ''} of {_said(one)}"
            raise InputError(f"{files[one].path.name} is another file than that of {records_of}")


def refuse_changes(files: Mapping[Origin, Source]) -> None:
    """InputError where a file is not what it was when it was found."""
    for one, source in files.items():
        try:
            same = _seen(source.path) == source.seen or _digest(source.path) == source.sha256
        except OSError:
            same = False
        if not same:
            raise InputError(f"{source.path.name} was changed during the run of {_said(one)}")


def _said(one: Origin) -> str:
    what = f"{one.kind} {one.name!r}, version {one.version}"
    if one.option is None:
        return f"{what}: raise the version of each plug-in in it, or use other records (--results)"
    return f"{what}: give the changed file another name, or use other records (--results)"
