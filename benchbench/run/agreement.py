"""Decides whether a repeated trial agrees with its record: bit by bit, or within the spread over seeds."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from benchbench.core.errors import short
from benchbench.core.record import FITTED, Environment, Record, Status

VERSIONS = ("python", "torch", "numpy", "numba", "scikit_learn", "benchbench")
ROUNDING = 1e-5  # relative difference of a score that another order of single-precision sums can make
_MACHINE = ("cpu", "cores", "gpu")
_COUNTS = ("width", "trained_parameters", "fixed_parameters", "updates")
_FREE = ("valid_steps", "nrmse_84", "spectrum_distance", "diverged", "diverged_at", "mse", "validation_time", "status")


class Agreement(NamedTuple):
    """Whether two runs of a trial agree, whether they were compared bit by bit, and the sentences that say so."""

    agrees: bool
    bitwise: bool
    said: list[str]


def unlike(before: Environment, now: Environment) -> list[str]:
    """The reasons why this machine cannot repeat a record bit by bit, as phrases; empty if there are none."""
    machine = [name for name in _MACHINE if getattr(before, name) != getattr(now, name)]
    found = ["another machine"] if machine else []
    for name in VERSIONS:
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            found.append(f"{name.replace('_', '-')} {old or 'unknown'} in the record, {new} here")
    return found


def bitwise(before: Record, now: Record) -> Agreement:
    """Compare everything in the record but times and memory; values that an old record lacks are left out."""
    compared, differing = 0, list[str]()
    for name, old, new in _pairs(before, now):
        compared += 1
        if old != new:
            differing.append(f"{name}: {short(old, 60)} in the record, {short(new, 60)} now.")
    said = f"Compared bit by bit, since machine, versions and engine are the record's: {compared:,} values"
    if not differing:
        return Agreement(agrees=True, bitwise=True, said=[f"{said}, all equal.", *_score(before, now)])
    return Agreement(agrees=False, bitwise=True, said=[f"{said}, {len(differing):,} of them differ.", *differing])


def _score(before: Record, now: Record) -> list[str]:
    name = f"test_{before.objective.primary}"
    score = now.scores.get(name)
    return [] if score is None else [f"{name}: {before.scores[name]!r} in the record, {score!r} now."]


def _pairs(before: Record, now: Record) -> Iterator[tuple[str, Any, Any]]:
    """Each value that must be equal: its name, the record's value, and the new one."""
    yield "status", before.status.value, now.status.value
    if before.status is not Status.OVER_BUDGET:  # its message may contain seconds
        yield "message", before.message, now.message
    yield "fingerprint of the data", before.data.get("fingerprint"), now.data.get("fingerprint")
    for part in ("scores", "undefined", "groups", "samples"):
        new = getattr(now, part)
        yield from ((f"{part}.{name}", old, new.get(name)) for name, old in getattr(before, part).items())
    for number, (updates, _, valid, train) in enumerate(before.curve):
        other = now.curve[number] if number < len(now.curve) else (None,) * 4
        yield f"point {number + 1} of the curve", (updates, valid, train), (other[0], other[2], other[3])
    yield "points of the curve", len(before.curve), len(now.curve)
    yield from ((name, getattr(before.spent, name), getattr(now.spent, name)) for name in _COUNTS)
    yield "kernel", before.kernel, now.kernel
    if before.free_run is not None:
        yield from ((f"free_run.{n}", getattr(before.free_run, n), getattr(now.free_run, n, None)) for n in _FREE)
    if before.artifact is not None:
        yield "artifact", before.artifact.sha256, now.artifact and now.artifact.sha256


def clocked(before: Record, now: Record) -> bool:
    """Whether a budget in seconds ended the two fits after different numbers of updates."""
    return before.trial.budget.seconds is not None and before.spent.updates != now.spent.updates


def spread(before: Record, now: Record, siblings: Sequence[Record], why: str) -> Agreement:
    """Compare the test scores: they may differ by the range of the scores over seeds, or by rounding.

    ``siblings`` are the records of all seeds, including this one; ``why`` says why bits are not compared.
    """
    name, first = f"test_{before.objective.primary}", f"Compared within the spread over seeds, since {why}."
    old, new = before.scores.get(name), now.scores.get(name)
    if old is None or new is None:
        same = before.status is now.status and (old is None) is (new is None)
        words = f"The status is {before.status.value} in the record, {now.status.value} now"
        return Agreement(agrees=same, bitwise=False, said=[first, f"{words}; there are no two test scores to compare."])
    scores = spread_of(siblings)
    if len(scores) < 2:
        apart = f"{name}: {old:.6g} in the record, {new:.6g} now."
        return Agreement(agrees=False, bitwise=False, said=[first, apart, ALONE])
    low, high = min(scores), max(scores)
    allowed = max(high - low, ROUNDING * abs(old))
    agrees = abs(new - old) <= allowed
    verdict = "which is no more than" if agrees else "which is more than"
    said = (
        f"{name}: {old:.6g} in the record, {new:.6g} now. They differ by {abs(new - old):.3g}, {verdict} the "
        f"{allowed:.3g} by which the scores of its {len(scores)} seeds differ ({low:.6g} to {high:.6g})."
    )
    return Agreement(agrees=agrees, bitwise=False, said=[first, said])


ALONE = "The records have no other seed of this competitor, so there is no spread to compare with."


def spread_of(siblings: Sequence[Record]) -> list[float]:
    """The test scores of the seeds that have one."""
    found = (one.scores.get(f"test_{one.objective.primary}") for one in siblings if one.status in FITTED)
    return [score for score in found if score is not None]
