"""Marks: the signs in a record that its trial did not keep to the rules, each as a sentence.

The limits have an absolute and a relative part, so that neither a busy machine nor a long fit marks an honest
competitor; docs/measuring.md states them.
"""

from collections.abc import Iterator
from math import sqrt
from statistics import median
from typing import Literal, NamedTuple

from benchbench.core.record import Observed, Record, Spent, Status

Kind = Literal["unranked", "untimed", "noted"]
"""Whether a mark keeps a trial out of every ranking, keeps it out of rankings by time, or is only shown."""

CHANCE = 5.0  # standard deviations by which a score may lie below its floor
OFF_CLOCK, SHARE = 0.5, 0.05  # seconds of a phase off the clock, and its share of the fit
PAUSE, PREDICT = 3.0, 5.0  # multiples of a timed prediction: for a validation, and for an untimed prediction
TIMED, SINGLE = 6, 20  # numbers of timed predictions: of the whole test split, and of one of its sequences
STRETCH, DEVICE_STRETCH, STRETCHES = 0.8, 2.0, 10.0  # seconds without spend(), and multiple of the mean of the others
UNEXPLAINED = 0.1  # share of a fit's seconds that may be missing on the meter
CORES = 1.5  # processors that may be busy, as a multiple of the threads of a trial
ALONE, FINEST, ERROR = 1e-3, 1e-5, 0.1  # limits of a prediction's change: standard deviations, share of errors
FIT = 1e-4  # relative difference between metrics that are computed from the same errors


class Mark(NamedTuple):
    """One mark of a trial; ``about`` names its rule."""

    kind: Kind
    about: str
    sentence: str


def marks(record: Record) -> list[Mark]:
    """The marks of a record."""
    return [*_impossible(record), *_apart(record), *_off_the_clock(record)]


def ranked(record: Record) -> bool:
    """Whether a record takes part in rankings and choices: it ended ok, and no mark keeps it out."""
    return record.status == Status.OK and all(mark.kind != "unranked" for mark in marks(record))


def _impossible(record: Record) -> Iterator[Mark]:
    if (said := _below_floor(record)) is not None:
        yield Mark("unranked", "floor", said)
    if (said := _unlike(record.scores)) is not None:
        yield Mark("unranked", "metrics", said)
    spent = record.spent
    if record.status is Status.OK and record.solves is False and spent.updates == 0:
        took = f"its fit took {_seconds(_outside(record, 'fit') or spent.fit_seconds)}"
        said = f"The meter counted no update, and the learner does not say that it solves; {took}."
        yield Mark("unranked", "updates", said)


def _below_floor(record: Record) -> str | None:
    floor, name = record.floor, record.objective.primary
    score, count = record.scores.get(f"test_{name}"), record.data.get("test")
    if floor is None or score is None or not count:
        return None
    if record.objective.better(name) == "higher":
        beyond = score > floor + CHANCE * 0.5 / sqrt(count)
    else:
        beyond = score < floor * (1 - CHANCE * sqrt(2 / count))
    return f"Its test {name} of {score:.3g} is beyond the floor of {floor:.3g} by more than chance." if beyond else None


def _unlike(scores: dict[str, float | None]) -> str | None:
    """A sentence if MSE, RMSE, NRMSE and R² cannot have been computed from the same errors; else None."""
    for split in ("valid", "test"):
        mse, rmse, nrmse, r2 = (scores.get(f"{split}_{name}") for name in ("mse", "rmse", "nrmse", "r2"))
        if mse is not None and rmse is not None and abs(rmse**2 - mse) > FIT * max(mse, 1e-30):
            return f"Its {split} MSE of {mse:.4g} and RMSE of {rmse:.4g} do not fit together."
        if nrmse is not None and r2 is not None and abs(1 - nrmse**2 - r2) > FIT * max(1.0, nrmse**2):
            return f"Its {split} NRMSE of {nrmse:.4g} and R² of {r2:.4g} do not fit together."
        if mse is not None and r2 is not None and (r2 > 1 or (mse > 0 and r2 == 1 and (nrmse or 1) > FIT)):
            return f"Its {split} MSE of {mse:.4g} and R² of {r2:.4g} do not fit together."
    return None


def _apart(record: Record) -> Iterator[Mark]:
    seen = record.watched
    if seen is None:
        return
    change, error = seen.alone_difference, seen.alone_error
    if seen.alone == 0:
        yield Mark("unranked", "alone", "It could not predict test sequences one at a time.")
    elif change is not None and (change > ALONE or (change > FINEST and change > ERROR * (error or 0.0))):
        yield Mark(
            "unranked", "alone",
            f"Its predictions of {seen.alone} test sequences changed by {change:.2g} standard deviations when each was "
            "given by itself.",
        )  # fmt: skip
    if seen.mixed:
        yield Mark(
            "noted", "mixed",
            "The file that registers the task also registers architectures, so their code ran in the process that "
            "holds the test targets.",
        )  # fmt: skip


def _off_the_clock(record: Record) -> Iterator[Mark]:
    """Marks for work that the seconds of the fit do not include."""
    spent, seen = record.spent, record.watched
    fit = _outside(record, "fit")
    if seen is None or fit is None:
        return
    compiled = spent.compile_seconds or 0.0
    allowed = max(OFF_CLOCK, SHARE * fit) + compiled
    for phase, what in (("make", "making the learner"), ("size", "stating its size")):
        if (seconds := seen.seconds.get(phase, 0.0)) > allowed:
            yield Mark("untimed", phase, f"Off the clock: {what} took {_seconds(seconds)}.")
    first, later = _predictions(record)
    if first > OFF_CLOCK + PREDICT * later + compiled:
        said = f"its first prediction took {_seconds(first)}, and a later prediction of as many sequences"
        yield Mark("untimed", "predict", f"Off the clock: {said} {_seconds(later)}.")
    yield from _predicting(record, seen, compiled)
    yield from _cores(record, seen)
    if record.solves:  # its rank depends on the seconds measured from outside, which include pauses
        return
    yield from _within(record, spent, fit, first)


def _predicting(record: Record, seen: Observed, compiled: float) -> Iterator[Mark]:
    """Marks for predictions that took longer, measured from outside, than the timed ones."""
    if not record.predict_seconds:
        return
    timed = median(record.predict_seconds)
    phases = (("predict", "predict", TIMED, "of the test split"), ("alone", "single", SINGLE, "of one sequence"))
    for phase, about, count, what in phases:
        taken = seen.seconds.get(phase, 0.0)
        if taken > OFF_CLOCK + PREDICT * count * timed + compiled:
            said = f"{count} predictions {what} took {_seconds(taken)}, a timed one of the test split {_seconds(timed)}"
            yield Mark("untimed", about, f"Off the clock: {said}.")


def _cores(record: Record, seen: Observed) -> Iterator[Mark]:
    """Marks for phases that used more processors than the trial has threads."""
    threads = record.environment.threads or 1
    named = (("fit", "Its fit"), ("alone", "After its fit, it"), ("predict", "After its fit, it"))
    for phase, what in named:
        cpu, seconds = seen.cpu_seconds.get(phase, 0.0), seen.seconds.get(phase, 0.0)
        if cpu > CORES * threads * seconds + OFF_CLOCK:
            yield Mark("untimed", "cores", f"{what} used {_seconds(cpu)} of processors in {_seconds(seconds)}.")
            return


def _within(record: Record, spent: Spent, fit: float, validation: float) -> Iterator[Mark]:
    """Marks for work in pauses, in one long stretch, or at times that the meter does not know."""
    paused, compiled = spent.paused_seconds or 0.0, spent.compile_seconds or 0.0
    if paused > OFF_CLOCK + PAUSE * (spent.pauses or 0) * validation:
        said = f"the clock stood still for {_seconds(paused)} in {spent.pauses} pauses, while a validation takes"
        yield Mark("untimed", "paused", f"Off the clock: {said} {_seconds(validation)}.")
    missed = fit - (spent.fit_seconds or 0.0) - paused
    if missed > max(OFF_CLOCK, UNEXPLAINED * fit) and not record.trial.microscope:
        metered = _seconds(spent.fit_seconds)
        yield Mark(
            "untimed",
            "meter",
            f"Off the clock: its fit took {_seconds(fit)} seen from outside, {metered} by the meter.",
        )
    longest, updates = (spent.longest_seconds or 0.0) - compiled, spent.updates or 0
    others = max(0.0, (spent.fit_seconds or 0.0) - longest) / max(1, updates)
    least = STRETCH if record.trial.device == "cpu" else DEVICE_STRETCH
    if longest > max(least, STRETCHES * others):
        yield Mark("untimed", "stretch", f"It computed for {_seconds(longest)} without a call of spend().")


def _predictions(record: Record) -> tuple[float, float]:
    """The seconds of the first prediction, of the validation split, and the seconds expected for a later one."""
    seen = record.watched
    first = seen.seconds.get("first_predict", 0.0) if seen else 0.0
    valid, test = record.data.get("valid"), record.data.get("test")
    if not record.predict_seconds or not valid or not test:
        return first, first
    return first, median(record.predict_seconds) * valid / test


def _outside(record: Record, phase: str) -> float | None:
    return None if record.watched is None else record.watched.seconds.get(phase)


def _seconds(value: float | None) -> str:
    return "an unknown time" if value is None else f"{value:.2g} s"
