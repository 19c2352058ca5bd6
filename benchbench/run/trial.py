"""One trial to one record: make the problem, size the learner, fit it on the meter, score it."""

import gc
import hashlib
import json
import re
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchbench.core import metrics
from benchbench.core.errors import DivergedError, InputError, UnsupportedError
from benchbench.core.meter import Clock, Meter
from benchbench.core.options import bind
from benchbench.core.problem import Array, Learner, Problem, Setting, Size, Split
from benchbench.core.record import Environment, Generated, Record, Segment, Spent, Status
from benchbench.core.registry import Registry
from benchbench.core.seeds import integer, stream
from benchbench.core.spec import Trial
from benchbench.isolation.fault_text import describe, without_paths
from benchbench.learn import device
from benchbench.learn.device import synchronizer
from benchbench.learn.sizing import size_of, solve_width
from benchbench.measure import allocator, contention, peak_memory
from benchbench.run import free_run as free_runs

PREDICT_REPEATS = 5
_STRETCH = 120  # points of a segment that a record keeps
_NO_MEMORY = re.compile(r"can't allocate memory|error: out of memory|ALLOC_FAILED")  # torch, the driver, its libraries
CAUGHT = (Exception, SystemExit)  # what a plug-in may raise without ending more than its trial
_BLOCK = 60  # windows that make one segment where a window has one scored step


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
    make: Callable[[], Problem] | None = None,
) -> Record:
    """The record of ``trial``: whatever the competitor does, there is one. ``make`` gives a problem that is shared."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    record = partial(Record, trial=trial, environment=environment, started=started)
    home = registry.get("task", trial.task).file
    try:
        problem = make() if make else make_problem(trial, registry)
        record = partial(record, data=_facts(problem))
        home = registry.get("architecture", trial.architecture).file
        idle = device.memory(trial.device)
        sized = make_learner(trial, registry, problem)
    except CAUGHT as error:
        return record(**_failed(error, home))
    meter, spent, failure = _fit(trial, problem, sized, clock, idle)
    record = partial(record, spent=spent, curve=meter.curve)
    if failure is not None:
        return record(**_failed(failure, home))
    try:
        outcome = _score(trial, problem, sized.learner, clock)
    except CAUGHT as error:
        return record(**_failed(error, home))
    record = partial(record, free_run=_closed_loop(trial, problem, sized.learner, clock, home))
    over = meter.over
    return record(status=Status.OVER_BUDGET if over else Status.OK, message=_over(meter) if over else "", **outcome)


def make_problem(trial: Trial, registry: Registry) -> Problem:
    """The arrays of a trial: the same for every competitor of one task, length and seed."""
    task = registry.get("task", trial.task)
    options = bind(task.options, trial.task_options, f"[tasks.{trial.task}]")
    problem = task.function(stream(trial.seed, "data", trial.task), trial.length, **options)
    if not isinstance(problem, Problem):
        raise TypeError(f"task {trial.task!r} must return a benchbench.Problem, not {type(problem).__name__}")
    return problem


def make_learner(trial: Trial, registry: Registry, problem: Problem) -> Sized:
    """The learner of a trial at the width that the budget states or that is solved for its parameter limit."""
    competitor = registry.get("architecture", trial.architecture)
    options = bind(competitor.options, trial.architecture_options, f"[architectures.{trial.architecture}]")

    def make(width: int) -> Learner:
        learner: Learner = competitor.function(setting_of(trial, problem, width), **options)
        return learner

    budget = trial.budget
    make(1)  # a wrong option is found here, before the budget is blamed
    try:
        width = budget.width or solve_width(make, budget.parameters or 0)
    except InputError as error:
        raise InputError(f"[[budgets]] {budget.name}: {trial.architecture}, length {trial.length}: {error}") from error
    learner = make(width)
    return Sized(learner, width, size_of(learner))


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
    )


def _failed(error: BaseException, home: str) -> dict[str, Any]:
    return {"status": status_of(error), "message": without_paths(describe(error, home))}


def status_of(error: BaseException) -> Status:
    """The status that an exception means."""
    if isinstance(error, DivergedError):
        return Status.DIVERGED
    if declines(error):
        return Status.UNSUPPORTED
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY.search(str(error)):
        return Status.OUT_OF_MEMORY
    return Status.FAILED


def declines(error: BaseException) -> bool:
    """Whether a learner says that it cannot do this problem: UnsupportedError, or its own NotImplementedError."""
    if not isinstance(error, NotImplementedError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    # torch raises the same where a module lacks its forward: that is a failure
    return isinstance(error, UnsupportedError) or not (frames and "torch" in Path(frames[-1].filename).parts)


def segments(targets: Array, predictions: Array) -> dict[str, Segment]:
    """The first stretch of the test split, and its best and worst: a sequence, or 60 windows of one step each.

    The first output alone; four significant digits, since they are for figures.
    """
    if targets.shape[1] == 1:  # the windows are in order of time: they make one long sequence
        count = max(1, len(targets) // _BLOCK)
        true, predicted = ([*np.array_split(array[:, 0, 0], count)] for array in (targets, predictions))
        first = (targets[:_STRETCH, 0, 0], predictions[:_STRETCH, 0, 0])
    else:
        true, predicted = list(targets[:, :, 0]), list(predictions[:, :, 0])
        first = (true[0], predicted[0])
    errors = [float(np.mean(np.square(t - p, dtype=np.float64))) for t, p in zip(true, predicted, strict=True)]
    best, worst = int(np.argmin(errors)), int(np.argmax(errors))
    return {
        "first": _segment(*first),
        "best": _segment(true[best], predicted[best]),
        "worst": _segment(true[worst], predicted[worst]),
    }


def _segment(true: Array, predicted: Array) -> Segment:
    return Segment(
        true=[float(f"{value:.4g}") for value in true[:_STRETCH]],
        predicted=[float(f"{value:.4g}") for value in predicted[:_STRETCH]],
        mse=float(np.mean(np.square(true - predicted, dtype=np.float64))),
    )


def _fit(
    trial: Trial, problem: Problem, sized: Sized, clock: Clock, idle: device.Memory | None
) -> tuple[Meter, Spent, BaseException | None]:
    batches = -(-len(problem.train) // trial.budget.batch)
    meter = Meter(trial.budget, batches=batches, clock=clock, synchronize=synchronizer(trial.device))
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


def _score(trial: Trial, problem: Problem, learner: Learner, clock: Clock) -> dict[str, Any]:
    """What a fitted learner predicts, how well and how fast: fields of the record."""
    predictions, seconds = _predict(trial, problem.test, learner, clock)
    valid = _checked(learner.predict(problem.valid.inputs), problem.valid)
    return {
        "scores": {"valid_mse": metrics.mse(problem.valid.targets, valid), **_test_scores(problem, predictions)},
        "groups": _group_scores(problem, predictions),
        "predict_seconds": seconds,
        "samples": segments(problem.test.targets, predictions),
    }


def _closed_loop(trial: Trial, problem: Problem, learner: Learner, clock: Clock, home: str) -> Generated | None:
    """The outcome of the free run, where there is one; a failure is its own: open and closed loop are scored apart."""
    if not trial.closed_loop or problem.free_run is None:
        return None
    free_run, length = problem.free_run, problem.train.inputs.shape[1]
    try:
        return free_runs.outcome(learner, free_run, length, clock, synchronizer(trial.device))
    except CAUGHT as error:
        return free_runs.nothing(free_run, **_failed(error, home))


def _predict(trial: Trial, test: Split, learner: Learner, clock: Clock) -> tuple[Array, list[float]]:
    """Predictions of the whole test split, from a pass that warms up, and the seconds of each timed pass after it."""
    synchronize = synchronizer(trial.device)
    predictions = _checked(learner.predict(test.inputs), test)
    seconds = []
    for _ in range(PREDICT_REPEATS):
        synchronize()
        start = clock()
        learner.predict(test.inputs)
        synchronize()
        seconds.append(clock() - start)
    return predictions, seconds


def _checked(predictions: Any, split: Split) -> Array:
    with np.errstate(over="ignore"):  # what does not fit float32 is infinite, and found below
        array = np.asarray(predictions).astype(np.float32)
    if array.shape != split.targets.shape:
        raise ValueError(f"predict gave shape {array.shape}, not (sequence, scored, output) = {split.targets.shape}")
    if not np.isfinite(array).all():
        raise DivergedError(f"{int((~np.isfinite(array)).sum())} of {array.size} predictions are not finite")
    return array


def _over(meter: Meter) -> str:
    if meter.overspent:
        return (
            f"asked for {meter.overspent} more updates after the budget was used up; a loop must end at the first False"
        )
    return f"the fit took {meter.seconds:.3g} s, more than the budget's seconds allow"


def _test_scores(problem: Problem, predictions: Array) -> dict[str, float | None]:
    scores = {f"test_{name}": value for name, value in metrics.scores(problem.test.targets, predictions).items()}
    return scores if problem.floor is None else {**scores, "floor_mse": problem.floor}


def _group_scores(problem: Problem, predictions: Array) -> dict[str, dict[str, float | None]]:
    test = problem.test.targets
    return {name: metrics.scores(test[part], predictions[part]) for name, part in problem.groups.items()}


def _facts(problem: Problem) -> dict[str, Any]:
    """Counts, provenance and a fingerprint of the data: all targets, and the first and last inputs of each split."""
    digest = hashlib.sha256()
    for split in (problem.train, problem.valid, problem.test):
        for array in (split.inputs[0], split.inputs[-1], split.targets):
            digest.update(np.ascontiguousarray(array).tobytes())
    counts = {"train": len(problem.train), "valid": len(problem.valid), "test": len(problem.test)}
    facts = {**problem.provenance, **counts, "fingerprint": digest.hexdigest()[:16]}
    plain: dict[str, Any] = json.loads(json.dumps(facts, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
