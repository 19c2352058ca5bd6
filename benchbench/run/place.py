"""The machine that trials run on: its description, its speed, and the examiner of its trials."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from benchbench.core.errors import InputError
from benchbench.core.record import Environment
from benchbench.isolation.pool import BrokerProcess, cores, isolated_map
from benchbench.isolation.services import Address, Broker
from benchbench.isolation.supervisor import Lost, Surroundings
from benchbench.isolation.temporary import held
from benchbench.measure import allocator
from benchbench.run.job import Examine, Job, Warm


def look(job: Job) -> Environment:
    """Describe this machine, in a process of its own before trials start; InputError if it cannot run them.

    This also measures the machine's speed, so nothing else of the run should be under way.
    """
    [(_, found)] = isolated_map(_Look(job), [cores()], threads=job.threads)
    if isinstance(found, InputError):
        raise found
    if isinstance(found, Lost):
        raise ChildProcessError(f"the process that measures the machine was lost: {found.reason}")
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
    """This machine with ``count`` cores as the records of a job describe it, without its speed."""
    from benchbench.measure.machine import capture

    kept = allocator.keep_freed() if job.keep_freed else allocator.DEFAULT
    found = capture(cores=count, jobs=job.jobs, threads=job.threads, machine=job.machine)
    return found.model_copy(update={"allocator": kept})


def measure_machine(devices: tuple[str, ...], threads: int = 1) -> dict[str, dict[str, float]]:
    """Measure the speed of the machine and of ``devices`` with known loads."""
    from benchbench.measure.switches import set_flags
    from benchbench.measure.yardstick import yardstick

    set_flags(threads)
    return {name: yardstick(name) for name in dict.fromkeys(("cpu", *devices))}


_KEPT = 4  # problems that an examiner keeps in addition to one for each job


class Examiners(NamedTuple):
    """The examiners of a run on this machine: the broker's process and address, and the folder of the run."""

    broker: BrokerProcess
    address: Address
    folder: str


@contextmanager
def examiners(job: Job) -> Iterator[Examiners]:
    """Start examiners, which make the data of a job and score; they end afterwards."""
    with held("run") as folder:
        address = Address.inside(folder)
        broker = Broker(
            address=address,
            service=Examine(job=job),
            prepare=Warm(job, tasks=True) if job.warm else None,
            enter=Surroundings(threads=job.threads).enter,
            most=job.jobs + _KEPT,
        )
        process = BrokerProcess(broker)
        try:
            yield Examiners(process, address, folder)
        finally:
            process.close()
