"""The job that runs on each trial: load the plug-in, set the machine's switches, run the trial.

PyTorch is imported only inside functions, since the process that writes the records does without it.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benchbench.core import registry
from benchbench.core.cache import cache_folder
from benchbench.core.errors import InputError
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.problem import Split
from benchbench.core.record import Environment, Record, Status
from benchbench.core.registry import NO_SOURCES, Registry, Sources
from benchbench.core.spec import Trial
from benchbench.isolation.fault_text import without_paths
from benchbench.isolation.pool import NO_LIMITS
from benchbench.isolation.service_access import Link, ServiceAccess, use_as_home
from benchbench.isolation.services import Address, Service
from benchbench.isolation.supervisor import Limits, Lost
from benchbench.measure import allocator, peak_memory
from benchbench.run.exchange import data_key
from benchbench.run.origins import Files
from benchbench.run.outcome import Attempt, Grade, Outcome

PRELOAD = "benchbench.run.preload"
"""The module that is imported before the processes of trials are forked."""

COMPETITOR, OWNER = "competitor", "owner"
"""The roles of the examiner's clients: the process of a trial, and the process that writes its record."""

_CACHES = {
    "NUMBA_CACHE_DIR": "numba",
    "TORCHINDUCTOR_CACHE_DIR": "torchinductor",
    "TRITON_CACHE_DIR": "triton",
}
_STATUS = {"timeout": Status.TIMEOUT, "memory": Status.OUT_OF_MEMORY, "crash": Status.FAILED}


@contextmanager
def inside(folder: str | Path) -> Iterator[None]:
    """Resolve relative paths of a study from ``folder``, if this machine has that folder.

    A relative path in BENCHBENCH_DATA is resolved from the user's current folder.
    """
    if data := os.environ.get("BENCHBENCH_DATA"):
        os.environ["BENCHBENCH_DATA"] = str(Path(data).expanduser().resolve())
    with chdir(folder if Path(folder).is_dir() else Path.cwd()):
        yield


class Shape(NamedTuple):
    """The properties of a problem on which the size of a learner depends, in addition to its options and width."""

    inputs: int
    outputs: int
    scored: int
    length: int

    @classmethod
    def of(cls, train: Split) -> "Shape":
        """The shape of a problem with this training split."""
        _, length, inputs = train.inputs.shape
        return cls(inputs, train.targets.shape[2], train.scored, length)


class Solved(NamedTuple):
    """The width that meets a budget of parameters for problems of one shape."""

    shape: Shape
    width: int


class Scheduled(NamedTuple):
    """A trial with its block, whether its architecture is a baseline, and what the check found out about it.

    ``solved``: its width. ``objective`` and ``classes``: for its record, should its process not get as far as its
    problem. ``solves``: its competitor does not fit in steps. ``tuned``: its competitor has several option sets.
    """

    block: str
    trial: Trial
    baseline: bool | None = None
    solves: bool | None = None
    solved: Solved | None = None
    objective: ObjectiveFacts | None = None
    classes: tuple[str, ...] = ()
    tuned: bool = False

    def complete(self, record: Record) -> Record:
        """The record with its block and, if it has no data, with the objective of its problem."""
        known: dict[str, Any] = {"block": self.block}
        if not record.data and self.objective is not None:
            known |= {"objective": self.objective, "classes": list(self.classes)}
        return record.model_copy(update=known)


@dataclass(frozen=True, kw_only=True)
class Job:
    """How to run the trials of a study on any machine; small enough to be sent to one.

    Relative paths start from ``folder``. ``jobs`` trials run in parallel on a machine, each on ``threads`` cores and
    within ``limits``. ``machine`` overrides the machine's label. ``tasks`` and ``devices`` are the study's;
    ``seedless`` are the tasks whose problem is the same for every seed; ``sources`` says where plug-ins that are not
    shipped come from. ``warm``: modules that plug-ins import are imported once, before the processes of trials are
    forked. ``kernels``: the engines' kernels that the trials need. ``files``: the user's files that they come from.
    ``keep``: fitted learners are kept, except those of tuning.
    """

    folder: str
    plugins: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    seedless: frozenset[str] = frozenset()
    sources: Sources = NO_SOURCES
    devices: tuple[str, ...] = ("cpu",)
    jobs: int = 1
    threads: int = 1
    limits: Limits = NO_LIMITS
    keep_freed: bool = True
    machine: str | None = None
    warm: bool = False
    kernels: tuple[str, ...] = ()
    files: Files = field(default_factory=dict)
    keep: bool = False

    def load(self) -> Registry:
        """Load every task and architecture that a study can name."""
        with inside(self.folder):
            return registry.load(self.plugins)

    def load_competitor(self, trial: Trial) -> Registry:
        """Load what a trial's process may see: of the plug-in files only the one of its architecture."""
        with inside(self.folder):
            return registry.load_competitor(self.sources, trial.architecture)


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work of a trial's process."""

    job: Job

    def __call__(self, item: Scheduled, link: Link) -> Attempt | InputError:
        """Return what the competitor has done, or an InputError if its plug-in cannot be loaded any more."""
        from benchbench.learn import engines
        from benchbench.measure.switches import set_flags
        from benchbench.run.attempt import Conditions, attempt
        from benchbench.run.examiner_client import RemoteExaminer

        trial, examiner = item.trial, RemoteExaminer(link)
        try:
            known = self.job.load_competitor(trial)
        except InputError as error:
            return error
        engines.load(self.job.kernels)  # before the home folder changes
        if link.folder is not None:
            keep_caches()
            use_as_home(link.folder)
        if self.job.keep_freed:
            allocator.keep_freed()
        facts = {
            "flags": set_flags(self.job.threads, trial.seed),  # after loading: a plug-in may have changed them
            "peak_memory": peak_memory.instrument(),
            "pinned": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        }
        data = examiner.fit_data()
        solved = item.solved and item.solved.shape == Shape.of(data.train) and item.solved.width
        keep = self.job.keep and not trial.tuning
        conditions = Conditions(phase=link.phase, width=solved or None, tuned=item.tuned, environment=facts, keep=keep)
        made = attempt(trial, known, examiner, conditions)
        plugin = known.get("architecture", trial.architecture)
        told = {"baseline": plugin.baseline, "solves": plugin.solves}
        return made._replace(fields=made.fields | told)


@dataclass(frozen=True, kw_only=True)
class Examine:
    """Makes the examiner for an item that has a ``trial``, in a process that loads only the plug-in files of tasks."""

    job: Job

    def __call__(self, item: Any) -> Service:
        """The function that answers messages about the problem of the item's trial."""
        from benchbench.measure.switches import set_flags
        from benchbench.run.examiner import examiner
        from benchbench.run.trial import make_problem

        trial: Trial = item.trial
        with inside(self.job.folder):
            known = registry.load_tasks(self.job.sources)
            set_flags(self.job.threads, trial.seed)
            return examiner(partial(make_problem, trial, known), known.get("task", trial.task).file)


def examiner_access(job: Job, address: Address, role: str) -> ServiceAccess:
    """How an item with a ``trial`` reaches its examiner."""
    key = partial(_key, job.seedless)
    return ServiceAccess(address=address, key=key, role=role, what="the process that makes the data and scores")


def _key(seedless: frozenset[str], item: Any) -> str:
    return data_key(item.trial, seeded=item.trial.task not in seedless)


def keep_caches() -> None:
    """Keep the compilers' caches in their usual folders, for processes that get another home."""
    from benchbench.learn import device

    cache = cache_folder()
    for name, folder in _CACHES.items():
        os.environ.setdefault(name, str(cache / folder))
    device.keep_cache(Path.home())


def lost(item: Scheduled, what: Lost, environment: Environment, started: str, **facts: Any) -> Outcome:
    """The outcome of a trial whose process ended without a result."""
    known = {"baseline": item.baseline, "solves": item.solves, **facts}
    record = Record(
        trial=item.trial,
        status=_STATUS[what.cause],
        message=without_paths(what.reason),
        environment=environment,
        started=started,
        **known,
    )
    return Outcome(item.complete(record))


def unfinished(grade: Grade, what: Lost) -> Grade:
    """The grade of a trial whose process died in a free run: what it had submitted, and why there is no more."""
    run, message = grade.fields["free_run"], without_paths(what.reason)
    if "test" in grade.pending:
        run = run.model_copy(update={"status": _STATUS[what.cause], "message": message})
    elif grade.pending:
        run = run.model_copy(update={"validation_message": message})
    return grade.judged(run)


@dataclass(frozen=True)
class Warm:
    """Imports the libraries of the plug-ins and of the study's tasks, before processes are forked.

    ``tasks``: also load the files that register tasks, but no kernels of engines. No file of an architecture is loaded,
    since all competitors are forked from this process.
    """

    job: Job
    tasks: bool = False

    def __call__(self) -> None:
        """Import them; errors are ignored here, since the trials' own processes report them."""
        names = [*self.job.sources.imports]
        with suppress(InputError):
            with inside(self.job.folder):
                known = registry.load_tasks(self.job.sources if self.tasks else NO_SOURCES)
            plugins = [known.plugins[key] for task in self.job.tasks if (key := ("task", task)) in known.plugins]
            names += [name for plugin in plugins for name in plugin.function.__globals__.get(registry.PRELOAD, ())]
        for name in names:
            with suppress(Exception):
                import_module(name)
        if not self.tasks:
            from benchbench.learn import engines

            engines.load(self.job.kernels)
