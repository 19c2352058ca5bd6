"""What a trial's process does: load the plug-ins, set the machine, run the trial.

PyTorch is imported there only: the process that writes the records needs none.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.problem import Problem
from benchbench.core.record import Environment, Record, Status
from benchbench.core.registry import Registry
from benchbench.core.spec import Trial
from benchbench.isolation.fault_text import without_paths
from benchbench.isolation.pool import NO_LIMITS
from benchbench.isolation.supervisor import Limits, Lost
from benchbench.measure import allocator, peak_memory
from benchbench.run.outcome import Outcome
from benchbench.run.problem_cache import data_key, save, shared

PRELOAD = "benchbench.run.preload"
"""What the processes of trials have imported before they are forked."""

_IMPORTS = "PRELOAD"  # the name by which a task's module lists what it imports when it reads data
_STATUS = {"timeout": Status.TIMEOUT, "memory": Status.OUT_OF_MEMORY, "crash": Status.FAILED}


@contextmanager
def inside(folder: str | Path) -> Iterator[None]:
    """Let relative paths of a study start from ``folder``, where this machine has it.

    A relative path in BENCHBENCH_DATA starts from where the user stands.
    """
    if data := os.environ.get("BENCHBENCH_DATA"):
        os.environ["BENCHBENCH_DATA"] = str(Path(data).expanduser().resolve())
    with chdir(folder if Path(folder).is_dir() else Path.cwd()):
        yield


class Shape(NamedTuple):
    """What a learner's size depends on beside its options and width."""

    inputs: int
    outputs: int
    scored: int
    length: int

    @classmethod
    def of(cls, problem: Problem) -> "Shape":
        """The shape of a problem."""
        _, length, inputs = problem.train.inputs.shape
        return cls(inputs, problem.train.targets.shape[2], problem.train.scored, length)


class Solved(NamedTuple):
    """The width that meets a budget of parameters for problems of one shape."""

    shape: Shape
    width: int


class Scheduled(NamedTuple):
    """A trial with its block, whether it is of a baseline, and what the check knows of it.

    ``solved`` is its width; ``objective`` and ``classes`` are what its problem asks, for a record without a problem.
    """

    block: str
    trial: Trial
    baseline: bool | None = None
    solved: Solved | None = None
    objective: ObjectiveFacts | None = None
    classes: tuple[str, ...] = ()

    def complete(self, record: Record) -> Record:
        """The record with its block and, where it came to no problem, with what that would have asked."""
        known: dict[str, Any] = {"block": self.block}
        if not record.data and self.objective is not None:
            known |= {"objective": self.objective, "classes": list(self.classes)}
        return record.model_copy(update=known)


@dataclass(frozen=True, kw_only=True)
class Job:
    """How to run the trials of a study, on whatever machine; small enough to be sent there.

    Relative paths start from ``folder``. ``jobs`` trials run side by side on a machine, each on ``threads`` cores of
    its own and within ``limits``. ``machine`` overrides the machine's label. ``tasks`` and ``devices`` are those of the
    study. ``warm``: the plug-ins may be loaded once, before the processes of trials are forked.
    """

    folder: str
    plugins: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    devices: tuple[str, ...] = ("cpu",)
    jobs: int = 1
    threads: int = 1
    limits: Limits = NO_LIMITS
    keep_freed: bool = True
    machine: str | None = None
    warm: bool = False

    def load(self) -> Registry:
        """Everything that can be named in the study."""
        with inside(self.folder):
            return registry.load(self.plugins)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Runs one trial of a job on a machine whose ``environment`` is known; ``data`` is its folder of problems."""

    job: Job
    environment: Environment
    data: str

    def __call__(self, item: Scheduled) -> Outcome | InputError:
        """The outcome of a trial, or why its plug-in cannot be loaded any more."""
        from benchbench.measure.switches import set_flags
        from benchbench.run.trial import make_problem

        trial = item.trial
        try:
            known = self.job.load()
        except InputError as error:
            return error
        if self.job.keep_freed:
            allocator.keep_freed()
        facts = {
            "flags": set_flags(self.job.threads, trial.seed),  # last: a plug-in may have set others when it was loaded
            "peak_memory": peak_memory.instrument(),
            "pinned": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        }
        with inside(self.job.folder):
            make = partial(shared, problem_file(self.data, trial), partial(make_problem, trial, known))
            return _run(item, known, self.environment.model_copy(update=facts), make)


def problem_file(data: str | Path, trial: Trial) -> Path:
    """Where, in the folder ``data``, the problem of a trial is shared."""
    return Path(data) / data_key(trial)


def _run(item: Scheduled, known: Registry, environment: Environment, make: Callable[[], Problem]) -> Outcome:
    """Run a trial at the width that the check has solved, where its problem has the shape that the check saw."""
    from benchbench.run.failure import CAUGHT
    from benchbench.run.trial import run_trial

    width = None
    try:
        problem = make()
    except CAUGHT as error:  # the trial runs into it too, and its record says so
        make = partial(_fail, error)
    else:
        make = partial(_give, problem)
        if item.solved and item.solved.shape == Shape.of(problem):
            width = item.solved.width
    outcome = run_trial(item.trial, known, environment, make=make, width=width)
    return outcome._replace(record=item.complete(outcome.record))


def _fail(error: BaseException) -> Problem:
    raise error


def _give(problem: Problem) -> Problem:
    return problem


def lost(item: Scheduled, what: Lost, environment: Environment, started: str) -> Outcome:
    """The outcome of a trial whose process ended without one."""
    record = Record(
        trial=item.trial,
        status=_STATUS[what.cause],
        message=without_paths(what.reason),
        baseline=item.baseline,
        environment=environment,
        started=started,
    )
    return Outcome(item.complete(record))


@dataclass(frozen=True)
class Data:
    """Makes the problem that trials share, once, in a process that is none of theirs."""

    work: Work

    def key(self, item: Scheduled) -> str:
        """Names the data."""
        return data_key(item.trial)

    def done(self, item: Scheduled) -> bool:
        """Whether it is there."""
        return problem_file(self.work.data, item.trial).exists()

    def __call__(self, item: Scheduled) -> None:
        """Make it; what goes wrong, the trials will run into themselves."""
        from benchbench.measure.switches import set_flags
        from benchbench.run.trial import make_problem

        job, trial = self.work.job, item.trial
        file, known = problem_file(self.work.data, trial), job.load()
        set_flags(job.threads, trial.seed)
        with FileLock(f"{file}.lock"), inside(job.folder):
            if not file.exists():
                save(file, make_problem(trial, known))


@dataclass(frozen=True)
class Warm:
    """Loads, before processes are forked, the plug-ins and what the study's tasks import to read their data."""

    job: Job

    def __call__(self) -> None:
        """Load them; the trials' own processes say what is wrong with one."""
        with suppress(InputError):
            known = self.job.load()
            for task in self.job.tasks:
                for name in known.get("task", task).function.__globals__.get(_IMPORTS, ()):
                    with suppress(Exception):
                        import_module(name)
