"""The machine that trials run on: what it is, how fast it is, and the examiner of its trials."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from benchbench.core.errors import InputError
from benchbench.core.record import Environment
from benchbench.isolation.pool import Office, cores, isolated_map
from benchbench.isolation.reception import Address, Reception
from benchbench.isolation.supervisor import Lost, Surroundings
from benchbench.isolation.temporary import held
from benchbench.measure import allocator
from benchbench.run.job import Examine, Job, Warm


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


_KEPT = 4  # problems that an examiner keeps beyond one a job


class Examiners(NamedTuple):
    """The examiner of a run on this machine: its office, its address, and the folder of the run."""

    office: Office
    address: Address
    folder: str


@contextmanager
def examiners(job: Job) -> Iterator[Examiners]:
    """An examiner that makes the data of a job and scores; it ends with its problems."""
    with held("run") as folder:
        address = Address.inside(folder)
        reception = Reception(
            address=address,
            desk=Examine(job=job),
            prepare=Warm(job, tasks_alone=True) if job.warm else None,
            enter=Surroundings(threads=job.threads).enter,
            most=job.jobs + _KEPT,
        )
        office = Office(reception)
        try:
            yield Examiners(office, address, folder)
        finally:
            office.close()
