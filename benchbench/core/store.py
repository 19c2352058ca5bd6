"""Store: the records of a study on disk, as JSON lines that are only ever appended to."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple, TypeVar

from filelock import FileLock, Timeout

from benchbench.core import artifacts
from benchbench.core.errors import InputError, nearest
from benchbench.core.head import Head
from benchbench.core.lines import LONGEST, LineError, Seal, headed, parsed, sealed
from benchbench.core.parts import Part
from benchbench.core.record import Record, Status

Read = TypeVar("Read")

_POINTS = 1_000  # points that are kept of a learning curve that is too long for a line
_KEPT = "earlier records are whole, and the same command continues from them"


def folder(results: Path, study: str) -> Path:
    """The folder of a study's records, which has one file for each machine."""
    return results / "records" / study


def file(results: Path, study: str, machine: str) -> Path:
    """The file of a machine's records; records that name no machine go to ``unknown.jsonl``."""
    return folder(results, study) / f"{machine or 'unknown'}.jsonl"


def machines(results: Path, study: str) -> list[str]:
    """The labels of the machines from which a study has records, sorted."""
    return sorted(file.stem for file in folder(results, study).glob("*.jsonl"))


class Line(NamedTuple):
    """A record with its file, line number (from 1), the position of its first byte, and the state of its checksum."""

    record: Record
    file: Path
    number: int
    seal: Seal
    start: int


class Place(NamedTuple):
    """The head of a record, its file, and the position of the first byte of its line."""

    head: Head
    file: Path
    start: int


class Reading(NamedTuple):
    """The heads of a file's records, and the file's size, time of change and inode, or None if there is no file."""

    places: list[Place]
    stamp: tuple[int, int, int] | None


class Store:
    """The records of one study on one machine, with one writer at a time.

    An interrupted write leaves an incomplete last line: readers ignore it, and the next append cuts it off. Any other
    bad line raises an InputError that names the line, since no record is ever dropped silently.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self, part: Part | None = None, *, samples: bool = True) -> Iterator[Line]:
        """Every complete record of the file, or of a part, with its file and line, in the order of writing.

        Without ``samples``, only records whose checksum does not match have their samples.
        """
        for (record, seal), number, start in self._each(partial(parsed, samples=samples), part or Part()):
            yield Line(record, self.path, number, seal, start)

    def heads(self) -> Iterator[Place]:
        """The head of every complete record with its place, in the order of writing."""
        for head, _, start in self._each(headed, Part()):
            yield Place(head, self.path, start)

    def _each(self, read: Callable[[bytes], Read], part: Part) -> Iterator[tuple[Read, int, int]]:
        """For each complete line: the result of ``read``, the line's number from 1, and its first byte's position."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            number, start, end = part.before, part.start, file.seek(part.start)
            while (part.end is None or end < part.end) and (line := file.readline(LONGEST + 1)):
                number, start, end = number + 1, end, end + len(line)
                if not line.strip() and len(line) <= LONGEST:
                    continue
                try:
                    made = read(line if len(line) > LONGEST else line.strip())
                except LineError as error:
                    if error.torn and not line.endswith(b"\n"):
                        return
                    raise InputError(f"{self.path}:{number}: not a record: {error}") from None
                yield made, number, start

    def at(self, start: int) -> Record:
        """The record whose line begins at byte ``start`` of the file."""
        with self.path.open("rb") as file:
            file.seek(start)
            return parsed(file.readline().strip())[0]

    def records(self) -> Iterator[Record]:
        """Every complete record, in the order of writing."""
        return (line.record for line in self.lines())

    def reading(self, earlier: Reading | None = None) -> Reading:
        """The heads with a stamp of the file, or the ``earlier`` reading if the file has not changed since."""
        try:
            facts = self.path.stat()
            stamp = facts.st_size, facts.st_mtime_ns, facts.st_ino
        except (FileNotFoundError, NotADirectoryError):
            stamp = None
        if earlier is not None and earlier.stamp == stamp:
            return earlier
        with uncollected():
            return Reading(list(self.heads()), stamp)

    def keys(self) -> set[str]:
        """The keys of the trials that have a record."""
        return {place.head.trial.key for place in self.heads()}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A context in which this process is the only writer.

        Raises InputError that names the other run where there is one. A run that has died holds no lock.
        """
        holder, lock = self.path.with_suffix(".holder"), FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            try:
                writer = holder.read_text()
            except OSError:  # the other run has just begun or just ended
                writer = "another run"
            raise InputError(f"{self.path} is being written by {writer}: wait for it, or stop it") from None
        try:
            holder.write_text(f"process {os.getpid()}, since {datetime.now(UTC).isoformat(timespec='seconds')}")
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()

    def append(self, record: Record) -> Record:
        """Append a record as one line, flush it to the disk, and return the record that was written.

        A record that is too long for a line is written with fewer points of its learning curve, or else as a failed
        trial. Raises OSError that names the file where it cannot be written.
        """
        record, line = _fitting(record)
        with _naming(self.path):
            self._append(line + b"\n")
        return record

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._mend()
        with self.path.open("ab", buffering=0) as file:
            whole = file.tell()
            try:
                _write(file, line)
                os.fsync(file.fileno())
            except OSError:  # a full disk
                with suppress(OSError):
                    file.truncate(whole)
                raise

    def _mend(self) -> None:
        """Cut off an incomplete last line; InputError where the last line is complete but not a record."""
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            end = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, end - LONGEST - 1))
            content = file.read()
            tail = content[content.rfind(b"\n") + 1 :]
            if not tail:
                return
            try:
                parsed(tail)
            except LineError as error:
                if not error.torn:
                    raise InputError(f"{self.path}: the last line is not a record: {error}") from None
                file.truncate(start + len(content) - len(tail))
            else:
                file.write(b"\n")  # only the newline was lost


class Writer:
    """Writes the records of a study, each to the file of the machine on which it was made.

    A writer is a context manager, and holds the lock of every file that it writes until the context ends.
    """

    def __init__(self, results: Path, study: str) -> None:
        self._results, self._study = results, study
        self._held, self._locks = dict[str, list[Place]](), ExitStack()

    def __enter__(self) -> "Writer":
        """Return the writer, which holds no lock yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release all locks."""
        self._locks.close()

    def prepare(self) -> None:
        """Create the folder of the records and check that files can be written there; InputError where they cannot."""
        place = folder(self._results, self._study)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=place):
                pass
        except OSError as error:
            raise InputError(f"results cannot be written to {place}: {error.strerror}") from None

    def hold(self, machine: str, earlier: Reading | None = None) -> list[Place]:
        """Lock a machine's file and return the heads of its records; InputError where another run writes the file.

        If the file has not changed since the ``earlier`` reading, it is not read again. Artifacts that no record names,
        such as a killed run leaves, are removed.
        """
        machine = machine or "unknown"
        if machine not in self._held:
            store = Store(self._file(machine))
            self._locks.enter_context(store.locked())
            places = self._held[machine] = store.reading(earlier).places
            own = self._results / "artifacts" / self._study / store.path.stem
            artifacts.clear(own, (place.head for place in places))
        return self._held[machine]

    def append(self, record: Record, artifact: bytes | None = None, kept: bytes | None = None) -> Record:
        """Write a record's artifact and learner, then its line; returns the record that was written.

        This is the shortened record, or the failure, where ``Store.append`` returns one. Raises OSError that names the
        file where one cannot be written.
        """
        machine = record.environment.machine
        self.hold(machine)
        places = ((artifact, artifacts.path(self._results, record)), (kept, artifacts.kept_path(self._results, record)))
        for content, place in places:
            if content is not None and place is not None:
                with _naming(place):
                    artifacts.write(place, content)
        return Store(self._file(machine)).append(record)

    def log(self, machine: str, title: str, text: str) -> None:
        """Append the output of a competitor to the log of a machine; OSError as in ``append``."""
        place = self._file(machine).with_suffix(".log")
        with _naming(place), place.open("a", encoding="utf-8") as stream:
            stream.write(f"== {title}\n{text.rstrip()}\n")

    def _file(self, machine: str) -> Path:
        return file(self._results, self._study, machine)


def read(results: Path, study: str, asked: str = "") -> list[Line]:
    """The lines of a study's records from every machine, file by file.

    Arguments and errors are those of ``files``; InputError, too, for a line that is not a record.
    """
    with uncollected():
        return [line for file in files(results, study, asked) for line in Store(file).lines()]


def files(results: Path, study: str, asked: str = "") -> list[Path]:
    """The files of a study's records, sorted; InputError where no file has a complete record.

    ``asked`` is the study as ``benchbench run`` takes it, for the message, if it is known.
    """
    place = folder(results, study)
    found = sorted(place.glob("*.jsonl"))
    if not found:
        known = [p.name for p in sorted((results / "records").glob("*")) if any(p.glob("*.jsonl"))]
        others = f" (there are records of {', '.join(nearest(study, known))})" if known else ""
        raise InputError(f"{place}: no records{others}; run `benchbench run {asked or 'STUDY'}` first")
    if not any(any(Store(file).heads()) for file in found):
        raise InputError(f"{place}: no complete record yet; run the study first")
    return found


@contextmanager
def uncollected() -> Iterator[None]:
    """A context without garbage collection, which would walk all records again and again and double the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """A context in which every OSError names this file and says that nothing is lost."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}; {_KEPT}", str(file)) from error


def _write(file: RawIOBase, line: bytes) -> None:
    while line:  # a disk that fills up accepts only a part of the line; writing the rest raises an error
        line = line[file.write(line) or 0 :]


def _fitting(record: Record) -> tuple[Record, bytes]:
    """The record and its line; a record that is too long for a line is shortened, or replaced by a failure."""
    try:
        return record, sealed(record)
    except LineError as error:
        reason = str(error)
    if (points := len(record.curve)) > _POINTS:
        said = f"of the {points:,} points of the learning curve, {_POINTS:,} or fewer are kept"
        step = -(-points // _POINTS)
        curve = record.curve[::-step][::-1]
        thin = record.model_copy(update={"curve": curve, "message": "; ".join(filter(None, (record.message, said)))})
        with suppress(LineError):
            return thin, sealed(thin)
    kept = ("trial", "objective", "baseline", "spent", "environment", "started", "block", "files")
    failed = Record(
        status=Status.FAILED,
        message=f"the record cannot be written: {reason}",
        **{name: getattr(record, name) for name in kept},
    )
    return failed, sealed(failed)
