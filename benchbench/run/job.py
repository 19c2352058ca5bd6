"""What a trial's process does: load the plug-ins, set the threads, run the trial."""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchbench.core import registry
from benchbench.core.record import Record
from benchbench.core.spec import Trial
from benchbench.run import allocator
from benchbench.run.trial import run_trial


@contextmanager
def inside(folder: str | Path) -> Iterator[None]:
    """Relative paths of a study start from ``folder``; that of BENCHBENCH_DATA from where the user stands."""
    if data := os.environ.get("BENCHBENCH_DATA"):
        os.environ["BENCHBENCH_DATA"] = str(Path(data).expanduser().resolve())
    with chdir(folder):
        yield


@dataclass(frozen=True)
class Job:
    """Runs one trial; small enough to be sent to another process. Relative paths start from ``folder``."""

    plugins: tuple[str, ...]
    environment: dict[str, Any]
    folder: str
    threads: int = 1

    def __call__(self, trial: Trial) -> Record:
        """The record of ``trial``."""
        torch.set_num_threads(self.threads)
        environment = {**self.environment, "allocator": allocator.keep_freed()}
        with inside(self.folder):
            return run_trial(trial, registry.load(self.plugins), environment)
