"""Sends the user's files that trials need to another machine, by content and under the same names."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from benchbench.core.errors import InputError
from benchbench.core.spec import Trial
from benchbench.run.job import Job
from benchbench.run.origins import Source
from benchbench.signals.files.wfdb_record import HEADER

CHUNK = 4 * 2**20
"""The most bytes of a file in one message."""


class Piece(NamedTuple):
    """A file: its path on the run's machine, its relative path in its parcel, and the SHA-256 of its content."""

    path: str
    place: str
    sha256: str


class Parcel(NamedTuple):
    """Files of one folder. ``text`` is the path in the study.

    The path is that of a folder, of a file that may name further files, or of a plug-in with its imports. If ``shared``
    and the other machine has files with the same paths and content, the trials there use these.
    """

    text: str
    pieces: tuple[Piece, ...]
    folder: bool
    shared: bool


def packed(job: Job) -> tuple[Parcel, ...]:
    """The files that a job's trials need: plug-ins with imports from their folders, and files that options name.

    InputError if a file cannot be read.
    """
    plugins = {source.paths[0]: source for origin, source in job.files.items() if origin.option is None}
    options = {origin.option: source for origin, source in job.files.items() if origin.option is not None}
    return (
        *(_plugin(file, plugins.get(Path(file).resolve())) for file in dict.fromkeys(job.plugins)),
        *(_option(text, source) for text, source in options.items()),
    )


def _plugin(file: str, source: Source | None) -> Parcel:
    main = Path(file).resolve()
    paths = source.paths if source else (main,)
    return Parcel(file, tuple(_piece(path, main.parent) for path in paths), folder=False, shared=False)


def _option(text: str, source: Source) -> Parcel:
    first = source.paths[0]
    folder = source.name != first.name or (len(source.paths) > 1 and first.suffix != HEADER)
    pieces = tuple(_piece(path, first.parent.parent if folder else first.parent) for path in source.paths)
    return Parcel(text, pieces, folder=folder, shared=True)


def _piece(path: Path, above: Path) -> Piece:
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path.name} cannot be sent to the workers: {error.strerror}") from None
    return Piece(str(path), path.relative_to(above).as_posix(), sha256)


def chunks(piece: Piece) -> Iterator[bytes]:
    """The content of a file, in parts."""
    with Path(piece.path).open("rb") as stream:
        while part := stream.read(CHUNK):
            yield part


@dataclass(frozen=True)
class Depot:
    """The files that a worker has, each named after the SHA-256 of its content."""

    folder: Path

    def missing(self, parcels: tuple[Parcel, ...]) -> list[str]:
        """The SHA-256 of the files that have to be sent."""
        pieces = {piece.sha256 for parcel in parcels if not self._in_place(parcel) for piece in parcel.pieces}
        return sorted(name for name in pieces if not (self.folder / name).exists())

    def add(self, name: str, part: bytes, *, first: bool, last: bool) -> None:
        """Write a part of a file; ValueError after the last part if the SHA-256 of the content is not its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        coming = self.folder / f"{name}.coming"
        with coming.open("wb" if first else "ab") as stream:
            stream.write(part)
        if last:
            if _digest(coming) != name:
                raise ValueError(f"a file was damaged while it was sent (SHA-256 {name[:12]}...)")
            coming.rename(self.folder / name)

    def unpacked(self, parcels: tuple[Parcel, ...], into: Path) -> dict[str, str]:
        """The path of each parcel on this machine, by its text."""
        found = {}
        for number, parcel in enumerate(parcels):
            if self._in_place(parcel):
                found[parcel.text] = _path(parcel)
                continue
            room = into / str(number)
            for piece in parcel.pieces:
                place = room / piece.place
                place.parent.mkdir(parents=True, exist_ok=True)
                _laid(self.folder / piece.sha256, place)
            main = parcel.pieces[0].place
            found[parcel.text] = str(room / (main.partition("/")[0] if parcel.folder else main))
        return found

    @staticmethod
    def _in_place(parcel: Parcel) -> bool:
        return parcel.shared and all(_digest(Path(piece.path)) == piece.sha256 for piece in parcel.pieces)


def _path(parcel: Parcel) -> str:
    path = Path(parcel.pieces[0].path)
    return str(path.parent if parcel.folder else path)


def _laid(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except OSError:  # a file system without links
        shutil.copyfile(source, place)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def moved(job: Job, places: Mapping[str, str], folder: str) -> Job:
    """The same job with its files at these ``places``."""
    sources = job.sources
    return replace(
        job,
        folder=folder,
        plugins=tuple(places[file] for file in job.plugins),
        sources=replace(
            sources,
            files=tuple(places[file] for file in sources.files),
            homes={name: places.get(home, home) for name, home in sources.homes.items()},
        ),
    )


def redirected(trial: Trial, places: Mapping[str, str]) -> Trial:
    """The same trial with options that name the files at these ``places``."""
    options = {name: _redirected(getattr(trial, name), places) for name in ("task_options", "architecture_options")}
    return trial.model_copy(update=options)


def _redirected(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return places.get(value, value)
    if isinstance(value, dict):
        return {name: _redirected(item, places) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_redirected(item, places) for item in value)
    return value
