"""Run a claim: measure ours on one thread, hold it against the published number, say where and how long."""

import time
from datetime import UTC, datetime

import torch
from threadpoolctl import threadpool_limits

from benchbench.core.claim import Claim, Outcome
from benchbench.core.meter import Clock
from benchbench.isolation.pool import cores
from benchbench.measure.machine import capture


def outcome(name: str, claim: Claim, clock: Clock = time.perf_counter) -> Outcome:
    """What came out of a claim."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            start = clock()
            ours = claim.measure()
            seconds = clock() - start
    finally:
        torch.set_num_threads(threads)
    return Outcome(
        claim=name,
        source=claim.source,
        quantity=claim.quantity,
        published=claim.published,
        ours=ours,
        verdict=claim.verdict(ours.value),
        seconds=seconds,
        environment=capture(cores=cores(), jobs=1, threads=1),
        started=started,
    )
