"""What a trial's process does: load the plug-ins, set the machine, run the trial.

PyTorch is imported there only: the process that writes the records needs none.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.record import Record
from benchbench.core.spec import Trial
from benchbench.run import allocator, memory
from benchbench.run.share import data_key, shared


@contextmanager
def inside(folder: str | Path) -> Iterator[None]:
    """Relative paths of a study start from ``folder``; that of BENCHBENCH_DATA from where the user stands."""
    if data := os.environ.get("BENCHBENCH_DATA"):
        os.environ["BENCHBENCH_DATA"] = str(Path(data).expanduser().resolve())
    with chdir(folder):
        yield


@dataclass(frozen=True, kw_only=True)
class Job:
    """Runs one trial; small enough to be sent to another process.

    Relative paths start from ``folder``; ``data`` is where the processes of the run share problems.
    """

    plugins: tuple[str, ...]
    environment: dict[str, Any]
    folder: str
    data: str
    threads: int = 1
    keep_freed: bool = True

    def __call__(self, placed: tuple[int, Trial]) -> Record:
        """The record of a trial, which is in a block."""
        from benchbench.run.flags import set_flags
        from benchbench.run.trial import make_problem, run_trial

        block, trial = placed
        file = Path(self.data) / data_key(trial)
        environment = {
            **self.environment,
            "allocator": allocator.keep_freed() if self.keep_freed else allocator.DEFAULT,
            "flags": set_flags(self.threads),
            "peak_memory": memory.instrument(),
            "pinned": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        }
        with inside(self.folder):
            known = registry.load(self.plugins)
            make = partial(shared, file, partial(make_problem, trial, known))
            return run_trial(trial, known, environment, make=make).model_copy(update={"block": block})


@dataclass(frozen=True)
class Warm:
    """Loads plug-ins before the processes of trials are forked."""

    plugins: tuple[str, ...]
    folder: str

    def __call__(self) -> None:
        """Load them; the trials' own processes say what is wrong with one."""
        with inside(self.folder), suppress(InputError):
            registry.load(self.plugins)
