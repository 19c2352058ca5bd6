"""One trial to one record: make the problem, size the learner, fit it on the meter, score it."""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from benchbench.core import artifacts
from benchbench.core.artifacts import Arrays
from benchbench.core.errors import InputError
from benchbench.core.meter import Clock, Meter
from benchbench.core.options import bind
from benchbench.core.problem import Learner, Problem, Setting, Size
from benchbench.core.record import Environment, Generated, Record, Spent, Status
from benchbench.core.registry import Registry
from benchbench.core.seeds import integer, stream
from benchbench.core.spec import Trial
from benchbench.core.study import WIDTH
from benchbench.learn import device
from benchbench.learn.device import synchronizer
from benchbench.learn.sizing import require_width, size_of, solve_width
from benchbench.measure import allocator, contention, peak_memory
from benchbench.run import free_run as free_runs
from benchbench.run.facts import facts
from benchbench.run.failure import CAUGHT, failed
from benchbench.run.microscope import Microscope
from benchbench.run.outcome import Outcome
from benchbench.run.scoring import require_lengths, score


class Sized(NamedTuple):
    """A learner with the width it was given and the size it states."""

    learner: Learner
    width: int
    size: Size


def run_trial(
    trial: Trial,
    registry: Registry,
    environment: Environment,
    clock: Clock = time.perf_counter,
    *,
    make: Callable[[], Problem] | None = None,
    width: int | None = None,
) -> Outcome:
    """The outcome of ``trial``: whatever the competitor does, there is a record.

    ``make`` gives a problem that is shared; ``width`` is the solved one, where it is known already.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    baseline = registry.get("architecture", trial.architecture).baseline
    record = partial(Record, trial=trial, environment=environment, started=started, baseline=baseline)
    home = registry.get("task", trial.task).file
    try:
        problem = make() if make else make_problem(trial, registry)
        record = partial(record, data=facts(problem), objective=problem.objective.facts, classes=list(problem.classes))
        home = registry.get("architecture", trial.architecture).file
        idle = device.memory(trial.device)
        sized = make_learner(trial, registry, problem, width)
        require_lengths(sized.learner, problem)
    except CAUGHT as error:
        return Outcome(record(**failed(error, home)))
    microscope = Microscope(problem) if trial.microscope else None
    meter, spent, failure = _fit(trial, problem, sized, clock, idle, microscope=microscope)
    record = partial(record, spent=spent, curve=meter.curve, kernel=_kernel(sized.learner))
    arrays = microscope.arrays() if microscope else {}
    unseen = microscope.message if microscope else ""
    if failure is not None:
        return _outcome(partial(record, **failed(failure, home)), arrays)
    try:
        outcome = score(problem, sized.learner, clock, synchronizer(trial.device))
    except CAUGHT as error:
        return _outcome(partial(record, **failed(error, home)), arrays)
    generated, made = _closed_loop(trial, problem, sized.learner, clock, home)
    over = meter.over
    status = {"status": Status.OVER_BUDGET if over else Status.OK, "message": _over(meter) if over else unseen}
    return _outcome(partial(record, free_run=generated, **status, **outcome), arrays | made)


def make_problem(trial: Trial, registry: Registry) -> Problem:
    """The arrays of a trial: the same for every competitor of one task, length and seed."""
    task = registry.get("task", trial.task)
    options = bind(task.options, trial.task_options, f"[tasks.{trial.task}]")
    problem = task.function(stream(trial.seed, "data", trial.task), trial.length, **options)
    if not isinstance(problem, Problem):
        raise TypeError(f"task {trial.task!r} must return a benchbench.Problem, not {type(problem).__name__}")
    return problem


def make_learner(trial: Trial, registry: Registry, problem: Problem, width: int | None = None) -> Sized:
    """The learner of a trial, at the width that its options or the budget state, or that is solved for a limit.

    ``width`` is the solved one, where it is known already. InputError where no width meets the limit.
    """
    competitor = registry.get("architecture", trial.architecture)
    given = dict(trial.architecture_options)
    wanted = None if WIDTH in competitor.options.model_fields else given.pop(WIDTH, None)
    options = bind(competitor.options, given, f"[architectures.{trial.architecture}]")

    def make(width: int) -> Learner:
        learner: Learner = competitor.function(setting_of(trial, problem, width), **options)
        return learner

    if width is None:
        make(1)  # a wrong option is found here, before the budget is blamed
        try:
            width = _width(trial, make, wanted)
        except InputError as error:
            place = f"[[budgets]] {trial.budget.name}: {trial.architecture}, length {trial.length}"
            raise InputError(f"{place}: {error}") from error
    learner = make(width)
    return Sized(learner, width, size_of(learner))


def _width(trial: Trial, make: Callable[[int], Learner], wanted: int | None) -> int:
    budget = trial.budget
    given = wanted or budget.width
    if given is None:
        return solve_width(make, budget.parameters or 0)
    require_width(make(given), given)
    if wanted is None:
        return given
    if budget.parameters is not None and (total := size_of(make(wanted)).total) > budget.parameters:
        raise InputError(f"width {wanted} has {total:,} numbers, more than parameters = {budget.parameters:,}")
    return wanted


def setting_of(trial: Trial, problem: Problem, width: int) -> Setting:
    """What the harness decides for the learner of a trial."""
    _, time_steps, inputs = problem.train.inputs.shape
    return Setting(
        inputs=inputs,
        outputs=problem.train.targets.shape[2],
        scored=problem.train.scored,
        length=time_steps,
        width=width,
        seed=integer(trial.seed, "learner"),
        device=trial.device,
        batch=trial.budget.batch,
        engine=trial.engine,
        objective=problem.objective,
        causal=problem.causal,
    )


def _fit(
    trial: Trial, problem: Problem, sized: Sized, clock: Clock, idle: device.Memory | None, *,
    microscope: Microscope | None,
) -> tuple[Meter, Spent, BaseException | None]:  # fmt: skip
    meter = _meter(trial, problem, sized.learner, clock, microscope)
    failure: BaseException | None = None
    gc.collect()
    allocator.give_back()
    load_before, reading = contention.average(), contention.reading()
    peak = peak_memory.Peak()
    try:
        device.reset_peak(trial.device)
        meter.start()
        sized.learner.fit(problem.train, problem.valid, meter)
    except CAUGHT as error:
        failure = error
    held = None
    try:
        meter.stop()
        held = device.memory(trial.device)
    except CAUGHT as error:  # a fault of the device shows when it is waited for
        failure = failure or error
    peak_bytes = peak.added()
    spent = Spent(
        width=sized.width,
        trained_parameters=sized.size.trained,
        fixed_parameters=sized.size.fixed,
        updates=meter.updates,
        fit_seconds=meter.seconds,
        first_update_seconds=meter.first_update_seconds,
        peak_bytes=peak_bytes,
        device_peak_bytes=held and held.allocated,
        device_reserved_bytes=held and held.reserved,
        device_used_bytes=held and idle and max(0, held.in_use - idle.in_use),
        load_before=load_before,
        load_after=contention.average(),
        other_cpu_share=contention.other_share(reading, contention.reading()),
    )
    return meter, spent, failure


def _meter(trial: Trial, problem: Problem, learner: Learner, clock: Clock, microscope: Microscope | None) -> Meter:
    more: dict[str, Any] = {}
    if microscope is not None:
        microscope.look_at(learner)
        more["watch"] = microscope
    return Meter(
        trial.budget,
        batches=-(-len(problem.train) // trial.budget.batch),
        clock=clock,
        synchronize=synchronizer(trial.device),
        validate_at=trial.validate_at,
        **more,
    )


def _kernel(learner: Learner) -> str | None:
    """The name of the code that ran, where the learner tells it."""
    try:
        kernel = getattr(learner, "kernel", None)
        found = kernel() if callable(kernel) else kernel
    except CAUGHT:
        return None
    return None if found is None else str(found)[:80]


def _closed_loop(
    trial: Trial, problem: Problem, learner: Learner, clock: Clock, home: str
) -> tuple[Generated | None, Arrays]:
    """The outcome of the free run, where there is one; a failure is its own: open and closed loop are scored apart."""
    if not trial.closed_loop or problem.free_run is None:
        return None, {}
    free_run, length = problem.free_run, problem.train.inputs.shape[1]
    try:
        return free_runs.outcome(learner, free_run, length, clock, synchronizer(trial.device))
    except CAUGHT as error:
        return free_runs.nothing(free_run, **failed(error, home)), {}


def _outcome(record: Callable[..., Record], arrays: Arrays) -> Outcome:
    if not arrays:
        return Outcome(record())
    content, named = artifacts.pack(arrays)
    return Outcome(record(artifact=named), content)


def _over(meter: Meter) -> str:
    if meter.overspent:
        return (
            f"asked for {meter.overspent} more updates after the budget was used up; a loop must end at the first False"
        )
    return f"the fit took {meter.seconds:.3g} s, more than the budget's seconds allow"
