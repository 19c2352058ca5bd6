"""The machine that trials run on: what it is, how fast it is, and the folder where its processes share problems."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from benchbench.core.errors import InputError
from benchbench.core.record import Environment
from benchbench.core.spec import Trial
from benchbench.isolation.pool import cores, isolated_map
from benchbench.isolation.supervisor import Lost
from benchbench.measure import allocator
from benchbench.run.job import Job, Scheduled, problem_file
from benchbench.run.problem_cache import data_key

_PREFIX, _LOCK = "benchbench-problems-", "in-use"


def look(job: Job) -> Environment:
    """What this machine is, found out in a process of its own before trials start; InputError where it cannot run them.

    It measures the speed of the machine too, so nothing else of the run should be under way.
    """
    [(_, found)] = isolated_map(_Look(job), [cores()], threads=job.threads)
    if isinstance(found, InputError):
        raise found
    if isinstance(found, Lost):
        raise ChildProcessError(f"the process that looks at the machine was lost: {found.reason}")
    return found


@dataclass(frozen=True)
class _Look:
    job: Job

    def __call__(self, count: int) -> Environment | InputError:
        from benchbench.learn.device import require

        try:
            for name in self.job.devices:
                require(name, "devices")
        except InputError as error:
            return error
        facts = {"yardstick": measure_machine(self.job.devices, self.job.threads)}
        return environment(self.job, count).model_copy(update=facts)


def environment(job: Job, count: int) -> Environment:
    """This machine with ``count`` cores, as the records of a job describe it, but for its speed."""
    from benchbench.measure.machine import capture

    kept = allocator.keep_freed() if job.keep_freed else allocator.DEFAULT
    found = capture(cores=count, jobs=job.jobs, threads=job.threads, machine=job.machine)
    return found.model_copy(update={"allocator": kept})


def measure_machine(devices: tuple[str, ...], threads: int = 1) -> dict[str, dict[str, float]]:
    """The speed of the machine, and of ``devices``, with known loads."""
    from benchbench.measure.switches import set_flags
    from benchbench.measure.yardstick import yardstick

    set_flags(threads)
    return {name: yardstick(name) for name in dict.fromkeys(("cpu", *devices))}


@contextmanager
def problem_folder() -> Iterator[str]:
    """A temporary folder of this machine for shared problems; it is gone afterwards.

    Its owner holds a lock in it, so that the folder of a run that was killed is known, and removed here.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_unless_held(left)
    hidden = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}"))
    folder = hidden.with_name(hidden.name.removeprefix("."))
    try:
        with FileLock(hidden / _LOCK):
            hidden.rename(folder)  # others see it once it is held
            yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_unless_held(folder: Path) -> None:
    with suppress(OSError):  # also that of another user
        if folder.is_symlink() or not (folder / _LOCK).is_file():
            return
        with suppress(Timeout), FileLock(folder / _LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)


class Shelf:
    """Removes shared problems that no trial needs any more, so that the disk does not grow with the study.

    Where all ``items`` are known beforehand, that is after the last trial that needs one; else, a problem goes when
    ``most`` others have been used since.
    """

    def __init__(self, folder: str, items: Iterable[Any], most: int) -> None:
        self._folder, self._most = folder, most
        known = items if isinstance(items, Sequence) else None
        self._needed = None if known is None else Counter(data_key(item.trial) for item in known)
        self._recent: dict[str, Trial] = {}

    def starts(self, item: Scheduled) -> None:
        """A trial is about to use its problem."""
        key = data_key(item.trial)
        self._recent.pop(key, None)
        self._recent[key] = item.trial
        if self._needed is None and len(self._recent) > self._most:
            self._drop(next(iter(self._recent)))

    def ended(self, item: Scheduled) -> None:
        """A trial needs its problem no more."""
        if self._needed is not None:
            key = data_key(item.trial)
            self._needed[key] -= 1
            if not self._needed[key]:
                self._drop(key)

    def _drop(self, key: str) -> None:
        problem_file(self._folder, self._recent.pop(key)).unlink(missing_ok=True)
