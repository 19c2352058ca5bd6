"""A progress bar of a run: what runs, how many trials are done, the time left."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchbench.core.record import Record
from benchbench.core.spec import Trial


class Watch:
    """Turns what the runner tells into a progress bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._running = progress, dict[str, str]()
        self._task = progress.add_task("checking the study", total=None)

    def plan(self, trials: int, done: int, otherwise: int) -> None:
        """How many trials there are, how many are recorded, and how many of those under other conditions."""
        self._progress.reset(self._task, total=trials - done, description="")
        if done:
            self._progress.console.print(f"{done} of {trials} trials are recorded already", highlight=False)
        if otherwise:
            said = f"{otherwise} of them with other jobs, threads or allocator: they stay, and times are not mixed"
            self._progress.console.print(f"{said}; another --results starts anew", highlight=False)

    def start(self, trial: Trial) -> None:
        """A trial begins."""
        self._running[trial.key] = f"{trial.architecture} on {trial.task} {trial.length}"
        self._show()

    def record(self, record: Record) -> None:
        """A trial has ended."""
        self._running.pop(record.trial.key, None)
        self._progress.advance(self._task)
        if record.status != "ok":
            line = f"{record.status.value}: {record.trial.label}: {record.message}"
            self._progress.console.print(line, highlight=False, markup=False)
        self._show()

    def _show(self) -> None:
        self._progress.update(self._task, description=" | ".join(self._running.values()))


@contextmanager
def watched(console: Console) -> Iterator[Watch]:
    """A bar on ``console`` while the block runs."""
    columns = (
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Watch(progress)
