"""Plans a study of a signal that fits into the given minutes: lengths from its period, amounts from timed trials."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchbench.core.errors import InputError, short
from benchbench.core.windows import FRACTIONS
from benchbench.isolation.pool import cores
from benchbench.measure.contention import average
from benchbench.run.advise.amounts import amounts
from benchbench.run.advise.lengths import window_lengths
from benchbench.run.advise.outline import Outline, study_name
from benchbench.run.advise.timing import UPDATES, Clock, timed
from benchbench.signals.look import Look

MOST_JOBS = 4  # more would need too much memory for a small study
_EARLY = 0.2  # a second length is timed if at most this share of the time has passed
_REPORT, _REPORT_LENGTH = 5.0, 1.0  # seconds that a report takes on an idle machine, and seconds for each length
_STEP = 0.01  # share by which the steps of two recordings may differ


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A study that fits, about how many ``seconds`` it takes, and texts that say what is left out of a long signal."""

    outline: Outline
    seconds: float
    thinned: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked for: ``reading`` and ``clean`` are options of the task ``series``.

    ``seconds``: the time for everything. ``jobs``: trials in parallel. ``command``: the command that the user typed.
    """

    reading: Mapping[str, Any]
    clean: Mapping[str, Any]
    horizon: int
    seconds: float
    jobs: int
    command: str


def jobs_of(jobs: int | None) -> int:
    """How many trials run in parallel: ``jobs``, or by default one on each core, at most four."""
    return min(cores(), MOST_JOBS) if jobs is None else jobs


def planned(
    looks: Sequence[Look], asked: Request, *,
    began: float, clock: Clock, on_step: Callable[[str], None] = lambda _: None, **options: Any,
) -> Planned:  # fmt: skip
    """Time the networks, and plan a study that ends, report included, within ``asked.seconds`` after ``began``.

    InputError if the recordings do not fit together, the signal is too short, or the seconds are too few. ``options``
    are passed on to ``run_study``.
    """
    first = outline(looks, asked)
    lengths = first.lengths[:1]
    on_step(f"timing {UPDATES} updates of each network")
    timing = timed(replace(first, lengths=lengths), jobs=asked.jobs, clock=clock, on_step=on_step, **options)
    if first.lengths[1:] and clock() - began <= _EARLY * asked.seconds:
        lengths = first.lengths
        on_step(f"timing {UPDATES} updates of each network at the second length")
        one = replace(first, lengths=lengths[1:])
        timing = timing.joined(timed(one, jobs=asked.jobs, clock=clock, on_step=on_step, **options))
    found = amounts(
        timing,
        lengths,
        asked.seconds,
        spent=clock() - began,
        after=report_seconds(len(lengths)),
    )
    whole = replace(first, lengths=found.lengths, seeds=found.seeds, updates=found.updates)
    return Planned(outline=whole, seconds=found.seconds, thinned=timing.thinned)


def outline(looks: Sequence[Look], asked: Request) -> Outline:
    """The study with lengths from the signal's period; its seeds and updates are placeholders."""
    _together(looks)
    periods = [one.profile.period for one in looks if one.profile.period is not None]
    period = sorted(periods)[len(periods) // 2] if len(periods) == len(looks) else None
    try:
        lengths = window_lengths(period, _samples(looks), asked.horizon)
    except InputError as error:
        raise InputError(f"{', '.join(one.name for one in looks)}: {error}") from None
    return Outline(
        name=study_name(looks[0].name),
        lengths=lengths,
        seeds=1,
        updates=UPDATES,
        task=_task(looks, asked),
        notes=[f"From: {asked.command}", f"Run it again: benchbench run {study_name(looks[0].name)}.toml"],
    )


def _samples(looks: Sequence[Look]) -> int:
    """The samples of one signal whose parts would hold windows of the same length as these recordings do."""
    found = [one.profile.samples for one in looks]
    if len(found) == 1:
        return found[0]
    whole = [round(samples / FRACTIONS[-1]) for samples in found]  # one recording is the whole test split
    return min(found[0], whole[1]) if len(found) == 2 else min(whole)


def report_seconds(lengths: int) -> float:
    """About how many seconds a report on so many lengths takes on this machine at its present load."""
    busy = (average() or 0.0) / (os.cpu_count() or 1)
    return (_REPORT + _REPORT_LENGTH * lengths) * max(1.0, busy)


def _task(looks: Sequence[Look], asked: Request) -> dict[str, Any]:
    """The options of the task, in the order in which the TOML file shows them."""
    paths = [_relative(one.path) for one in looks]
    where: dict[str, Any] = {"path": paths[0]} if len(paths) == 1 else {"paths": paths}
    return {**where, "column": looks[0].column, **asked.reading, "horizon": asked.horizon, **asked.clean}


def _relative(path: str) -> str:
    """The path relative to the current folder if the file lies in it, else the absolute path."""
    whole, here = Path(path).resolve(), Path.cwd().resolve()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(whole)


def _together(looks: Sequence[Look]) -> None:
    """InputError if recordings have different columns or sampling steps, or if one is given twice."""
    first, seen = looks[0], {looks[0].sha256: looks[0].name}
    for one in looks[1:]:
        if one.sha256 in seen:
            raise InputError(
                f"{seen[one.sha256]} and {one.name} have the same content, so that training data would be tested: "
                "give each recording once"
            )
        seen[one.sha256] = one.name
        if one.label != first.label:
            both = f"{short(first.label)} of {first.name} and {short(one.label)} of {one.name}"
            raise InputError(
                f"the recordings have different columns, {both}: name a column that all of them have with --column"
            )
        if first.spacing is None or one.spacing is None:
            continue
        if abs(one.spacing.step / first.spacing.step - 1) > _STEP or one.spacing.unit != first.spacing.unit:
            steps = f"{first.name} {first.spacing.step:g}, {one.name} {one.spacing.step:g}"
            raise InputError(f"the recordings have different steps between samples: {steps}: resample one of them")
