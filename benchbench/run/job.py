"""What a trial's process does: load the plug-ins, set the machine, run the trial.

PyTorch is imported there only: the process that writes the records needs none.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.record import Environment, Record
from benchbench.core.registry import Registry
from benchbench.core.spec import Trial
from benchbench.measure import allocator, peak_memory
from benchbench.run.problem_cache import data_key, save, shared


@contextmanager
def inside(folder: str | Path) -> Iterator[None]:
    """Relative paths of a study start from ``folder``; that of BENCHBENCH_DATA from where the user stands."""
    if data := os.environ.get("BENCHBENCH_DATA"):
        os.environ["BENCHBENCH_DATA"] = str(Path(data).expanduser().resolve())
    with chdir(folder):
        yield


PRELOAD = "benchbench.run.preload"
"""What the processes of trials have imported before they are forked."""

Scheduled = tuple[str, Trial]
"""A block and a trial in it."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Runs one trial; small enough to be sent to another process.

    Relative paths start from ``folder``; ``data`` is where the processes of the run share problems.
    """

    plugins: tuple[str, ...]
    environment: Environment
    folder: str
    data: str
    threads: int = 1
    keep_freed: bool = True

    def __call__(self, placed: Scheduled) -> Record | str:
        """The record of a trial, or why its plug-in cannot be loaded any more."""
        from benchbench.measure.switches import set_flags
        from benchbench.run.trial import make_problem, run_trial

        block, trial = placed
        try:
            known = self.load()
        except InputError as error:
            return str(error)
        if self.keep_freed:
            allocator.keep_freed()
        facts = {
            "flags": set_flags(self.threads, trial.seed),  # last: a plug-in may have set others when it was loaded
            "peak_memory": peak_memory.instrument(),
            "pinned": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        }
        with inside(self.folder):
            make = partial(shared, self.file(trial), partial(make_problem, trial, known))
            environment = self.environment.model_copy(update=facts)
            record, _ = run_trial(trial, known, environment, make=make)
            return record.model_copy(update={"block": block})

    def load(self) -> Registry:
        """Everything that can be named in the study."""
        with inside(self.folder):
            return registry.load(self.plugins)

    def file(self, trial: Trial) -> Path:
        """Where the problem of a trial is shared."""
        return Path(self.data) / data_key(trial)


@dataclass(frozen=True)
class Data:
    """Makes the problem that the trials of a job share, once, in a process that is none of theirs."""

    job: Job

    def key(self, placed: Scheduled) -> str:
        """Names the data."""
        return data_key(placed[1])

    def done(self, placed: Scheduled) -> bool:
        """Whether it is there."""
        return self.job.file(placed[1]).exists()

    def __call__(self, placed: Scheduled) -> None:
        """Make it; what goes wrong, the trials will run into themselves."""
        from benchbench.measure.switches import set_flags
        from benchbench.run.trial import make_problem

        _, trial = placed
        file, known = self.job.file(trial), self.job.load()
        set_flags(self.job.threads, trial.seed)
        with FileLock(f"{file}.lock"), inside(self.job.folder):
            if not file.exists():
                save(file, make_problem(trial, known))


@dataclass(frozen=True)
class Warm:
    """Loads plug-ins before the processes of trials are forked."""

    job: Job

    def __call__(self) -> None:
        """Load them; the trials' own processes say what is wrong with one."""
        with suppress(InputError):
            self.job.load()
