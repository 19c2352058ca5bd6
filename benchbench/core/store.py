"""The records of a study on disk: JSON lines, only ever appended to."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryFile

from filelock import FileLock, Timeout
from pydantic import ValidationError

from benchbench.core import artifacts
from benchbench.core.errors import InputError, unknown
from benchbench.core.record import Record

_KEPT = "earlier records are whole, and the same command goes on from them"


def folder(results: Path, study: str) -> Path:
    """Where the records of a study lie: one file a machine."""
    return results / "records" / study


def file(results: Path, study: str, machine: str) -> Path:
    """The file of a machine's records; a record that names no machine goes to a file of its own."""
    return folder(results, study) / f"{machine or 'unknown'}.jsonl"


def machines(results: Path, study: str) -> list[str]:
    """The labels of the machines that a study has records from."""
    return sorted(file.stem for file in folder(results, study).glob("*.jsonl"))


class Store:
    """The records of one study on one machine; one writer at a time.

    A torn last line, left by a kill, is ignored on reading and cut off before the next append. A bad line anywhere
    else is an InputError that names the line, since records are never dropped in silence.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> Iterator[Record]:
        """Every whole record, in the order of writing."""
        if not self.path.exists():
            return
        lines = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield Record.model_validate_json(line)
            except ValidationError as error:
                if number == len(lines):
                    return  # no newline behind it: torn
                raise InputError(f"{self.path}:{number}: not a record: {error.errors()[0]['msg']}") from None

    def keys(self) -> set[str]:
        """The keys of the trials that have a record."""
        return {record.trial.key for record in self.records()}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer; InputError that names the other run where there is one. A dead run holds no lock."""
        holder, lock = self.path.with_suffix(".holder"), FileLock(self.path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            try:
                writer = holder.read_text()
            except OSError:  # it has just begun, or just ended
                writer = "another run"
            raise InputError(f"{self.path} is being written by {writer}: wait for it, or stop it") from None
        try:
            holder.write_text(f"process {os.getpid()}, since {datetime.now(UTC).isoformat(timespec='seconds')}")
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()

    def append(self, record: Record) -> None:
        """Write one record as one line and flush it to the disk; OSError that names the file where it cannot."""
        try:
            self._append(record)
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror}; {_KEPT}", str(self.path)) from error

    def _append(self, record: Record) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._mend()
        with self.path.open("ab", buffering=0) as file:
            whole = file.tell()
            try:
                _write(file, record.model_dump_json(by_alias=True).encode() + b"\n")
                os.fsync(file.fileno())
            except OSError:  # a full disk
                with suppress(OSError):
                    file.truncate(whole)
                raise

    def _mend(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            content_end = file.seek(0, os.SEEK_END)
            if content_end == 0:
                return
            file.seek(content_end - 1)
            if file.read(1) == b"\n":
                return
            file.seek(0)
            whole, _, tail = file.read().rpartition(b"\n")
            if _is_record(tail):
                file.write(b"\n")  # only the newline was lost
            else:
                file.truncate(len(whole) + 1 if whole else 0)


class Writer:
    """The one writer of a study's records: each record goes to the file of the machine that it was made on.

    It holds the lock of every file that it writes, until ``close``.
    """

    def __init__(self, results: Path, study: str) -> None:
        self._results, self._study = results, study
        self._held, self._locks = dict[str, list[Record]](), ExitStack()

    def __enter__(self) -> "Writer":
        """Nothing is held yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release all locks."""
        self._locks.close()

    def prepare(self) -> None:
        """Make sure that files can be made; InputError where they cannot."""
        place = folder(self._results, self._study)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=place):
                pass
        except OSError as error:
            raise InputError(f"results cannot be written to {place}: {error.strerror}") from None

    def hold(self, machine: str) -> list[Record]:
        """Lock a machine's file, and read it; InputError where another run writes it.

        Artifacts that none of its records names, left by a run that was killed, are removed.
        """
        machine = machine or "unknown"
        if machine not in self._held:
            store = Store(self._file(machine))
            self._locks.enter_context(store.locked())
            self._held[machine] = list(store.records())
            artifacts.clear(self._results / "artifacts" / self._study / store.path.stem, self._held[machine])
        return self._held[machine]

    def append(self, record: Record, artifact: bytes | None = None) -> None:
        """Store a record's arrays, then its line; OSError that names the file where one cannot be written."""
        machine = record.environment.machine
        self.hold(machine)
        if artifact is not None:
            place = artifacts.path(self._results, record)
            try:
                artifacts.write(place, artifact)
            except OSError as error:
                raise OSError(error.errno, f"{error.strerror}; {_KEPT}", str(place)) from error
        Store(self._file(machine)).append(record)

    def log(self, machine: str, title: str, text: str) -> None:
        """Keep what a competitor printed beside the records of a machine."""
        with self._file(machine).with_suffix(".log").open("a", encoding="utf-8") as stream:
            stream.write(f"== {title}\n{text.rstrip()}\n")

    def _file(self, machine: str) -> Path:
        return file(self._results, self._study, machine)


def read(results: Path, study: str) -> list[Record]:
    """All records of a study, from every machine; InputError where there is none."""
    place = folder(results, study)
    files = sorted(place.glob("*.jsonl"))
    if not files:
        known = [p.name for p in sorted((results / "records").glob("*")) if any(p.glob("*.jsonl"))]
        raise unknown("study with records", study, known, where=str(place))
    records = [record for file in files for record in Store(file).records()]
    if not records:
        raise InputError(f"{place}: no whole record yet")
    return records


def _write(file: RawIOBase, line: bytes) -> None:
    while line:  # a disk that fills up takes a part, and the rest is an error
        line = line[file.write(line) or 0 :]


def _is_record(line: bytes) -> bool:
    try:
        Record.model_validate_json(line)
    except ValidationError:
        return False
    return True
