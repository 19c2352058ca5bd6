"""The progress of a run: a bar in a terminal, and a line for each trial elsewhere."""

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

_SHOWN = 2  # trials that are named where a cluster runs many
_PAUSE = 10.0  # seconds between two lines while the study is checked


class Watch:
    """Says what the runner tells: ``lines`` prints every trial that ends, without it only those that are not ok.

    ``verbose`` prints steps and starts of trials too, ``quiet`` nothing.
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
        self._workers: int | None = None  # on a cluster
        self._task = progress.add_task("", total=None)

    def listeners(self) -> dict[str, Any]:
        """What hears of a run, by the parameters of ``run_study``."""
        names = ("step", "check", "stage", "plan", "start", "record", "unkept")
        return {f"on_{name}": getattr(self, name) for name in names}

    def step(self, text: str) -> None:
        """What is done before the trials run."""
        self._progress.update(self._task, description=text)
        self._said = self._clock()
        if self._every:
            self._say(text)

    def check(self, done: int, total: int) -> None:
        """So many of the groups of trials are checked."""
        self._progress.update(self._task, completed=done, total=total)
        if self._every and self._clock() - self._said >= _PAUSE:
            self._said = self._clock()
            self._say(f"checking the study: {done} of {total}")

    def workers(self, count: int) -> None:
        """The run has so many workers now."""
        self._workers = count
        if self._every:
            self._say(self._crew())
        self._show()

    def note(self, text: str) -> None:
        """What happens to the workers of a run."""
        self._say(text)

    def stage(self, name: str, notes: Sequence[str]) -> None:
        """The part of the run that begins, without a name where it is the study itself, and why it is as it is."""
        self._stage, self._count = f"{name}: " if name else "", 0
        for note in notes:
            if note not in self._notes:
                self._say(note)
        self._notes |= set(notes)

    def plan(self, trials: int, done: int, otherwise: int) -> None:
        """How many trials there are, how many are recorded, and how many of those under other conditions."""
        self._total, self._began = trials - done, self._clock()
        self._progress.reset(self._task, total=self._total, description="")
        if done:
            self._say(f"{self._stage}{done} of {trials} trials are recorded already")
        if otherwise:
            self._say(
                f"{otherwise} of them ran with other jobs, threads or allocator: they are kept, and their times are "
                "not compared with those of this run; another --results starts anew"
            )
        if self._every and self._total:
            self._say(f"{self._stage}{self._total} trial{'s' * (self._total > 1)} to run")

    def unkept(self, count: int) -> None:
        """So many recorded trials have no learner, and --keep asks for it."""
        self._say(
            f"{self._stage}{count} of them {'were' if count > 1 else 'was'} recorded without the learner, and --keep "
            "runs no trial again: delete their lines from the file of records, or give another --results"
        )

    def start(self, trial: Trial) -> None:
        """A trial begins."""
        self._running[trial.key] = f"{trial.architecture} on {trial.task} {trial.length}"
        if self._detail == "verbose":
            self._say(f"{trial.label} starts")
        self._show()

    def record(self, record: Record) -> None:
        """A trial has ended."""
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
        """How long the rest will take, if its trials are like those that have ended."""
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
    """How a trial ended: its status, the seconds of its fit and its score, or why there is none."""
    parts = [record.status.value]
    if record.spent.fit_seconds is not None:
        parts.append(f"fit {record.spent.fit_seconds:.3g} s")
    primary = record.objective.primary
    if (score := record.scores.get(f"test_{primary}")) is not None:
        parts.append(f"test {primary} {score:.3g}")
    message = " ".join(record.message.split())
    return ", ".join(parts) + (f": {message}" if message else "")


class _Count(MofNCompleteColumn):
    """How many of how many, once that is known."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total is not None else Text()


@contextmanager
def watched(console: Console, detail: Detail = "usual") -> Iterator[Watch]:
    """Watch a run on ``console`` while the block runs: a bar where somebody looks at it, and lines elsewhere."""
    columns = (
        _Count(),
        BarColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    lines = not (console.is_interactive and console.file.isatty())  # colours can be forced into a pipe, a bar cannot
    with Progress(*columns, console=console, transient=True, disable=lines or detail == "quiet") as progress:
        yield Watch(progress, lines=lines, detail=detail)
