"""Plans and checks a study in processes of their own, so that they may crash and the caller does without PyTorch."""

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
from benchbench.isolation.process_tree import children
from benchbench.isolation.service_access import Link
from benchbench.run.exchange import FitData
from benchbench.run.job import Job, Scheduled, Shape, Solved, inside
from benchbench.run.order import blocks
from benchbench.run.origins import Files, find
from benchbench.run.outcome import Refused
from benchbench.run.place import environment


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trials of a study, its tuning if it has any, and a description of this machine.

    ``quiet``: the plug-ins may be loaded before processes are forked, since loading them starts no thread or process
    and the study needs no device but the CPU. ``sources``: where tasks come from. ``files``: the user's files that the
    trials come from. ``seedless``: the tasks whose problem is the same for every seed. ``baselines``: the architectures
    that are baselines. ``solvers``: those that do not fit in steps.
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
    """Trials to check together: one for each competitor of a task, its options and a length."""

    exercise: str
    trials: dict[str, Trial]

    @property
    def trial(self) -> Trial:
        """One of the trials; they all have the same problem."""
        return next(iter(self.trials.values()))


class Checked(NamedTuple):
    """What the check of a group found: its problem's shape and objective, the solved widths, the kernels needed."""

    shape: Shape
    widths: dict[str, int]
    objective: ObjectiveFacts
    classes: tuple[str, ...]
    kernels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans and checks a study; small enough to be sent to another process.

    ``source``: the study's file, for messages. ``cores``: how many cores this machine has. ``runs_here``: whether the
    trials run on this machine, which must then have the devices.
    """

    job: Job
    source: str
    cores: int
    runs_here: bool

    def plan(self, study: Study) -> Plan | InputError:
        """The plan, or an InputError that says what is wrong with the study."""
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
            of_a_seed = [trial for trial in trials if not trial.seed]  # the files are the same for every seed
            files = find([*of_a_seed, *(tuned.possible() if tuned else ())], known)
        for trial in trials:
            trial.key  # noqa: B018 - worked out here, while the caller reads the records
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
        """Check trials that share a problem, which the examiner has made: make every learner, and solve its width."""
        from benchbench.learn import engines
        from benchbench.measure.switches import set_flags
        from benchbench.run.examiner_client import RemoteExaminer

        with inside(self.job.folder):
            known = registry.load(self.job.plugins)
            set_flags(self.job.threads, group.trial.seed)
            data = RemoteExaminer(link).fit_data()
            try:
                widths = dict(self._widths(group, known, data))
                facts = data.objective.facts
                return Checked(Shape.of(data.train), widths, facts, data.classes, engines.loaded())
            except InputError as error:
                return error

    def refused(self, group: Group, why: Refused) -> InputError:
        """The error for a group whose problem could not be made."""
        where = f"{self._place}[tasks.{group.trial.task}] length {group.trial.length}"
        return InputError(f"{where}: {why.fields['message']}")

    def _widths(self, group: Group, known: Registry, data: FitData) -> Iterator[tuple[str, int]]:
        from benchbench.run.attempt import make_learner
        from benchbench.run.failure import CAUGHT

        for name, trial in group.trials.items():
            try:
                width = make_learner(trial, known, data).width
            except InputError as error:
                raise InputError(f"{self._place}[architectures.{trial.architecture}] {error}") from error
            except CAUGHT:  # any other failure belongs in the competitor's record
                continue
            if trial.budget.parameters is not None:
                yield name, width

    @property
    def _place(self) -> str:
        return f"{self.source}: " if self.source else ""


def _company() -> tuple[int, int]:
    """How many threads and descendants this process has."""
    return psutil.Process().num_threads(), len(children(os.getpid()))


def groups(trials: list[Trial]) -> list[Group]:
    """The trials to check: for each task, its options and a length, one trial of each competitor."""
    found: dict[str, Group] = {}
    for trial in trials:
        name = _exercise(trial)
        found.setdefault(name, Group(name, {})).trials.setdefault(_competitor(trial), trial)
    return list(found.values())


def schedule(plan: Plan, trials: list[Trial], checked: dict[str, Checked]) -> list[Scheduled]:
    """Trials of a plan in the order in which they run, with what the check found out about them."""
    several = with_several_sets(plan.trials)
    return [_scheduled(block, trial, plan, checked.get(_exercise(trial)), several) for block, trial in blocks(trials)]


def with_several_sets(trials: Sequence[Trial]) -> set[str]:
    """The competitors that have several option sets, by their names in the report."""
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
    """A key for all that decides whether a learner can be made and how large it is."""
    budget = trial.budget
    size = f"{budget.parameters} {budget.width} {budget.batch}"  # the same for all rungs of a ladder
    return f"{trial.architecture} {trial.architecture_options} {size} {trial.device} {trial.engine}"
