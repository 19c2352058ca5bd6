"""The progress of a run: a bar on a terminal, and one line for each trial elsewhere."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)  # fmt: skip
from rich.text import Text

from benchbench.cli.console import duration, say
from benchbench.core.record import Record, Status
from benchbench.core.spec import Trial
from benchbench.core.text import printable

Detail = Literal["quiet", "usual", "verbose"]

_SHOWN = 2  # trials that are named while a cluster runs many
_PAUSE = 10.0  # seconds between two lines while the study is checked


class Watch:
    """Prints the progress of a run. With ``lines``, it prints every trial that ends, else only those that are not ok.

    The detail ``verbose`` also prints steps and starts of trials; ``quiet`` prints nothing.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        lines: bool,
        detail: Detail = "usual",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress, self._detail, self._clock = progress, detail, clock
        self._lines, self._every = lines and detail != "quiet", lines or detail == "verbose"
        self._running = dict[str, str]()
        self._stage, self._notes = "", set[str]()
        self._count, self._total, self._said, self._began = 0, 0, clock(), clock()
        self._workers: int | None = None  # known on a cluster only
        self._task = progress.add_task("", total=None)

    def listeners(self) -> dict[str, Any]:
        """The functions that ``run_study`` is to call, by the names of its parameters."""
        names = ("step", "check", "stage", "plan", "start", "record", "unkept")
        return {f"on_{name}": getattr(self, name) for name in names}

    def step(self, text: str) -> None:
        """Show a step that comes before the trials."""
        self._progress.update(self._task, description=text)
        self._said = self._clock()
        if self._every:
            self._say(text)

    def check(self, done: int, total: int) -> None:
        """Show how many groups of trials are checked, of how many."""
        self._progress.update(self._task, completed=done, total=total)
        if self._every and self._clock() - self._said >= _PAUSE:
            self._said = self._clock()
            self._say(f"checking the study: {done} of {total}")

    def workers(self, count: int) -> None:
        """Show how many workers the run has now."""
        self._workers = count
        if self._every:
            self._say(self._crew())
        self._show()

    def note(self, text: str) -> None:
        """Print a note about the workers of a run."""
        self._say(text)

    def stage(self, name: str, notes: Sequence[str]) -> None:
        """Begin a stage of the run, whose name is empty for the study itself, and print its notes."""
        self._stage, self._count = f"{name}: " if name else "", 0
        for note in notes:
            if note not in self._notes:
                self._say(note)
        self._notes |= set(notes)

    def plan(self, trials: int, done: int, other_conditions: int) -> None:
        """Show how many trials there are, how many have records, and how many of these have other conditions."""
        self._total, self._began = trials - done, self._clock()
        self._progress.reset(self._task, total=self._total, description="")
        if done:
            self._say(f"{self._stage}{done} of {trials} trials are recorded already")
        if other_conditions:
            self._say(
                f"{other_conditions} of them ran with other jobs, threads or allocator: they are kept, but their times "
                "are not compared with those of this run; to run them again, give another folder with --results"
            )
        if self._every and self._total:
            self._say(f"{self._stage}{self._total} trial{'s' * (self._total > 1)} to run")

    def unkept(self, count: int) -> None:
        """Print how many recorded trials have no kept learner, although --keep is given."""
        self._say(
            f"{self._stage}{count} of them {'were' if count > 1 else 'was'} recorded without the learner, and --keep "
            "does not run a trial again: delete their lines from the file of records, or give another --results"
        )

    def start(self, trial: Trial) -> None:
        """Show that a trial begins."""
        self._running[trial.key] = f"{trial.architecture} on {trial.task} {trial.length}"
        if self._detail == "verbose":
            self._say(f"{trial.label} starts")
        self._show()

    def record(self, record: Record) -> None:
        """Show that a trial has ended."""
        self._running.pop(record.trial.key, None)
        self._count += 1
        self._progress.advance(self._task)
        if self._every:
            self._say(
                f"{self._stage}{self._count} of {self._total}: {record.trial.label}: {outcome(record)}{self._left()}"
            )
        elif record.status != Status.OK:
            self._say(f"{record.trial.label}: {outcome(record)}")
        self._show()

    def _left(self) -> str:
        """How long the rest will take if its trials are like those that have ended."""
        rest, took = self._total - self._count, self._clock() - self._began
        crew = f"{self._crew()}, {60 * self._count / max(took, 1e-3):.0f} trials a minute, " if self._workers else ""
        return f"; {crew}{duration(took / self._count * rest)} left" if rest else ""

    def _crew(self) -> str:
        return f"{self._workers} worker{'s' * (self._workers != 1)}"

    def _show(self) -> None:
        running = [*self._running.values()]
        if self._workers is not None:
            pace = 60 * self._count / max(self._clock() - self._began, 1e-3)
            running = [f"{self._crew()}, {pace:.0f} trials a minute", *running[:_SHOWN]]
        self._progress.update(self._task, description=printable(self._stage + " | ".join(running)))

    def _say(self, line: str) -> None:
        if self._detail != "quiet":
            say(line, self._progress.console)


def outcome(record: Record) -> str:
    """How a trial ended: its status, the seconds of its fit, its score and its message."""
    parts = [record.status.value]
    if record.spent.fit_seconds is not None:
        parts.append(f"fit {record.spent.fit_seconds:.3g} s")
    primary = record.objective.primary
    if (score := record.scores.get(f"test_{primary}")) is not None:
        parts.append(f"test {primary} {score:.3g}")
    message = " ".join(record.message.split())
    return ", ".join(parts) + (f": {message}" if message else "")


class _Count(MofNCompleteColumn):
    """The number of finished trials and of all trials, once these are known."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total is not None else Text()


@contextmanager
def watched(console: Console, detail: Detail = "usual") -> Iterator[Watch]:
    """Show the progress of a run on ``console`` during the block: a bar on a terminal, lines elsewhere."""
    columns = (
        _Count(),
        BarColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    lines = not (
        console.is_interactive and console.file.isatty()
    )  # a forced terminal makes colours, but a pipe has no bar
    with Progress(*columns, console=console, transient=True, disable=lines or detail == "quiet") as progress:
        yield Watch(progress, lines=lines, detail=detail)
