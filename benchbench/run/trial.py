"""A trial in one process, and what makes its problem."""

import time
from datetime import UTC, datetime
from typing import Any

from benchbench.core.meter import Clock
from benchbench.core.options import bind
from benchbench.core.problem import Problem
from benchbench.core.record import Environment, Record
from benchbench.core.registry import Registry
from benchbench.core.seeds import stream
from benchbench.core.spec import Trial
from benchbench.run.attempt import Conditions, attempt
from benchbench.run.desk import granted
from benchbench.run.examiner import Examiner
from benchbench.run.failure import CAUGHT, failed
from benchbench.run.lesson import Answers, Exam, Lesson, Run, Start
from benchbench.run.outcome import Attempt, Outcome, composed


def run_trial(
    trial: Trial,
    registry: Registry,
    environment: Environment,
    clock: Clock = time.perf_counter,
    *,
    width: int | None = None,
    tuned: bool = False,
) -> Outcome:
    """The outcome of a trial in this process, which holds all of its data: for tests and scripts.

    The trials of a study have processes of their own, and the examiner another. Whatever the competitor does, there is
    a record. ``width`` is the solved one, where it is known; ``tuned``: option sets are to be chosen.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    plugin, home = registry.get("architecture", trial.architecture), registry.get("task", trial.task).file
    facts: dict[str, Any] = {"environment": environment, "started": started}
    facts |= {"baseline": plugin.baseline, "solves": plugin.solves}
    try:
        desk = _Near(Examiner(make_problem(trial, registry), home))
        asked = desk.examiner.asked()
    except CAUGHT as error:
        return Outcome(Record(trial=trial, **facts, **failed(error, home)))
    made = attempt(trial, registry, desk, Conditions(clock=clock, width=width, tuned=tuned))
    return composed(trial, facts, made, asked, desk.examiner.take(trial.key))


class _Near:
    """The desk of an examiner in the same process."""

    def __init__(self, examiner: Examiner) -> None:
        self.examiner = examiner

    def lesson(self) -> Lesson:
        return self.examiner.lesson()

    def exam(self, trial: Trial) -> Exam:
        return self.examiner.exam(trial)

    def hand_in(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        self.examiner.hand_in(trial, answers, made)

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start]:
        starts: dict[str, Start] = granted(self.examiner.starts(trial, tuned=tuned))
        return starts

    def generated(self, trial: Trial, name: str, run: Run) -> None:
        granted(self.examiner.generated(trial, name, run))


def make_problem(trial: Trial, registry: Registry) -> Problem:
    """The arrays of a trial: the same for every competitor of one task, length and seed."""
    task = registry.get("task", trial.task)
    options = bind(task.options, trial.task_options, f"[tasks.{trial.task}]")
    problem = task.function(stream(trial.seed, "data", trial.task), trial.length, **options)
    if not isinstance(problem, Problem):
        raise TypeError(f"task {trial.task!r} must return a benchbench.Problem, not {type(problem).__name__}")
    return problem
