"""What a study comes to on this machine, found out in processes that may die; the caller needs no PyTorch for it."""

import os
from dataclasses import dataclass
from typing import Any

import psutil

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.record import Environment
from benchbench.core.registry import Registry
from benchbench.core.spec import Trial
from benchbench.core.study import Study
from benchbench.isolation.fault_text import describe
from benchbench.isolation.process_tree import children
from benchbench.measure import allocator
from benchbench.run.job import inside


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trials of a study and the environment that goes into every record.

    ``quiet``: whether its plug-ins are loaded before processes are forked: that starts no thread and no process, and no
    device is asked for.
    """

    trials: list[Trial]
    environment: Environment
    quiet: bool


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans and checks a study; small enough to be sent to another process.

    ``source`` names the study's file in messages; relative paths start from ``folder``.
    """

    plugins: tuple[str, ...]
    source: str
    folder: str
    cores: int
    jobs: int
    threads: int
    keep_freed: bool
    machine: str | None

    def plan(self, study: Study) -> Plan | str:
        """The plan, or what is wrong with the study."""
        from benchbench.learn.device import require
        from benchbench.measure.machine import capture

        before = _company()
        try:
            with inside(self.folder):
                known = registry.load(self.plugins)
            quiet = _company() == before and set(study.devices) == {"cpu"}
            trials = study.trials(known, self.source)
            for name in study.devices:
                require(name, f"{self._place}devices")
        except InputError as error:
            return str(error)
        facts = capture(cores=self.cores, jobs=self.jobs, threads=self.threads, machine=self.machine)
        more = {
            "allocator": allocator.keep_freed() if self.keep_freed else allocator.DEFAULT,
            "yardstick": measure_machine(study.devices, self.threads),
        }
        return Plan(trials=trials, environment=facts.model_copy(update=more), quiet=quiet)

    def check(self, trials: list[Trial]) -> str | None:
        """What is wrong with trials that share a problem, or None: the problem is made, every learner sized."""
        from benchbench.measure.switches import set_flags
        from benchbench.run.failure import CAUGHT
        from benchbench.run.trial import make_problem

        with inside(self.folder):
            known = registry.load(self.plugins)
            set_flags(self.threads, trials[0].seed)
            try:
                problem = make_problem(trials[0], known)
            except CAUGHT as error:
                task = trials[0].task
                why = describe(error, known.get("task", task).file)
                return f"{self._place}[tasks.{task}] length {trials[0].length}: {why}"
            return self._misfit(trials, known, problem)

    def _misfit(self, trials: list[Trial], known: Registry, problem: Any) -> str | None:
        from benchbench.run.failure import CAUGHT
        from benchbench.run.trial import make_learner

        for trial in trials:
            try:
                make_learner(trial, known, problem)
            except InputError as error:
                return f"{self._place}[architectures.{trial.architecture}] {error}"
            except CAUGHT:  # what else goes wrong is the competitor's own record
                continue
        return None

    @property
    def _place(self) -> str:
        return f"{self.source}: " if self.source else ""


def _company() -> tuple[int, int]:
    """How many threads and children this process has."""
    return psutil.Process().num_threads(), len(children(os.getpid()))


def alike(trials: list[Trial]) -> list[list[Trial]]:
    """Trials to check together: those of one task and length, each competitor once."""
    groups: dict[str, dict[str, Trial]] = {}
    for trial in trials:
        competitor = f"{trial.architecture} {trial.architecture_options} {trial.budget} {trial.device}"
        group = groups.setdefault(f"{trial.task} {trial.task_options} {trial.length}", {})
        group.setdefault(competitor, trial)
    return [list(group.values()) for group in groups.values()]


def measure_machine(devices: tuple[str, ...], threads: int = 1) -> dict[str, dict[str, float]]:
    """The speed of the machine, and of ``devices``, with known loads."""
    from benchbench.measure.switches import set_flags
    from benchbench.measure.yardstick import yardstick

    set_flags(threads)
    return {name: yardstick(name) for name in dict.fromkeys(("cpu", *devices))}
