"""Contention: how much else the machine did while a trial ran."""

import os
import time
from contextlib import suppress
from typing import NamedTuple

import psutil

from benchbench.isolation.process_tree import children

_SHORTEST = 0.25  # seconds; the kernel counts the time of a core in hundredths of a second


class Reading(NamedTuple):
    """A reading in seconds.

    ``clock`` is the time, ``busy`` the busy time of all ``cores`` on which this process may run, and ``own`` the CPU
    time of this process and its children.
    """

    clock: float
    cores: int
    busy: float
    own: float


def average() -> float | None:
    """The load average: the mean number of runnable processes over the last minute; None where it is not known."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def reading() -> Reading | None:
    """Take a reading; None on systems that do not tell on which cores a process may run."""
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
    """The share of the cores' time, 0 to 1, that other processes or the hypervisor used between two readings.

    None where a reading is missing, or where the readings are less than 0.25 s apart.
    """
    if start is None or end is None or end.clock - start.clock < _SHORTEST:
        return None
    other = (end.busy - start.busy) - (end.own - start.own)
    return min(1.0, max(0.0, other) / (end.clock - start.clock) / end.cores)
