"""Run a claim: measure our number on one thread, compare it with the published one, and note machine and time."""

import time
from datetime import UTC, datetime

from benchbench.core.claim import Claim, Outcome
from benchbench.core.meter import Clock
from benchbench.isolation.pool import cores
from benchbench.measure.machine import capture
from benchbench.measure.switches import as_in_a_trial


def outcome(name: str, claim: Claim, clock: Clock = time.perf_counter) -> Outcome:
    """Run a claim and return its outcome."""
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
