"""Run a study: check all of it first, skip what is recorded, append each record as it comes."""

import contextlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchbench.core import store
from benchbench.core import study as studies
from benchbench.core.errors import InputError
from benchbench.core.record import Record, Status
from benchbench.core.spec import NAME, NAME_RULE, Trial
from benchbench.core.study import Study
from benchbench.isolation.fault_text import without_paths
from benchbench.isolation.pool import cores, isolated_map, start_server
from benchbench.isolation.supervisor import Limits, Lost
from benchbench.run.job import PRELOAD, Data, Job, Scheduled, Warm
from benchbench.run.order import blocks
from benchbench.run.plan import Plan, Planner, alike
from benchbench.run.problem_cache import data_key

_STATUS = {"timeout": Status.TIMEOUT, "memory": Status.OUT_OF_MEMORY, "crash": Status.FAILED}


def run_study(
    study: Study | str | Path,
    results: str | Path = "results",
    *,
    jobs: int | None = None,
    threads: int = 1,
    device: str | None = None,
    plugins: Iterable[str | Path] = (),
    timeout: float | None = None,
    memory_limit: int | None = None,
    machine: str | None = None,
    on_plan: Callable[[int, int, int], None] = lambda _all, _done, _otherwise: None,
    on_start: Callable[[Trial], None] = lambda _: None,
    on_record: Callable[[Record], None] = lambda _: None,
) -> list[Record]:
    """Run what a study lacks on this machine, and return the records of all its trials.

    ``study`` is a Study, a shipped name or a TOML file. ``jobs`` trials run side by side, each on ``threads`` cores of
    its own (default: as many as there are cores for; one where a device is shared). ``device`` overrides the study's;
    ``timeout`` in seconds and ``memory_limit`` in bytes kill a trial; ``machine`` overrides the label. ``on_plan``
    hears how many trials there are, how many are recorded, and how many of these with other jobs, threads or
    allocator; then ``on_start`` and ``on_record`` hear of each that runs. Raises InputError, before anything runs or is
    written, where the study is wrong.
    """
    start_server(PRELOAD)
    study, source, folder = (study, "", Path.cwd()) if isinstance(study, Study) else _read(study)
    if device is not None:
        study = study.model_copy(update={"devices": (device,)})
    jobs = _jobs(study, threads) if jobs is None else jobs
    _check_arguments(jobs, threads, timeout, memory_limit, machine)
    limits = Limits(seconds=timeout or study.timeout, memory=memory_limit or study.memory_limit)
    planner = Planner(
        plugins=(*study.plugins, *(str(Path(file).resolve()) for file in plugins)),
        source=source,
        folder=str(folder),
        cores=cores(),
        jobs=jobs,
        threads=threads,
        keep_freed=study.allocator == "keep",
        machine=machine,
    )
    printed: list[str] = []
    plan = _plan(planner, study, printed)
    records = store.Store(store.folder(Path(results), study.name) / f"{plan.environment.machine}.jsonl")
    _check(planner, plan, records, limits)
    _writable(records)
    job = _job(planner, plan, records)
    listeners = Listeners(on_plan, on_start, on_record)
    run = _Run(records=records, plan=plan, job=job, jobs=jobs, limits=limits, listeners=listeners)
    return run.complete(printed)


class Listeners(NamedTuple):
    """Who hears of the plan, of each trial's start and of each record."""

    on_plan: Callable[[int, int, int], None]
    on_start: Callable[[Trial], None]
    on_record: Callable[[Record], None]


@dataclass(frozen=True, kw_only=True)
class _Run:
    """The trials of a plan, on their way to records."""

    records: store.Store
    plan: Plan
    job: Job
    jobs: int
    limits: Limits
    listeners: Listeners

    def complete(self, printed: list[str]) -> list[Record]:
        """Run those that have no record yet, as the only writer; the records of all."""
        trials = self.plan.trials
        with self.records.locked(), self._data():
            done = {record.trial.key: record for record in self.records.records()}
            missing = [placed for placed in blocks(trials) if placed[1].key not in done]
            recorded = [done[trial.key] for trial in trials if trial.key in done]
            self.listeners.on_plan(len(trials), len(recorded), sum(map(self._otherwise, recorded)))
            for text in printed if missing else ():
                self._log("loading the plug-ins", text)
            needed = Counter(data_key(trial) for _, trial in missing)
            for trial, record in self._records(missing):
                self.records.append(record)
                done[trial.key] = record
                self._release(trial, needed)
                self.listeners.on_record(record)
        return [done[trial.key] for trial in trials]

    def _records(self, missing: list[Scheduled]) -> Iterator[tuple[Trial, Record]]:
        started: dict[str, str] = {}

        def start(placed: Scheduled) -> None:
            started[placed[1].key] = datetime.now(UTC).isoformat(timespec="seconds")
            self.listeners.on_start(placed[1])

        ended = isolated_map(
            self.job,
            missing,
            jobs=self.jobs,
            threads=self.job.threads,
            limits=self.limits,
            prepare=Warm(self.job) if self.plan.quiet else None,
            first=Data(self.job),
            on_start=start,
            on_output=lambda placed, text: self._log(placed[1].label, text),
        )
        with contextlib.closing(ended):
            for (block, trial), outcome in ended:
                if isinstance(outcome, str):  # a plug-in that could be loaded before
                    raise InputError(outcome)
                if isinstance(outcome, Lost):
                    yield trial, self._lost(trial, block, outcome, started[trial.key])
                else:
                    yield trial, outcome

    def _otherwise(self, record: Record) -> bool:
        """Whether a record was made in a way whose times cannot be compared with those of this run."""
        mine = self.plan.environment
        return any(
            getattr(record.environment, name) != getattr(mine, name) for name in ("jobs", "threads", "allocator")
        )

    def _lost(self, trial: Trial, block: str, lost: Lost, started: str) -> Record:
        return Record(
            trial=trial,
            status=_STATUS[lost.cause],
            message=without_paths(lost.reason),
            environment=self.job.environment,
            started=started,
            block=block,
        )

    def _log(self, title: str, text: str) -> None:
        """Keep what a competitor printed beside the records."""
        with self.records.path.with_suffix(".log").open("a", encoding="utf-8") as file:
            file.write(f"== {title}\n{text.rstrip()}\n")

    @contextlib.contextmanager
    def _data(self) -> Iterator[None]:
        """An empty folder for shared problems, gone afterwards."""
        folder = Path(self.job.data)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir()
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _release(self, trial: Trial, needed: "Counter[str]") -> None:
        key = data_key(trial)
        needed[key] -= 1
        if not needed[key]:
            self.job.file(trial).unlink(missing_ok=True)


def _plan(planner: Planner, study: Study, printed: list[str]) -> Plan:
    alone = isolated_map(planner.plan, [study], threads=planner.threads, on_output=lambda _, text: printed.append(text))
    [(_, plan)] = alone
    if isinstance(plan, Lost):
        names = ", ".join(Path(file).name for file in planner.plugins) or "the plug-ins"
        raise InputError(f"{planner.source or study.name}: while loading {names}: {plan.reason}")
    if isinstance(plan, str):
        raise InputError(plan)
    return plan


def _job(planner: Planner, plan: Plan, records: store.Store) -> Job:
    return Job(
        plugins=planner.plugins,
        environment=plan.environment,
        folder=planner.folder,
        data=str(records.path.with_suffix(".data").resolve()),
        threads=planner.threads,
        keep_freed=planner.keep_freed,
    )


def _check(planner: Planner, plan: Plan, records: store.Store, limits: Limits) -> None:
    """InputError where what is to be run cannot be; who dies while being made will say so in a record."""
    recorded = records.keys()
    groups = alike([trial for trial in plan.trials if trial.key not in recorded])
    ended = isolated_map(planner.check, groups, jobs=planner.jobs, threads=planner.threads, limits=limits)
    found = {id(group): fault for group, fault in ended}
    for group in groups:
        if isinstance(fault := found[id(group)], str):
            raise InputError(fault)


def _writable(records: store.Store) -> None:
    try:
        records.prepare()
    except OSError as error:
        raise InputError(f"results cannot be written to {records.path}: {error.strerror}") from None


def _read(study: str | Path) -> tuple[Study, str, Path]:
    """The study, its file's name, and the folder that its relative paths start from."""
    file = studies.find(str(study))
    folder = Path.cwd() if file in studies.shipped().values() else file.parent.resolve()
    return studies.read(file), file.name, folder


def _jobs(study: Study, threads: int) -> int:
    shared = any(name != "cpu" for name in study.devices)  # one device cannot be timed for two at once
    return 1 if shared else max(1, cores() // max(1, threads))


def _check_arguments(
    jobs: int, threads: int, timeout: float | None, memory_limit: int | None, machine: str | None
) -> None:
    for name, value in (
        ("jobs", jobs),
        ("threads", threads),
        ("memory_limit", 1 if memory_limit is None else memory_limit),
    ):
        if value < 1:
            raise InputError(f"{name} must be 1 or more, not {value}")
    if timeout is not None and not 0 < timeout < float("inf"):
        raise InputError(f"timeout must be a number of seconds above 0, not {timeout}")
    if machine is not None and not re.fullmatch(NAME, machine):
        raise InputError(f"machine {machine!r}: {NAME_RULE}, since it names a file")
