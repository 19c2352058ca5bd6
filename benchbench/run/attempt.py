"""What a trial's process does with its competitor: make it, fit it on the meter, have it predict.

Nothing here holds a target of the test split, or the truth of a free run: those are the examiner's.
"""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from benchbench.core.artifacts import Arrays
from benchbench.core.errors import InputError
from benchbench.core.meter import Clock, Meter
from benchbench.core.options import bind
from benchbench.core.problem import Array, Learner, Problem, Setting, Size
from benchbench.core.record import Kept, Spent, Status
from benchbench.core.registry import Registry
from benchbench.core.seeds import integer
from benchbench.core.spec import Trial
from benchbench.core.study import WIDTH
from benchbench.learn import device
from benchbench.learn.device import synchronizer
from benchbench.learn.sizing import require_width, size_of, solve_width
from benchbench.measure import allocator, contention, peak_memory
from benchbench.run import compiling, free_run, keeping
from benchbench.run.desk import Desk
from benchbench.run.failure import CAUGHT, failed
from benchbench.run.lesson import RUNS, Answers, Exam, Lesson, Run
from benchbench.run.microscope import Microscope
from benchbench.run.outcome import Attempt
from benchbench.run.scoring import predict, predicted, prediction_seconds, require_lengths


class Sized(NamedTuple):
    """A learner with the width it was given and the size it states."""

    learner: Learner
    width: int
    size: Size


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What an attempt is made with: the clock, who hears of its phases, and the width where it is solved already.

    ``tuned``: option sets are to be chosen, so that there is a free run to choose by. ``environment`` goes along.
    ``keep``: the fitted learner is to be kept.
    """

    clock: Clock = time.perf_counter
    phase: Callable[[str], None] = lambda _: None
    width: int | None = None
    tuned: bool = False
    environment: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = False


def attempt(trial: Trial, registry: Registry, desk: Desk, conditions: Conditions) -> Attempt:
    """Make, fit and examine a competitor; whatever it does, there is an Attempt."""
    with compiling.watched() as compiled:

        def so_far(fields: dict[str, Any], arrays: Arrays, learner: bytes | None = None) -> Attempt:
            if (spent := fields.get("spent")) is not None:
                fields = {**fields, "spent": spent.model_copy(update={"compile_seconds": compiled()})}
            return Attempt(fields, arrays, conditions.environment, learner)

        return _attempted(trial, registry, desk, conditions, so_far)


def _attempted(
    trial: Trial, registry: Registry, desk: Desk, conditions: Conditions,
    so_far: Callable[..., Attempt],
) -> Attempt:  # fmt: skip
    home = registry.get("architecture", trial.architecture).file
    lesson = desk.lesson()
    try:
        idle = device.memory(trial.device)
        sized = make_learner(trial, registry, lesson, conditions.width, conditions.phase)
        require_lengths(sized.learner, lesson)
    except CAUGHT as error:
        return so_far(failed(error, home), {})
    finally:
        conditions.phase("")
    microscope = Microscope(lesson.valid) if trial.microscope else None
    meter, fields, failure = _fit(trial, lesson, sized, conditions, idle, microscope=microscope)
    arrays = microscope.arrays() if microscope else {}
    if failure is not None:
        return so_far({**fields, **failed(failure, home)}, arrays)
    content = None
    try:
        answers = _answers(trial, lesson, sized.learner, desk, conditions)
        unseen = microscope.message if microscope else ""
        status = {"status": Status.OVER_BUDGET, "message": _over(meter)} if meter.over else {"message": unseen}
        fields |= {"predict_seconds": answers.predict_seconds, **status}
        if conditions.keep:
            fields["kept"], content = _kept(trial, registry, lesson, sized)
        desk.hand_in(trial, answers, so_far(fields, arrays, content))
        if trial.closed_loop and lesson.runs_free:
            _run_freely(trial, lesson, sized.learner, desk, conditions, home=home)
    except CAUGHT as error:
        return so_far({**fields, **failed(error, home)}, arrays, content)
    return so_far(fields, arrays, content)


def _kept(trial: Trial, registry: Registry, lesson: Lesson, sized: Sized) -> tuple[Kept, bytes | None]:
    """The fitted learner as a file, once another one has been made of it that predicts the same; or why not."""
    setting = setting_of(trial, lesson, sized.width)

    def another() -> Learner:
        return make_learner(trial, registry, lesson, sized.width).learner

    return keeping.kept(sized.learner, setting, another, lesson.valid)


def make_learner(
    trial: Trial,
    registry: Registry,
    lesson: Lesson | Problem,
    width: int | None = None,
    phase: Callable[[str], None] = lambda _: None,
) -> Sized:
    """The learner of a trial, at the width that its options or the budget state, or that is solved for a limit.

    ``width`` is the solved one, where it is known already; ``phase`` hears what begins. InputError where no width meets
    the limit.
    """
    competitor = registry.get("architecture", trial.architecture)
    options = dict(trial.architecture_options)
    wanted = None if WIDTH in competitor.options.model_fields else options.pop(WIDTH, None)
    options = bind(competitor.options, options, f"[architectures.{trial.architecture}]")

    def make(width: int) -> Learner:
        learner: Learner = competitor.function(setting_of(trial, lesson, width), **options)
        return learner

    phase("make")
    if width is None:
        make(1)  # a wrong option is found here, before the budget is blamed
        try:
            width = _width(trial, make, wanted)
        except InputError as error:
            place = f"[[budgets]] {trial.budget.name}: {trial.architecture}, length {trial.length}"
            raise InputError(f"{place}: {error}") from error
    learner = make(width)
    phase("size")
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


def setting_of(trial: Trial, lesson: Lesson | Problem, width: int) -> Setting:
    """What the harness decides for the learner of a trial."""
    _, time_steps, inputs = lesson.train.inputs.shape
    return Setting(
        inputs=inputs,
        outputs=lesson.train.targets.shape[2],
        scored=lesson.train.scored,
        length=time_steps,
        width=width,
        seed=integer(trial.seed, "learner"),
        device=trial.device,
        batch=trial.budget.batch,
        engine=trial.engine,
        objective=lesson.objective,
        causal=lesson.causal,
    )


def _fit(
    trial: Trial, lesson: Lesson, sized: Sized, conditions: Conditions, idle: device.Memory | None, *,
    microscope: Microscope | None,
) -> tuple[Meter, dict[str, Any], BaseException | None]:  # fmt: skip
    """Fit a learner between two readings of clock and memory: the meter, fields of the record, and what went wrong."""
    meter = _meter(trial, lesson, sized.learner, conditions.clock, microscope)
    failure: BaseException | None = None
    gc.collect()
    allocator.give_back()
    conditions.phase("fit")
    load_before, reading = contention.average(), contention.reading()
    peak = peak_memory.Peak()
    try:
        device.reset_peak(trial.device)
        meter.start()
        sized.learner.fit(lesson.train, lesson.valid, meter)
    except CAUGHT as error:
        failure = error
    held = None
    try:
        meter.stop()
        held = device.memory(trial.device)
    except CAUGHT as error:  # a fault of the device shows when it is waited for
        failure = failure or error
    peak_bytes = peak.added()
    kernel = _kernel(sized.learner)
    conditions.phase("")
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
        paused_seconds=meter.paused_seconds,
        pauses=meter.pauses,
        longest_seconds=meter.longest_seconds,
        kernel_seconds=_kernel_seconds(sized.learner),
    )
    return meter, {"spent": spent, "curve": meter.curve, "kernel": kernel}, failure


def _meter(trial: Trial, lesson: Lesson, learner: Learner, clock: Clock, microscope: Microscope | None) -> Meter:
    more: dict[str, Any] = {}
    if microscope is not None:
        microscope.look_at(learner)
        more["watch"] = microscope
    return Meter(
        trial.budget,
        batches=-(-len(lesson.train) // trial.budget.batch),
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


def _kernel_seconds(learner: Learner) -> float | None:
    """What compiling its kernel took, where the learner tells it."""
    seconds = getattr(learner, "kernel_seconds", None)
    return float(seconds) if isinstance(seconds, (int, float)) and seconds >= 0 else None


def _answers(trial: Trial, lesson: Lesson, learner: Learner, desk: Desk, conditions: Conditions) -> Answers:
    """Predict the validation split, then what the exam asks: some sequences alone, and all of them."""
    classifies, synchronize = lesson.objective.classifies, synchronizer(trial.device)
    conditions.phase("first_predict")
    valid = predict(learner, lesson.valid, classifies=classifies)
    synchronize()
    conditions.phase("")
    train = predict(learner, lesson.train, classifies=classifies) if trial.predictions else None
    exam = desk.exam(trial)
    conditions.phase("alone")
    alone = _alone(learner, exam, classifies=classifies)
    conditions.phase("predict")
    test = predicted(learner, exam.inputs, exam.lengths, exam.shape, classifies=classifies)
    seconds = prediction_seconds(learner, exam.inputs, exam.lengths, conditions.clock, synchronize)
    conditions.phase("")
    return Answers(valid=valid, test=test, alone=alone, train=train, predict_seconds=seconds)


def _alone(learner: Learner, exam: Exam, *, classifies: bool) -> Array | None:
    """The predictions of a few sequences, each by itself; None where the learner cannot do that."""
    made = []
    try:
        for i in exam.alone:
            lengths = None if exam.lengths is None else exam.lengths[i : i + 1]
            shape = (1, *exam.shape[1:])
            made.append(predicted(learner, exam.inputs[i : i + 1], lengths, shape, classifies=classifies))
    except CAUGHT:
        return None
    return np.concatenate(made)


def _run_freely(
    trial: Trial, lesson: Lesson, learner: Learner, desk: Desk, conditions: Conditions, *, home: str
) -> None:  # fmt: skip
    """The free runs; a failure is its own: open and closed loop are scored apart."""
    conditions.phase(RUNS["test"])
    length, synchronize = lesson.train.inputs.shape[1], synchronizer(trial.device)
    for name, start in desk.starts(trial, tuned=conditions.tuned).items():
        conditions.phase(RUNS[name])
        try:
            made = free_run.run(learner, start, length, conditions.clock, synchronize)
        except CAUGHT as error:
            made = Run(failure=failed(error, home))
        desk.generated(trial, name, made)
    conditions.phase("")


def _over(meter: Meter) -> str:
    if meter.overspent:
        return (
            f"asked for {meter.overspent} more updates after the budget was used up; a loop must end at the first False"
        )
    return f"the fit took {meter.seconds:.3g} s, more than the budget's seconds allow"
