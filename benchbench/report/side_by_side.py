"""Does the jobs of a report side by side: drawing a figure, or reading many records, takes seconds."""

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from multiprocessing import current_process, get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

Value = TypeVar("Value")

_BYTES = 4  # of a job's number


def cores() -> int:
    """The number of jobs that are done at a time.

    It is 1 where forking is not safe or not allowed: on other systems than Linux, in a process with threads, and in a
    process of a pool.
    """
    alone = sys.platform == "linux" and threading.active_count() == 1 and not current_process().daemon
    return len(os.sched_getaffinity(0)) if alone else 1


def side_by_side(jobs: Iterable[Callable[[], Value]]) -> list[Value]:
    """The values of jobs, in their order; as many forked processes as ``cores`` says share the jobs.

    If a job fails in its process, the other processes stop, and this process does the failed job again, so that its
    error is raised here. This process also does all jobs whose values were lost, and all jobs if there is one core.
    """
    listed = list(jobs)
    most = min(cores(), len(listed))
    if most < 2:
        return [job() for job in listed]
    with TemporaryDirectory() as folder:
        files = [Path(folder) / str(i) for i in range(most)]
        numbers = Path(folder) / "numbers"
        numbers.write_bytes(b"".join(number.to_bytes(_BYTES, "big") for number in range(len(listed))))
        with numbers.open("rb", buffering=0) as shared:  # each process reads on where the last one has stopped
            _done_by_processes(listed, shared.fileno(), files)
        found = [pickle.loads(file.read_bytes()) for file in files if file.exists()]  # noqa: S301  written by ``_work``
    values: dict[int, Value] = {number: value for done, _ in found for number, value in done.items()}
    for number in (*(failed for _, failed in found if failed is not None), *range(len(listed))):
        if number not in values:
            values[number] = listed[number]()
    return [values[number] for number in range(len(listed))]


def _done_by_processes(jobs: Sequence[Callable[[], object]], numbers: int, files: list[Path]) -> None:
    """Have a process for each file do jobs until all are taken, or one has failed."""
    running: list[BaseProcess] = []
    try:
        with suppress(OSError):  # the system allows no further process
            for file in files:
                process = get_context("fork").Process(target=_work, args=(jobs, numbers, file))
                process.start()
                running.append(process)
        pending = list(running)
        while pending and not any(one.exitcode for one in running):
            wait([one.sentinel for one in pending])
            pending = [one for one in pending if one.exitcode is None]
    finally:
        for one in running:
            one.kill()
            one.join()


def _work(jobs: Sequence[Callable[[], object]], numbers: int, file: Path) -> None:
    """Do each job whose number is next in ``numbers``; write the values, or the number of the job that failed."""
    gc.freeze()  # a collection would copy the memory that is shared with the other process
    done, number = dict[int, object](), None
    try:
        while taken := os.read(numbers, _BYTES):
            number = int.from_bytes(taken, "big")
            done[number] = jobs[number]()
        _write(file, (done, None))
    except BaseException:
        with suppress(OSError):
            _write(file, ({}, number))
        os._exit(1)  # without a message, since the other process raises the error


def _write(file: Path, content: object) -> None:
    part = file.with_suffix(".part")
    part.write_bytes(pickle.dumps(content, pickle.HIGHEST_PROTOCOL))
    part.replace(file)
