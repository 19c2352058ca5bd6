"""The progress of a run: a bar in a terminal, and a line for each trial elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchbench.core.record import Record, Status
from benchbench.core.spec import Trial

_CHECKING = "checking the study"
_QUIET = 10.0  # seconds between two lines while the study is checked


class Watch:
    """Says what the runner tells: ``lines`` prints every trial that ends, without it only those that are not ok."""

    def __init__(self, progress: Progress, *, lines: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress, self._lines, self._clock = progress, lines, clock
        self._running = dict[str, str]()
        self._count, self._total, self._said = 0, 0, clock()
        self._task = progress.add_task(_CHECKING, total=None)
        if lines:
            self._say(_CHECKING)

    def check(self, done: int, total: int) -> None:
        """So many of the groups of trials are checked."""
        text = f"{_CHECKING}: {done} of {total}"
        self._progress.update(self._task, description=text)
        if self._lines and self._clock() - self._said >= _QUIET:
            self._said = self._clock()
            self._say(text)

    def plan(self, trials: int, done: int, otherwise: int) -> None:
        """How many trials there are, how many are recorded, and how many of those under other conditions."""
        self._total = trials - done
        self._progress.reset(self._task, total=self._total, description="")
        if done:
            self._say(f"{done} of {trials} trials are recorded already")
        if otherwise:
            self._say(
                f"{otherwise} of them ran with other jobs, threads or allocator: they are kept, and their times are "
                "not compared with those of this run; another --results starts anew"
            )
        if self._lines and self._total:
            self._say(f"{self._total} trial{'s' * (self._total > 1)} to run")

    def start(self, trial: Trial) -> None:
        """A trial begins."""
        self._running[trial.key] = f"{trial.architecture} on {trial.task} {trial.length}"
        self._show()

    def record(self, record: Record) -> None:
        """A trial has ended."""
        self._running.pop(record.trial.key, None)
        self._count += 1
        self._progress.advance(self._task)
        if self._lines:
            self._say(f"{self._count} of {self._total}: {record.trial.label}: {outcome(record)}")
        elif record.status != Status.OK:
            self._say(f"{record.trial.label}: {outcome(record)}")
        self._show()

    def _show(self) -> None:
        self._progress.update(self._task, description=" | ".join(self._running.values()))

    def _say(self, line: str) -> None:
        self._progress.console.print(line, highlight=False, markup=False, emoji=False, soft_wrap=True)


def outcome(record: Record) -> str:
    """How a trial ended: its status, the seconds of its fit and its score, or why there is none."""
    parts = [record.status.value]
    if record.spent.fit_seconds is not None:
        parts.append(f"fit {record.spent.fit_seconds:.3g} s")
    primary = record.objective.primary
    if (score := record.scores.get(f"test_{primary}")) is not None:
        parts.append(f"test {primary} {score:.3g}")
    message = " ".join(record.message.split())
    return ", ".join(parts) + (f": {message}" if message else "")


@contextmanager
def watched(console: Console) -> Iterator[Watch]:
    """Watch a run on ``console`` while the block runs: a bar where somebody looks at it, and lines elsewhere."""
    columns = (
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    lines = not (console.is_interactive and console.file.isatty())  # colours can be forced into a pipe, a bar cannot
    with Progress(*columns, console=console, transient=True, disable=lines) as progress:
        yield Watch(progress, lines=lines)
