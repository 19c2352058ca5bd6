"""What a study comes to, found out in processes that may die; the caller needs no PyTorch for it."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psutil

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.record import Environment
from benchbench.core.registry import Registry, Sources
from benchbench.core.spec import Trial
from benchbench.core.study import Study
from benchbench.core.tuning import Tuned
from benchbench.isolation.partner import Link
from benchbench.isolation.process_tree import children
from benchbench.run.job import Job, Scheduled, Shape, Solved, inside
from benchbench.run.lesson import Lesson
from benchbench.run.order import blocks
from benchbench.run.origins import Files, find
from benchbench.run.outcome import Refused
from benchbench.run.place import environment


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trials of a study as it stands, its tuning where it has one, and what this machine is.

    ``quiet``: whether its plug-ins are loaded before processes are forked: that starts no thread and no process, and no
    device is asked for. ``sources`` are where tasks come from, ``files`` the user's files that the trials come from.
    ``seedless`` are the tasks whose problem is the same for every seed, ``baselines`` the architectures that are there
    to be beaten, ``solvers`` those that do not step.
    """

    trials: list[Trial]
    tuned: Tuned | None
    here: Environment
    quiet: bool
    sources: Sources
    seedless: frozenset[str]
    baselines: frozenset[str]
    solvers: frozenset[str]
    files: Files


class Group(NamedTuple):
    """Trials to check together: those of one task, options and length, each competitor once."""

    exercise: str
    trials: dict[str, Trial]

    @property
    def trial(self) -> Trial:
        """The trial whose problem is theirs."""
        return next(iter(self.trials.values()))


class Checked(NamedTuple):
    """What the check of a group found: what its problem asks, its shape, the widths solved, the kernels needed."""

    shape: Shape
    widths: dict[str, int]
    objective: ObjectiveFacts
    classes: tuple[str, ...]
    kernels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans and checks a study; small enough to be sent to another process.

    ``source`` names the study's file in messages; ``cores`` is how many this machine has. ``runs_here``: the devices
    must be on this machine.
    """

    job: Job
    source: str
    cores: int
    runs_here: bool

    def plan(self, study: Study) -> Plan | InputError:
        """The plan, or what is wrong with the study."""
        from benchbench.learn.device import require

        before = _company()
        try:
            with inside(self.job.folder):
                sources = registry.sources(self.job.plugins)
            known = self.job.load()
            quiet = _company() == before and set(study.devices) == {"cpu"}
            trials, tuned = study.trials(known, self.source), study.tuned(known, self.source)
            for name in study.devices:
                require(name, f"{self._place}devices", here=self.runs_here)
        except InputError as error:
            return error
        plugins = [known.get("architecture", name) for name in study.architectures]
        with inside(self.job.folder):
            files = find([*trials, *(tuned.possible() if tuned else ())], known)
        return Plan(
            trials=trials,
            tuned=tuned,
            here=environment(self.job, self.cores),
            quiet=quiet,
            sources=sources,
            files=files,
            seedless=frozenset(name for name in study.tasks if not known.get("task", name).seeded),
            baselines=frozenset(plugin.name for plugin in plugins if plugin.baseline),
            solvers=frozenset(plugin.name for plugin in plugins if plugin.solves),
        )

    def check(self, group: Group, link: Link) -> Checked | InputError:
        """What is found out about trials that share a problem, which the examiner has made: every learner is sized."""
        from benchbench.learn import engines
        from benchbench.measure.switches import set_flags
        from benchbench.run.desk import Far

        with inside(self.job.folder):
            known = registry.load(self.job.plugins)
            set_flags(self.job.threads, group.trial.seed)
            lesson = Far(link).lesson()
            try:
                widths = dict(self._widths(group, known, lesson))
                facts = lesson.objective.facts
                return Checked(Shape.of(lesson.train), widths, facts, lesson.classes, engines.loaded())
            except InputError as error:
                return error

    def refused(self, group: Group, why: Refused) -> InputError:
        """The error of a group without a problem."""
        where = f"{self._place}[tasks.{group.trial.task}] length {group.trial.length}"
        return InputError(f"{where}: {why.fields['message']}")

    def _widths(self, group: Group, known: Registry, lesson: Lesson) -> Iterator[tuple[str, int]]:
        from benchbench.run.attempt import make_learner
        from benchbench.run.failure import CAUGHT

        for name, trial in group.trials.items():
            try:
                width = make_learner(trial, known, lesson).width
            except InputError as error:
                raise InputError(f"{self._place}[architectures.{trial.architecture}] {error}") from error
            except CAUGHT:  # what else goes wrong is the competitor's own record
                continue
            if trial.budget.parameters is not None:
                yield name, width

    @property
    def _place(self) -> str:
        return f"{self.source}: " if self.source else ""


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


def schedule(plan: Plan, trials: list[Trial], checked: dict[str, Checked]) -> list[Scheduled]:
    """Trials of a plan in the order of their run, with what the check has found out about them."""
    several = with_several_sets(plan.trials)
    return [_scheduled(block, trial, plan, checked.get(_exercise(trial)), several) for block, trial in blocks(trials)]


def with_several_sets(trials: Sequence[Trial]) -> set[str]:
    """The competitors, as the report names them, that have several option sets."""
    found: dict[str, set[str]] = {}
    for trial in trials:
        found.setdefault(_shown(trial), set()).add(json.dumps(trial.architecture_options, sort_keys=True))
    return {name for name, options in found.items() if len(options) > 1}


def _shown(trial: Trial) -> str:
    return trial.competitor or trial.architecture


def _scheduled(block: str, trial: Trial, plan: Plan, checked: Checked | None, several: set[str]) -> Scheduled:
    baseline, solves = (trial.architecture in names for names in (plan.baselines, plan.solvers))
    solved = _solved(trial, checked)
    item = Scheduled(block, trial, baseline, solves, solved, tuned=_shown(trial) in several)
    return item if checked is None else item._replace(objective=checked.objective, classes=checked.classes)


def _solved(trial: Trial, checked: Checked | None) -> Solved | None:
    width = checked and checked.widths.get(_competitor(trial))
    return Solved(checked.shape, width) if checked and width else None


def _exercise(trial: Trial) -> str:
    return f"{trial.task} {trial.task_options} {trial.length}"


def _competitor(trial: Trial) -> str:
    """What the size of a learner depends on, and whether it can be made."""
    budget = trial.budget
    size = f"{budget.parameters} {budget.width} {budget.batch}"  # the rungs of a ladder have one
    return f"{trial.architecture} {trial.architecture_options} {size} {trial.device} {trial.engine}"
