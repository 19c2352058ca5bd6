"""Where trials run: the interface of an executor, and the one of this machine's own processes."""

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from benchbench.core.errors import InputError
from benchbench.core.record import Environment, Watched
from benchbench.isolation.inbox import Inbox
from benchbench.isolation.phases import Seen
from benchbench.isolation.pool import isolated_map, start_server
from benchbench.isolation.reception import GONE, Visit
from benchbench.isolation.supervisor import Lost
from benchbench.run.job import COMPETITOR, OWNER, PRELOAD, Job, Scheduled, Warm, Work, lost, partner, unfinished
from benchbench.run.lesson import RUNS
from benchbench.run.outcome import Asked, Attempt, Grade, Outcome, Refused, composed
from benchbench.run.place import Examiners, examiners, look

Ended = tuple[Scheduled, Outcome | InputError]
_PATIENCE = 30.0  # seconds for an examiner to say what a trial that was lost had handed in


def _ignore(*_: object) -> None: ...


class Executor(Protocol):
    """Runs trials somewhere."""

    @property
    def many_machines(self) -> bool:
        """Whether trials run on other machines than this; a run then goes on from the records of all machines."""

    def prepare(self, job: Job) -> None:
        """Called once, before the study is checked; InputError where trials on the job's devices cannot run."""

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

    ``examiners`` are those of the run, where there are any yet. The machine is ``looked`` at once, however often trials
    are mapped. ``on_wait`` is called where other runs have all cores.
    """

    examiners: Examiners | None = None
    many_machines: bool = False
    on_wait: Callable[[], None] = _ignore
    looked: list[Environment] = field(default_factory=list)

    def prepare(self, job: Job) -> None:
        """Nothing: the plan sees to the devices of this machine, and a look at another machine to its own."""

    def map(
        self,
        job: Job,
        items: Iterable[Scheduled] | Inbox[Scheduled],
        *,
        on_start: Callable[[Scheduled], None] = _ignore,
        on_output: Callable[[Scheduled, str], None] = _ignore,
    ) -> Generator[Ended, None, None]:
        """Yield each item with its outcome as it ends, ``job.jobs`` at a time; they may come meanwhile."""
        start_server(PRELOAD)
        with ExitStack() as stack:
            here = self.examiners or stack.enter_context(examiners(job))
            if not self.looked:
                self.looked.append(look(job))
            run = _Run(job, here, self.looked[0], on_start)
            stack.callback(run.close)
            ended = isolated_map(
                Work(job=job),
                items,
                jobs=job.jobs,
                threads=job.threads,
                limits=job.limits,
                prepare=Warm(job) if job.warm else None,
                partner=partner(job, here.address, COMPETITOR),
                rooms=here.folder,
                on_start=run.start,
                on_output=on_output,
                on_seen=run.see,
                on_wait=self.on_wait,
            )
            for item, result in stack.enter_context(closing(ended)):
                yield item, result if isinstance(result, InputError) else run.outcome(item, result)


class _Run:
    """Puts together what the processes of a machine say of its trials."""

    def __init__(
        self, job: Job, here: Examiners, environment: Environment, on_start: Callable[[Scheduled], None]
    ) -> None:
        self._here, self._environment, self._on_start = here, environment, on_start
        self._mixed = job.sources.mixed
        self._owner = partner(job, here.address, OWNER)
        self._started = dict[str, str]()
        self._seen = dict[str, Watched]()
        self._visits = dict[str, Visit]()

    def start(self, item: Scheduled) -> None:
        """An item is about to run; its examiner is there, and stays until it is asked, whoever else comes meanwhile."""
        self._started[item.trial.key] = datetime.now(UTC).isoformat(timespec="seconds")
        self._here.office.ensure()
        with suppress(*GONE):
            self._visits[item.trial.key] = self._owner.visit(item, ())
        self._on_start(item)

    def see(self, item: Scheduled, seen: Seen) -> None:
        """The supervisor has seen the phases of an item."""
        mixed = item.trial.task in self._mixed
        self._seen[item.trial.key] = Watched(seconds=seen.seconds, cpu_seconds=seen.cpu_seconds, mixed=mixed)

    def outcome(self, item: Scheduled, result: Attempt | Refused | Lost) -> Outcome:
        """The outcome of an item; its scores come from the examiner itself."""
        facts: dict[str, Any] = {
            "environment": self._environment,
            "started": self._started.pop(item.trial.key),
            "watched": self._seen.pop(item.trial.key),
            "baseline": item.baseline,
            "solves": item.solves,
        }
        with ExitStack() as stack:
            visit = self._visits.pop(item.trial.key, None)
            if visit is not None:
                stack.enter_context(visit.connection)
            return self._outcome(item, result, visit, facts)

    def _outcome(
        self, item: Scheduled, result: Attempt | Refused | Lost, visit: Visit | None, facts: dict[str, Any]
    ) -> Outcome:
        if isinstance(result, Lost):
            return _handed_in(visit, item, result, facts) or lost(item, result, **facts)
        if isinstance(result, Refused):
            made = composed(item.trial, facts, Attempt(result.fields, {}), None, None)
        else:
            try:
                asked, grade = _asked(visit, item)
            except GONE:
                return lost(item, Lost("crash", f"{self._owner.what} ended before it was asked"), **facts)
            made = composed(item.trial, facts, result, asked, grade)
        return made._replace(record=item.complete(made.record))

    def close(self) -> None:
        """Let the examiners of items that have not ended go."""
        for visit in self._visits.values():
            visit.connection.close()


def _handed_in(visit: Visit | None, item: Scheduled, what: Lost, facts: dict[str, Any]) -> Outcome | None:
    """The outcome of a trial whose process ended in a free run, from what it had handed in before; None for others."""
    if not facts["watched"].seconds.keys() & set(RUNS.values()):
        return None  # nor may the examiner be asked: it may be what took too long
    try:
        asked, grade = _asked(visit, item, _PATIENCE)
    except GONE:
        return None
    if grade is None or grade.attempt is None:
        return None
    made = composed(item.trial, facts, grade.attempt, asked, unfinished(grade, what))
    return made._replace(record=item.complete(made.record))


def _asked(visit: Visit | None, item: Scheduled, patience: float | None = None) -> tuple[Asked, Grade | None]:
    if visit is None:
        raise EOFError
    return visit.ask(("asked",), patience), visit.ask(("grade", item.trial.key), patience)
