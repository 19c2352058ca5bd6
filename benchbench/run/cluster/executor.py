"""The executor of a Dask cluster."""

import time
from collections.abc import Callable, Generator, Iterable
from typing import Any
from uuid import uuid4

from benchbench.core.errors import InputError
from benchbench.run.cluster import versions, worker
from benchbench.run.cluster.link import Link
from benchbench.run.cluster.member import GPU, Member
from benchbench.run.cluster.session import Listeners, Session
from benchbench.run.executor import Ended
from benchbench.run.job import Job, Scheduled

PATIENCE = 60.0
"""Seconds without a message after which a scheduler or a worker counts as lost."""

_PAUSE = 0.2  # seconds between two looks for a worker


class Dask:
    """Runs trials on the workers of the Dask scheduler at an address; close it after use.

    Each block goes to one worker, which runs every trial in a process of its own, as many in parallel as it has threads
    for. Trials on a worker that leaves, or that sends nothing for ``patience`` seconds, run once more on another
    worker; if that one leaves too, they are recorded as lost. Raises ConnectionError if the scheduler does not answer
    for that long, and InputError if no scheduler is at the address, a worker has other versions, or no worker has a
    GPU for a study that needs one.
    """

    many_machines = True

    def __init__(
        self,
        scheduler: str,
        *,
        patience: float = PATIENCE,
        on_workers: Callable[[int], None] = lambda _: None,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._link, self._patience = Link(scheduler), patience
        self._on_workers, self._on_note = on_workers, on_note
        self._members: dict[str, Member] = {}
        self._run = uuid4().hex

    def __enter__(self) -> "Dask":
        """Return this executor, which connected when it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """End this run's processes on the workers, and close the connection."""
        self._link.tell(worker.closed, self._run, workers=self._members)
        self._link.close()

    def prepare(self, job: Job) -> None:
        """Wait for a worker; InputError if none comes, or if a worker cannot run the trials of a job."""
        workers = self._workers()
        members = [Member.of(address, told, 0.0) for address, told in workers.items()]
        if any(name != "cpu" for name in job.devices) and not any(member.gpu for member in members):
            raise InputError(
                f"devices: no worker at {self._link.address} offers a GPU: start one with "
                f"'dask worker {self._link.address} --nthreads 1 --resources {GPU}=1'"
            )
        here, there = versions.own(), self._link.each(worker.about)
        for member in members:
            found = there.get(member.address, here)
            if isinstance(found, Exception):
                raise InputError(
                    f"worker {member.label} cannot run the trials: it cannot import benchbench ({found}); "
                    "install there what this machine has"
                )
            if differences := versions.differences(here, found):
                raise InputError(
                    f"worker {member.label} cannot run the trials: it has {differences}; "
                    "install there what this machine has"
                )

    def _workers(self) -> dict[str, dict[str, Any]]:
        until = time.monotonic() + self._patience
        while not (workers := self._link.workers()):
            if time.monotonic() > until:
                where = self._link.address
                raise InputError(f"the scheduler at {where} has no worker: start one with 'dask worker {where}'")
            time.sleep(_PAUSE)
        return workers

    def map(
        self,
        job: Job,
        items: Iterable[Scheduled],
        *,
        on_start: Callable[[Scheduled], None],
        on_output: Callable[[Scheduled, str], None],
    ) -> Generator[Ended, None, None]:
        """Yield each item with its outcome as it ends."""
        listeners = Listeners(
            on_workers=self._on_workers, on_note=self._on_note, on_start=on_start, on_output=on_output
        )
        session = Session(
            self._link, self._members, self._run, job, items, patience=self._patience, listeners=listeners
        )
        yield from session.outcomes()
