"""A worker of a cluster, as a run knows it, and how it is made ready for the run's trials."""

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
"""The resource that a worker offers which has a GPU for trials."""

_ARRIVAL = 120.0  # seconds for a host to load PyTorch and the plug-ins and to measure its machine

State = Literal["new", "opening", "ready", "refused", "silent"]


@dataclass(eq=False)
class Member:
    """A worker, with the trials that it has been given, in their order, and when each of those that run began.

    ``token`` names its host; one that has gone and come back has another. ``seen`` is when the scheduler last heard of
    it, by the scheduler's clock, ``changed`` when that changed, by the run's. ``tries``: to open a host there.
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
        """A worker of which the scheduler tells."""
        name = told.get("name")
        label = address if name in {None, address} else f"{name} ({address})"
        gpu = (told.get("resources") or {}).get(GPU, 0) >= 1
        return cls(address, label, told["nthreads"], gpu, told["last_seen"], now)

    def can(self, item: Scheduled) -> bool:
        """Whether it has the device of a trial."""
        return item.trial.device == "cpu" or self.gpu

    def anew(self) -> "Member":
        """The same worker, of whose host nothing is left."""
        fresh = Member(self.address, self.label, self.threads, self.gpu, self.seen, self.changed)
        fresh.tries = self.tries + 1
        return fresh

    def room(self, ahead: int) -> int:
        """How many trials it may be given, where each of its jobs may have ``ahead``."""
        return self.jobs * ahead - len(self.given)

    def starting(self) -> Iterator[Scheduled]:
        """The trials that begin now, since it runs what it is given in order."""
        for key, (item, _) in [*self.given.items()][: self.jobs]:
            if key not in self.started:
                yield item


def opened(link: Link, member: Member, run: str, job: Job, parcels: tuple[Parcel, ...]) -> Environment | str:
    """Have a worker start its host, and send what it lacks; a text says why it cannot run the trials.

    An exception says that it did not answer, or that something went wrong there.
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
    answer: Environment | str = pickle.loads(  # noqa: S301  from the worker, whom the run trusts as it trusts the run
        ask(worker.opened, run, member.token, pickle.dumps(there), parcels)
    )
    return answer


def jobs(member: Member, job: Job) -> int:
    """How many trials run side by side there: as many as it has threads for, and one where they share a device."""
    return 1 if any(name != "cpu" for name in job.devices) else max(1, member.threads // job.threads)
