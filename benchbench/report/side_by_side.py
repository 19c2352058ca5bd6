"""Does jobs side by side, such as saving figures: drawing one into its three files can take seconds."""

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

Job = Callable[[], None]


def cores() -> int:
    """The number of jobs that are done at a time.

    It is 1 where forking is not safe: on other systems than Linux, and in a process with threads.
    """
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" and threading.active_count() == 1 else 1


@contextmanager
def side_by_side() -> Iterator[Callable[[Job], None]]:
    """A function that does jobs in forked processes, as many at a time as ``cores`` says.

    A job may write files and must do nothing else. At the end of the context all jobs are done. A job whose process
    failed is done again in this process, which raises its error. If there is one core, this process does all jobs.
    """
    most = cores()
    running: list[tuple[BaseProcess, Job]] = []

    def finish() -> None:
        process, job = running.pop(0)
        process.join()
        if process.exitcode:
            job()

    def do(job: Job) -> None:
        if most == 1:
            job()
            return
        if len(running) == most:
            finish()
        process = get_context("fork").Process(target=_alone, args=(job,))
        process.start()
        running.append((process, job))

    try:
        yield do
        while running:
            finish()
    finally:
        for process, _ in running:
            process.kill()
            process.join()


def _alone(job: Job) -> None:
    gc.disable()  # a collection would copy the memory that is shared with the other process
    try:
        job()
    except BaseException:
        os._exit(1)  # without a message, since the other process raises the error
