"""Where trials run: the interface of an executor, and the one of this machine's own processes."""

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from benchbench.core.errors import InputError
from benchbench.isolation.pool import isolated_map, start_server
from benchbench.isolation.supervisor import Lost
from benchbench.run.job import PRELOAD, Data, Job, Scheduled, Warm, Work, lost
from benchbench.run.outcome import Outcome
from benchbench.run.place import Shelf, look, problem_folder

Ended = tuple[Scheduled, Outcome | InputError]


def _ignore(*_: object) -> None: ...


class Executor(Protocol):
    """Runs trials somewhere."""

    @property
    def many_machines(self) -> bool:
        """Whether trials run on other machines than this; a run then goes on from the records of all machines."""

    def map(
        self,
        job: Job,
        items: Iterable[Scheduled],
        *,
        on_start: Callable[[Scheduled], None],
        on_output: Callable[[Scheduled, str], None],
    ) -> Generator[Ended, None, None]:
        """Yield each item with its outcome as it ends.

        Every item has an outcome: the executor makes one, with ``job.lost``, of a trial whose process or machine is
        gone. An InputError in its place, or raised, ends the run: the study cannot be run there. The environment in
        each record is that of the machine where the trial ran, and names the file that the record goes to.
        ``on_start`` hears of an item before it runs, ``on_output`` what it printed, before it is yielded; both are
        called in the thread that iterates. Closing the iterator ends what runs.
        """


@dataclass(frozen=True)
class Local:
    """Runs trials in processes of this machine; a worker of a cluster may do the same with items as they come.

    ``data`` is a folder where problems are shared, and may hold some; by default a temporary folder of its own.
    """

    data: str | None = None
    many_machines: bool = False

    def map(
        self,
        job: Job,
        items: Iterable[Scheduled],
        *,
        on_start: Callable[[Scheduled], None] = _ignore,
        on_output: Callable[[Scheduled, str], None] = _ignore,
    ) -> Generator[Ended, None, None]:
        """Yield each item with its outcome as it ends, ``job.jobs`` at a time."""
        start_server(PRELOAD)
        with ExitStack() as stack:
            data = self.data or stack.enter_context(problem_folder())
            work = Work(job=job, environment=look(job), data=data)
            shelf, started = Shelf(data, items, most=job.jobs + 2), dict[str, str]()

            def start(item: Scheduled) -> None:
                started[item.trial.key] = datetime.now(UTC).isoformat(timespec="seconds")
                shelf.starts(item)
                on_start(item)

            ended = isolated_map(
                work,
                items,
                jobs=job.jobs,
                threads=job.threads,
                limits=job.limits,
                prepare=Warm(job) if job.warm else None,
                first=Data(work),
                on_start=start,
                on_output=on_output,
            )
            for item, outcome in stack.enter_context(closing(ended)):
                shelf.ended(item)
                at = started.pop(item.trial.key)
                yield item, lost(item, outcome, work.environment, at) if isinstance(outcome, Lost) else outcome
