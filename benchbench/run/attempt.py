"""What a trial's process does with its competitor: make its learner, fit it on the meter, and let it predict.

Neither the targets of the test split nor the truth of a free run ever enter this process: the examiner keeps them.
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
from benchbench.run.examiner_client import ExaminerClient
from benchbench.run.exchange import FREE_RUN_PHASES, Answers, Exam, FitData, Run
from benchbench.run.failure import CAUGHT, failed
from benchbench.run.microscope import Microscope
from benchbench.run.outcome import Attempt
from benchbench.run.scoring import predict, predicted, prediction_seconds, require_lengths


class Sized(NamedTuple):
    """A learner with its width in units and the size that it states."""

    learner: Learner
    width: int
    size: Size


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditions of an attempt: the clock, a function that is told of each phase, and the width if it is known.

    ``tuned``: the competitor has several option sets, which a free run on validation data chooses among.
    ``environment``: fields of the record's environment. ``keep``: whether to keep the fitted learner.
    """

    clock: Clock = time.perf_counter
    phase: Callable[[str], None] = lambda _: None
    width: int | None = None
    tuned: bool = False
    environment: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = False


def attempt(trial: Trial, registry: Registry, examiner: ExaminerClient, conditions: Conditions) -> Attempt:
    """Make, fit and examine a competitor; return an Attempt even if it fails."""
    with compiling.watched() as compiled:

        def so_far(fields: dict[str, Any], arrays: Arrays, learner: bytes | None = None) -> Attempt:
            if (spent := fields.get("spent")) is not None:
                fields = {**fields, "spent": spent.model_copy(update={"compile_seconds": compiled()})}
            return Attempt(fields, arrays, conditions.environment, learner)

        return _attempted(trial, registry, examiner, conditions, so_far)


def _attempted(
    trial: Trial, registry: Registry, examiner: ExaminerClient, conditions: Conditions,
    so_far: Callable[..., Attempt],
) -> Attempt:  # fmt: skip
    home = registry.get("architecture", trial.architecture).file
    data = examiner.fit_data()
    try:
        idle = device.memory(trial.device)
        sized = make_learner(trial, registry, data, conditions.width, conditions.phase)
        require_lengths(sized.learner, data)
    except CAUGHT as error:
        return so_far(failed(error, home), {})
    finally:
        conditions.phase("")
    microscope = Microscope(data.valid) if trial.microscope else None
    meter, fields, failure = _fit(trial, data, sized, conditions, idle, microscope=microscope)
    arrays = microscope.arrays() if microscope else {}
    if failure is not None:
        return so_far({**fields, **failed(failure, home)}, arrays)
    content = None
    try:
        answers = _answers(trial, data, sized.learner, examiner, conditions)
        unseen = microscope.message if microscope else ""
        status = {"status": Status.OVER_BUDGET, "message": _over(meter)} if meter.over else {"message": unseen}
        fields |= {"predict_seconds": answers.predict_seconds, **status}
        if conditions.keep:
            fields["kept"], content = _kept(trial, registry, data, sized)
        examiner.submit(trial, answers, so_far(fields, arrays, content))
        if trial.closed_loop and data.runs_free:
            _run_freely(trial, data, sized.learner, examiner, conditions, home=home)
    except CAUGHT as error:
        return so_far({**fields, **failed(error, home)}, arrays, content)
    return so_far(fields, arrays, content)


def _kept(trial: Trial, registry: Registry, data: FitData, sized: Sized) -> tuple[Kept, bytes | None]:
    """The fitted learner as the bytes of a file from which an equal learner was restored, or why there is none."""
    setting = setting_of(trial, data, sized.width)

    def another() -> Learner:
        return make_learner(trial, registry, data, sized.width).learner

    return keeping.kept(sized.learner, setting, another, data.valid)


def make_learner(
    trial: Trial,
    registry: Registry,
    data: FitData | Problem,
    width: int | None = None,
    phase: Callable[[str], None] = lambda _: None,
) -> Sized:
    """Make the learner of a trial, with the width from its options or budget, or solved for a limit of parameters.

    ``width``: the solved width if it is known already. ``phase`` is told of each phase. InputError if no width meets
    the limit.
    """
    competitor = registry.get("architecture", trial.architecture)
    options = dict(trial.architecture_options)
    wanted = None if WIDTH in competitor.options.model_fields else options.pop(WIDTH, None)
    options = bind(competitor.options, options, f"[architectures.{trial.architecture}]")

    def make(width: int) -> Learner:
        learner: Learner = competitor.function(setting_of(trial, data, width), **options)
        return learner

    phase("make")
    if width is None:
        make(1)  # so that a wrong option is not reported as a problem of the budget
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
        raise InputError(
            f"width {wanted} makes {total:,} numbers, more than parameters = {budget.parameters:,}: choose fewer"
        )
    return wanted


def setting_of(trial: Trial, data: FitData | Problem, width: int) -> Setting:
    """What the harness decides for the learner of a trial."""
    _, time_steps, inputs = data.train.inputs.shape
    return Setting(
        inputs=inputs,
        outputs=data.train.targets.shape[2],
        scored=data.train.scored,
        length=time_steps,
        width=width,
        seed=integer(trial.seed, "learner"),
        device=trial.device,
        batch=trial.budget.batch,
        engine=trial.engine,
        objective=data.objective,
        causal=data.causal,
    )


def _fit(
    trial: Trial, data: FitData, sized: Sized, conditions: Conditions, idle: device.Memory | None, *,
    microscope: Microscope | None,
) -> tuple[Meter, dict[str, Any], BaseException | None]:  # fmt: skip
    """Fit a learner between two readings of clock and memory.

    Returns the meter, fields of the record, and the exception of a fit that failed.
    """
    meter = _meter(trial, data, sized.learner, conditions.clock, microscope)
    failure: BaseException | None = None
    gc.collect()
    allocator.give_back()
    conditions.phase("fit")
    load_before, reading = contention.average(), contention.reading()
    peak = peak_memory.Peak()
    try:
        device.reset_peak(trial.device)
        meter.start()
        sized.learner.fit(data.train, data.valid, meter)
    except CAUGHT as error:
        failure = error
    held = None
    try:
        meter.stop()
        held = device.memory(trial.device)
    except CAUGHT as error:  # a device reports its faults when one waits for it
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


def _meter(trial: Trial, data: FitData, learner: Learner, clock: Clock, microscope: Microscope | None) -> Meter:
    more: dict[str, Any] = {}
    if microscope is not None:
        microscope.look_at(learner)
        more["watch"] = microscope
    return Meter(
        trial.budget,
        batches=-(-len(data.train) // trial.budget.batch),
        clock=clock,
        synchronize=synchronizer(trial.device),
        validate_at=trial.validate_at,
        **more,
    )


def _kernel(learner: Learner) -> str | None:
    """The name of the code that ran, if the learner tells it."""
    try:
        kernel = getattr(learner, "kernel", None)
        found = kernel() if callable(kernel) else kernel
    except CAUGHT:
        return None
    return None if found is None else str(found)[:80]


def _kernel_seconds(learner: Learner) -> float | None:
    """The seconds that compiling its kernel took, if the learner tells them."""
    seconds = getattr(learner, "kernel_seconds", None)
    return float(seconds) if isinstance(seconds, (int, float)) and seconds >= 0 else None


def _answers(
    trial: Trial, data: FitData, learner: Learner, examiner: ExaminerClient, conditions: Conditions
) -> Answers:
    """Predict the validation split and the exam's sequences, a few of these one by one and then all together."""
    classifies, synchronize = data.objective.classifies, synchronizer(trial.device)
    conditions.phase("first_predict")
    valid = predict(learner, data.valid, classifies=classifies)
    synchronize()
    conditions.phase("")
    train = predict(learner, data.train, classifies=classifies) if trial.predictions else None
    exam = examiner.exam(trial)
    conditions.phase("alone")
    alone = _alone(learner, exam, classifies=classifies)
    conditions.phase("predict")
    test = predicted(learner, exam.inputs, exam.lengths, exam.shape, classifies=classifies)
    seconds = prediction_seconds(learner, exam.inputs, exam.lengths, conditions.clock, synchronize)
    conditions.phase("")
    return Answers(valid=valid, test=test, alone=alone, train=train, predict_seconds=seconds)


def _alone(learner: Learner, exam: Exam, *, classifies: bool) -> Array | None:
    """The predictions (sequence, scored, output) of a few sequences one by one; None if the learner fails at that."""
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
    trial: Trial, data: FitData, learner: Learner, examiner: ExaminerClient, conditions: Conditions, *, home: str
) -> None:  # fmt: skip
    """Do the free runs; a failure here leaves the scores of the open loop as they are."""
    conditions.phase(FREE_RUN_PHASES["test"])
    length, synchronize = data.train.inputs.shape[1], synchronizer(trial.device)
    for name, start in examiner.starts(trial, tuned=conditions.tuned).items():
        conditions.phase(FREE_RUN_PHASES[name])
        try:
            made = free_run.run(learner, start, length, conditions.clock, synchronize)
        except CAUGHT as error:
            made = Run(failure=failed(error, home))
        examiner.submit_free_run(trial, name, made)
    conditions.phase("")


def _over(meter: Meter) -> str:
    if meter.overspent:
        return (
            f"the fit made {meter.overspent} updates after the budget was used up; "
            "its loop must end when spend() first returns False"
        )
    return f"the fit took {meter.seconds:.3g} s, more than the budget's seconds allow"
