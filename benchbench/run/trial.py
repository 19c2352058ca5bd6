"""Runs a trial in one process, and makes its problem."""

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
from benchbench.run.examiner import Examiner
from benchbench.run.examiner_client import unless_refused
from benchbench.run.exchange import Answers, Exam, FitData, Run, Start
from benchbench.run.failure import CAUGHT, failed
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
    """Run a trial in this process, which holds all of its data, for tests and scripts.

    In a study, each trial and each examiner has a process of its own. There is a record whatever the competitor does.
    ``width``: the solved width if it is known. ``tuned``: the competitor has several option sets.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    plugin, home = registry.get("architecture", trial.architecture), registry.get("task", trial.task).file
    facts: dict[str, Any] = {"environment": environment, "started": started}
    facts |= {"baseline": plugin.baseline, "solves": plugin.solves}
    try:
        local = _LocalExaminer(Examiner(make_problem(trial, registry), home))
        problem = local.examiner.problem_facts()
    except CAUGHT as error:
        return Outcome(Record(trial=trial, **facts, **failed(error, home)))
    made = attempt(trial, registry, local, Conditions(clock=clock, width=width, tuned=tuned))
    return composed(trial, facts, made, problem, local.examiner.take(trial.key))


class _LocalExaminer:
    """An examiner in the same process."""

    def __init__(self, examiner: Examiner) -> None:
        self.examiner = examiner

    def fit_data(self) -> FitData:
        return self.examiner.fit_data()

    def exam(self, trial: Trial) -> Exam:
        return self.examiner.exam(trial)

    def submit(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        self.examiner.submit(trial, answers, made)

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start]:
        starts: dict[str, Start] = unless_refused(self.examiner.starts(trial, tuned=tuned))
        return starts

    def submit_free_run(self, trial: Trial, name: str, run: Run) -> None:
        unless_refused(self.examiner.submit_free_run(trial, name, run))


def make_problem(trial: Trial, registry: Registry) -> Problem:
    """Make the problem of a trial, which is the same for every competitor of one task, length and seed."""
    task = registry.get("task", trial.task)
    options = bind(task.options, trial.task_options, f"[tasks.{trial.task}]")
    problem = task.function(stream(trial.seed, "data", trial.task), trial.length, **options)
    if not isinstance(problem, Problem):
        raise TypeError(f"task {trial.task!r} must return a benchbench.Problem, not {type(problem).__name__}")
    return problem
