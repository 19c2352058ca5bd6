"""Where trials run: the interface of executors, and the executor that uses processes of this machine."""

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from benchbench.core.errors import InputError
from benchbench.core.record import Environment, Observed
from benchbench.isolation.inbox import Inbox
from benchbench.isolation.phases import Seen
from benchbench.isolation.pool import isolated_map, start_server
from benchbench.isolation.services import CONNECTION_LOST, ServiceConnection
from benchbench.isolation.supervisor import Lost
from benchbench.run.exchange import FREE_RUN_PHASES
from benchbench.run.job import COMPETITOR, OWNER, PRELOAD, Job, Scheduled, Warm, Work, examiner_access, lost, unfinished
from benchbench.run.outcome import Attempt, Grade, Outcome, ProblemFacts, Refused, composed
from benchbench.run.place import Examiners, examiners, look

Ended = tuple[Scheduled, Outcome | InputError]
_PATIENCE = 30.0  # seconds for an examiner to say what a lost trial had submitted


def _ignore(*_: object) -> None: ...


class Executor(Protocol):
    """Runs trials somewhere."""

    @property
    def many_machines(self) -> bool:
        """Whether trials run on other machines; a run then continues from the records of all machines."""

    def prepare(self, job: Job) -> None:
        """Called once, before the study is checked; InputError if trials on the job's devices cannot run."""

    def map(
        self,
        job: Job,
        items: Iterable[Scheduled],
        *,
        on_start: Callable[[Scheduled], None],
        on_output: Callable[[Scheduled, str], None],
    ) -> Generator[Ended, None, None]:
        """Yield each item with its outcome when it ends.

        Every item has an outcome: for a trial whose process or machine was lost, the executor makes one with
        ``job.lost``. An InputError, yielded in its place or raised, ends the run: the study cannot be run there. The
        environment in each record describes the machine where the trial ran, and names the file of the record.
        ``on_start`` is called with an item before it runs, ``on_output`` with what it printed before it is yielded;
        both are called in the thread that iterates. Closing the iterator ends the trials that run.
        """


@dataclass(frozen=True)
class Local:
    """Runs trials in processes of this machine, or of a cluster's worker, which adds items while others run.

    ``examiners``: those of the run, if it has started them. ``looked``: the description of the machine, made once.
    ``on_wait`` is called while other runs have all cores.
    """

    examiners: Examiners | None = None
    many_machines: bool = False
    on_wait: Callable[[], None] = _ignore
    looked: list[Environment] = field(default_factory=list)

    def prepare(self, job: Job) -> None:
        """Do nothing: the plan checks the devices of this machine, and a worker checks its own."""

    def map(
        self,
        job: Job,
        items: Iterable[Scheduled] | Inbox[Scheduled],
        *,
        on_start: Callable[[Scheduled], None] = _ignore,
        on_output: Callable[[Scheduled, str], None] = _ignore,
    ) -> Generator[Ended, None, None]:
        """Yield each item with its outcome when it ends, ``job.jobs`` in parallel; items may be added meanwhile."""
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
                access=examiner_access(job, here.address, COMPETITOR),
                work_folders=here.folder,
                on_start=run.start,
                on_output=on_output,
                on_seen=run.see,
                on_wait=self.on_wait,
            )
            for item, result in stack.enter_context(closing(ended)):
                yield item, result if isinstance(result, InputError) else run.outcome(item, result)


class _Run:
    """Makes the outcomes of trials from what their processes, the examiner and the supervisor report."""

    def __init__(
        self, job: Job, here: Examiners, environment: Environment, on_start: Callable[[Scheduled], None]
    ) -> None:
        self._here, self._environment, self._on_start = here, environment, on_start
        self._mixed = job.sources.mixed
        self._owner = examiner_access(job, here.address, OWNER)
        self._started = dict[str, str]()
        self._seen = dict[str, Observed]()
        self._examiners = dict[str, ServiceConnection]()

    def start(self, item: Scheduled) -> None:
        """Prepare for an item that is about to run: connect to its examiner, which keeps that alive until the end."""
        self._started[item.trial.key] = datetime.now(UTC).isoformat(timespec="seconds")
        self._here.broker.ensure()
        with suppress(*CONNECTION_LOST):
            self._examiners[item.trial.key] = self._owner.connect(item, ())
        self._on_start(item)

    def see(self, item: Scheduled, seen: Seen) -> None:
        """Keep the times of an item's phases, which the supervisor took."""
        mixed = item.trial.task in self._mixed
        self._seen[item.trial.key] = Observed(seconds=seen.seconds, cpu_seconds=seen.cpu_seconds, mixed=mixed)

    def outcome(self, item: Scheduled, result: Attempt | Refused | Lost) -> Outcome:
        """The outcome of an item, with the scores from the examiner."""
        facts: dict[str, Any] = {
            "environment": self._environment,
            "started": self._started.pop(item.trial.key),
            "watched": self._seen.pop(item.trial.key),
            "baseline": item.baseline,
            "solves": item.solves,
        }
        with ExitStack() as stack:
            examiner = self._examiners.pop(item.trial.key, None)
            if examiner is not None:
                stack.enter_context(examiner.pipe)
            return self._outcome(item, result, examiner, facts)

    def _outcome(
        self,
        item: Scheduled,
        result: Attempt | Refused | Lost,
        examiner: ServiceConnection | None,
        facts: dict[str, Any],
    ) -> Outcome:
        if isinstance(result, Lost):
            return _submitted(examiner, item, result, facts) or lost(item, result, **facts)
        if isinstance(result, Refused):
            made = composed(item.trial, facts, Attempt(result.fields, {}), None, None)
        else:
            try:
                problem, grade = _examined(examiner, item)
            except CONNECTION_LOST:
                return lost(item, Lost("crash", f"{self._owner.what} ended before it was asked"), **facts)
            made = composed(item.trial, facts, result, problem, grade)
        return made._replace(record=item.complete(made.record))

    def close(self) -> None:
        """Close the connections to the examiners of items that have not ended."""
        for examiner in self._examiners.values():
            examiner.pipe.close()


def _submitted(
    examiner: ServiceConnection | None, item: Scheduled, what: Lost, facts: dict[str, Any]
) -> Outcome | None:
    """The outcome of a trial whose process died in a free run, from what it had submitted before; None for others."""
    if not facts["watched"].seconds.keys() & set(FREE_RUN_PHASES.values()):
        return None  # the examiner is not asked, since it may be what took too long
    try:
        problem, grade = _examined(examiner, item, _PATIENCE)
    except CONNECTION_LOST:
        return None
    if grade is None or grade.attempt is None:
        return None
    made = composed(item.trial, facts, grade.attempt, problem, unfinished(grade, what))
    return made._replace(record=item.complete(made.record))


def _examined(
    examiner: ServiceConnection | None, item: Scheduled, patience: float | None = None
) -> tuple[ProblemFacts, Grade | None]:
    if examiner is None:
        raise EOFError
    return examiner.ask(("problem facts",), patience), examiner.ask(("grade", item.trial.key), patience)
