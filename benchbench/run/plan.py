"""What a study comes to, found out in processes that may die; the caller needs no PyTorch for it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.problem import Problem
from benchbench.core.record import Environment
from benchbench.core.registry import Registry
from benchbench.core.spec import Trial
from benchbench.core.study import Study
from benchbench.isolation.fault_text import describe
from benchbench.isolation.process_tree import children
from benchbench.run.job import Job, Scheduled, Shape, Solved, inside, problem_file
from benchbench.run.order import blocks
from benchbench.run.origins import Sources, find
from benchbench.run.place import environment
from benchbench.run.problem_cache import save

_ROOM = 2**28  # bytes of problems that the check keeps for the trials


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trials of a study, and what this machine is.

    ``quiet``: whether its plug-ins are loaded before processes are forked: that starts no thread and no process, and no
    device is asked for. ``baselines`` are the architectures that are there to be beaten. ``sources`` are the user's
    files that the trials come from.
    """

    trials: list[Trial]
    here: Environment
    quiet: bool
    baselines: frozenset[str]
    sources: Sources


class Group(NamedTuple):
    """Trials to check together: those of one task, options and length, each competitor once."""

    exercise: str
    trials: dict[str, Trial]


class Checked(NamedTuple):
    """What the check of a group found: what its problem asks, its shape, and the widths that it solved."""

    shape: Shape
    widths: dict[str, int]
    objective: ObjectiveFacts
    classes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans and checks a study; small enough to be sent to another process.

    ``source`` names the study's file in messages; ``cores`` is how many this machine has. ``runs_here``: the devices
    must be on this machine. ``data`` is a folder that keeps the problems made here for the trials, or None.
    """

    job: Job
    source: str
    cores: int
    runs_here: bool
    data: str | None

    def plan(self, study: Study) -> Plan | InputError:
        """The plan, or what is wrong with the study."""
        from benchbench.learn.device import require

        before = _company()
        try:
            known = self.job.load()
            quiet = _company() == before and set(study.devices) == {"cpu"}
            trials = study.trials(known, self.source)
            for name in study.devices:
                require(name, f"{self._place}devices", here=self.runs_here)
        except InputError as error:
            return error
        baselines = frozenset(name for name in study.architectures if known.get("architecture", name).baseline)
        with inside(self.job.folder):
            sources = find(trials, known)
        here = environment(self.job, self.cores)
        return Plan(trials=trials, here=here, quiet=quiet, baselines=baselines, sources=sources)

    def check(self, group: Group) -> Checked | InputError:
        """What is found out about trials that share a problem, or what is wrong with them.

        The problem is made, and every learner is sized.
        """
        from benchbench.measure.switches import set_flags
        from benchbench.run.failure import CAUGHT
        from benchbench.run.trial import make_problem

        first = next(iter(group.trials.values()))
        with inside(self.job.folder):
            known = registry.load(self.job.plugins)
            set_flags(self.job.threads, first.seed)
            try:
                problem = make_problem(first, known)
            except CAUGHT as error:
                why = describe(error, known.get("task", first.task).file)
                return InputError(f"{self._place}[tasks.{first.task}] length {first.length}: {why}")
            self._keep(first, problem)
            try:
                widths = dict(self._widths(group, known, problem))
                return Checked(Shape.of(problem), widths, problem.objective.facts, problem.classes)
            except InputError as error:
                return error

    def _widths(self, group: Group, known: Registry, problem: Problem) -> Iterator[tuple[str, int]]:
        from benchbench.run.failure import CAUGHT
        from benchbench.run.trial import make_learner

        for name, trial in group.trials.items():
            try:
                width = make_learner(trial, known, problem).width
            except InputError as error:
                raise InputError(f"{self._place}[architectures.{trial.architecture}] {error}") from error
            except CAUGHT:  # what else goes wrong is the competitor's own record
                continue
            if trial.budget.parameters is not None:
                yield name, width

    def _keep(self, trial: Trial, problem: Problem) -> None:
        """Share the problem with the trials that need it, where there is room."""
        if self.data is not None and _size(Path(self.data)) < _ROOM:
            with suppress(Exception):  # a full disk, a strange kind of fact: the trials make their own
                save(problem_file(self.data, trial), problem)

    @property
    def _place(self) -> str:
        return f"{self.source}: " if self.source else ""


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _company() -> tuple[int, int]:
    """How many threads and children this process has."""
    return psutil.Process().num_threads(), len(children(os.getpid()))


def groups(trials: list[Trial]) -> list[Group]:
    """The trials to check, each competitor of a task, options and length once."""
    found: dict[str, Group] = {}
    for trial in trials:
        name = _exercise(trial)
        found.setdefault(name, Group(name, {})).trials.setdefault(_competitor(trial), trial)
    return list(found.values())


def schedule(trials: list[Trial], baselines: frozenset[str], checked: dict[str, Checked]) -> list[Scheduled]:
    """Trials in the order of their run, with what the check has found out about them."""
    return [_scheduled(block, trial, baselines, checked.get(_exercise(trial))) for block, trial in blocks(trials)]


def _scheduled(block: str, trial: Trial, baselines: frozenset[str], checked: Checked | None) -> Scheduled:
    item = Scheduled(block, trial, trial.architecture in baselines, _solved(trial, checked))
    return item if checked is None else item._replace(objective=checked.objective, classes=checked.classes)


def _solved(trial: Trial, checked: Checked | None) -> Solved | None:
    width = checked and checked.widths.get(_competitor(trial))
    return Solved(checked.shape, width) if checked and width else None


def _exercise(trial: Trial) -> str:
    return f"{trial.task} {trial.task_options} {trial.length}"


def _competitor(trial: Trial) -> str:
    return f"{trial.architecture} {trial.architecture_options} {trial.budget} {trial.device} {trial.engine}"
