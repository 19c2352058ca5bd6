"""Run a claim: measure ours on one thread, hold it against the published number, say where and how long."""

import time
from datetime import UTC, datetime

from benchbench.core.claim import Claim, Outcome
from benchbench.core.meter import Clock
from benchbench.isolation.pool import cores
from benchbench.measure.machine import capture
from benchbench.measure.switches import as_in_a_trial


def outcome(name: str, claim: Claim, clock: Clock = time.perf_counter) -> Outcome:
    """What came out of a claim."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with as_in_a_trial():
        start = clock()
        ours = claim.measure()
        seconds = clock() - start
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
