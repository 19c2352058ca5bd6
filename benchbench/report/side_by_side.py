"""Does the jobs of a report side by side: drawing a figure, or reading many records, takes seconds."""

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

Value = TypeVar("Value")

_BYTES = 4  # of a job's number


def cores() -> int:
    """The number of jobs that are done at a time.

    It is 1 where forking is not safe: on other systems than Linux, and in a process with threads.
    """
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" and threading.active_count() == 1 else 1


def side_by_side(jobs: Iterable[Callable[[], Value]]) -> list[Value]:
    """The values of jobs, in their order; as many forked processes as ``cores`` says share the jobs.

    If a job fails in its process, the others stop, and this process does it again, which raises its error. If there is
    one core, this process does all jobs.
    """
    listed = list(jobs)
    most = min(cores(), len(listed))
    if most < 2:
        return [job() for job in listed]
    numbers, sink = os.pipe()
    os.write(sink, b"".join(number.to_bytes(_BYTES, "big") for number in range(len(listed))))
    os.close(sink)
    with TemporaryDirectory() as folder:
        files = [Path(folder) / str(i) for i in range(most)]
        _done_by_processes(listed, numbers, files)
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
        for file in files:
            process = get_context("fork").Process(target=_work, args=(jobs, numbers, file))
            process.start()
            running.append(process)
        while waiting := [one.sentinel for one in running if one.exitcode is None]:
            wait(waiting)
            if any(one.exitcode for one in running):
                break
    finally:
        os.close(numbers)
        for one in running:
            one.kill()
            one.join()


def _work(jobs: Sequence[Callable[[], object]], numbers: int, file: Path) -> None:
    """Do each job whose number is read from the pipe; write the values, and the number of the job that failed."""
    gc.disable()  # a collection would copy the memory that is shared with the other process
    done, number = dict[int, object](), None
    try:
        while taken := os.read(numbers, _BYTES):
            number = int.from_bytes(taken, "big")
            done[number] = jobs[number]()
        file.write_bytes(pickle.dumps((done, None), pickle.HIGHEST_PROTOCOL))
    except BaseException:
        file.write_bytes(pickle.dumps(({}, number)))
        os._exit(1)  # without a message, since the other process raises the error
