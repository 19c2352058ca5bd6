"""What else a machine did while a trial ran."""

import os
import time
from contextlib import suppress
from typing import NamedTuple

import psutil

from benchbench.isolation.process_tree import children

_SHORTEST = 0.25  # seconds; the kernel counts the time of a core in hundredths


class Reading(NamedTuple):
    """Seconds: of the clock, busy on all ``cores`` of this process, and used by it with its children."""

    clock: float
    cores: int
    busy: float
    own: float


def average() -> float | None:
    """Processes that wanted a core, averaged over the last minute; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def reading() -> Reading | None:
    """A reading now; None where a process has no cores of its own or their time is not known."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    every = psutil.cpu_times(percpu=True)
    mine = [every[core] for core in os.sched_getaffinity(0) if core < len(every)]
    busy = sum(core.user + core.nice + core.system + core.irq + core.softirq + core.steal for core in mine)
    own = sum(os.times()[:4])  # with the children that have ended
    for child in children(os.getpid()):
        with suppress(psutil.Error):
            own += sum(child.cpu_times()[:2])
    return Reading(time.monotonic(), len(mine), busy, own)


def other_share(start: Reading | None, end: Reading | None) -> float | None:
    """Share of its cores' time that went to anything else between two readings: other processes, the hypervisor.

    None where they lie too close together to tell.
    """
    if start is None or end is None or end.clock - start.clock < _SHORTEST:
        return None
    other = (end.busy - start.busy) - (end.own - start.own)
    return min(1.0, max(0.0, other) / (end.clock - start.clock) / end.cores)
