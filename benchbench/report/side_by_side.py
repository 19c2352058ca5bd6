"""Does the jobs of a report side by side: drawing a figure, or reading many records, takes seconds."""

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

Value = TypeVar("Value")


def cores() -> int:
    """The number of jobs that are done at a time.

    It is 1 where forking is not safe: on other systems than Linux, and in a process with threads.
    """
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" and threading.active_count() == 1 else 1


def side_by_side(jobs: Iterable[Callable[[], Value]]) -> list[Value]:
    """The values of jobs, in their order; forked processes do the jobs, as many at a time as ``cores`` says.

    A job whose process failed is done again in this process, which raises its error. If there is one core, this process
    does all jobs.
    """
    if (most := cores()) == 1:
        return [job() for job in jobs]
    listed, running, values = list(jobs), dict[BaseProcess, int](), dict[int, Value]()
    with TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(listed))]

        def finish() -> None:
            sentinels = wait([one.sentinel for one in running])
            for ended in [one for one in running if one.sentinel in sentinels]:
                ended.join()
                done = running.pop(ended)
                # the file is written by ``_alone``
                values[done] = listed[done]() if ended.exitcode else pickle.loads(files[done].read_bytes())  # noqa: S301

        try:
            for number, job in enumerate(listed):
                if len(running) == most:
                    finish()
                process: BaseProcess = get_context("fork").Process(target=_alone, args=(job, files[number]))
                process.start()
                running[process] = number
            while running:
                finish()
        finally:
            for one in running:
                one.kill()
                one.join()
    return [values[number] for number in range(len(listed))]


def _alone(job: Callable[[], object], file: Path) -> None:
    gc.disable()  # a collection would copy the memory that is shared with the other process
    try:
        file.write_bytes(pickle.dumps(job(), pickle.HIGHEST_PROTOCOL))
    except BaseException:
        os._exit(1)  # without a message, since the other process raises the error
