"""What a run knows about a worker of its cluster, and how it makes the worker ready for its trials."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

from distributed import Future

from benchbench.core.record import Environment
from benchbench.run.cluster import versions, worker
from benchbench.run.cluster.link import Link
from benchbench.run.cluster.luggage import Parcel, chunks
from benchbench.run.job import Job, Scheduled

GPU = "GPU"
"""The Dask resource that a worker with a GPU offers."""

_ARRIVAL = 120.0  # seconds for a host to load PyTorch and the plug-ins and to measure its machine

State = Literal["new", "opening", "ready", "refused", "silent"]


@dataclass(eq=False)
class Member:
    """A worker, the trials that it has (``given``, in order), and when those that run began (``started``).

    ``token`` names its host; a worker that left and came back gets a new one. ``seen`` is the time of its last message
    to the scheduler, by the scheduler's clock; ``changed`` is when that last changed, by the run's clock. ``tries``
    counts the attempts to start a host on it.
    """

    address: str
    label: str
    threads: int
    gpu: bool
    seen: float
    changed: float
    token: str = field(default_factory=lambda: uuid4().hex)
    state: State = "new"
    environment: Environment = field(default_factory=Environment)
    jobs: int = 1
    given: dict[str, tuple[Scheduled, Future[Any]]] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    tries: int = 0

    @classmethod
    def of(cls, address: str, told: dict[str, Any], now: float) -> "Member":
        """The worker at an address, from what the scheduler says about it."""
        name = told.get("name")
        label = address if name in {None, address} else f"{name} ({address})"
        gpu = (told.get("resources") or {}).get(GPU, 0) >= 1
        return cls(address, label, told["nthreads"], gpu, told["last_seen"], now)

    def can(self, item: Scheduled) -> bool:
        """Whether it has the device of a trial."""
        return item.trial.device == "cpu" or self.gpu

    def anew(self) -> "Member":
        """The same worker without its host and trials."""
        fresh = Member(self.address, self.label, self.threads, self.gpu, self.seen, self.changed)
        fresh.tries = self.tries + 1
        return fresh

    def room(self, ahead: int) -> int:
        """How many more trials it may get, if each of its jobs may have ``ahead``."""
        return self.jobs * ahead - len(self.given)

    def starting(self) -> Iterator[Scheduled]:
        """The trials that begin now: a worker runs its trials in order."""
        for key, (item, _) in [*self.given.items()][: self.jobs]:
            if key not in self.started:
                yield item


def opened(link: Link, member: Member, run: str, job: Job, parcels: tuple[Parcel, ...]) -> Environment | str:
    """Send a worker the files that it lacks and have it start a host; a text says why it cannot run the trials.

    Raises whatever went wrong if the worker did not answer or failed.
    """

    def ask(function: Any, *given: Any) -> Any:
        return link.ask(function, *given, worker=member.address, seconds=_ARRIVAL)

    if differences := versions.differences(versions.own(), ask(worker.about)):
        return f"it has {differences}"
    lacking = set(ask(worker.missing, parcels))
    for piece in {piece.sha256: piece for parcel in parcels for piece in parcel.pieces}.values():
        if piece.sha256 in lacking:
            parts = [*chunks(piece)] or [b""]
            for number, part in enumerate(parts):
                ask(worker.receive, piece.sha256, part, number == 0, number == len(parts) - 1)
    member.jobs = jobs(member, job)
    there = replace(job, jobs=member.jobs)
    answer: Environment | str = pickle.loads(  # noqa: S301  the run and its workers trust each other
        ask(worker.opened, run, member.token, pickle.dumps(there), parcels)
    )
    return answer


def jobs(member: Member, job: Job) -> int:
    """How many trials run in parallel there: as many as it has threads for, or one if they share a device."""
    return 1 if any(name != "cpu" for name in job.devices) else max(1, member.threads // job.threads)
