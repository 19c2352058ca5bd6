"""Runs a study: checks all of it first, skips the trials that have records, and appends each new record at once."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from benchbench.core import store
from benchbench.core.errors import InputError
from benchbench.core.head import Head
from benchbench.core.later import ByKey, Recorded
from benchbench.core.record import FITTED, Record
from benchbench.core.spec import Trial
from benchbench.core.study import Study
from benchbench.isolation.pool import cores, isolated_map, start_server
from benchbench.isolation.supervisor import Limits, Lost
from benchbench.run import arguments, origins
from benchbench.run.executor import Executor, Local
from benchbench.run.job import COMPETITOR, PRELOAD, Job, Scheduled, Warm, examiner_access
from benchbench.run.outcome import Refused
from benchbench.run.place import Examiners, examiners
from benchbench.run.plan import Checked, Group, Plan, Planner, groups, schedule
from benchbench.run.resolve import Resolve
from benchbench.run.stages import ADDED, Stages


def run_study(
    study: Study | str | Path,
    results: str | Path = "results",
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    threads: int = 1,
    device: str | None = None,
    engine: str | None = None,
    plugins: Iterable[str | Path] = (),
    timeout: float | None = None,
    memory_limit: int | None = None,
    machine: str | None = None,
    resolve: float | None = None,
    max_seeds: int | None = None,
    keep: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
    on_check: Callable[[int, int], None] = lambda _done, _all: None,
    on_stage: Callable[[str, Sequence[str]], None] = lambda _name, _notes: None,
    on_plan: Callable[[int, int, int], None] = lambda _all, _done, _otherwise: None,
    on_start: Callable[[Trial], None] = lambda _: None,
    on_record: Callable[[Record], None] = lambda _: None,
    on_unkept: Callable[[int], None] = lambda _: None,
) -> Recorded:
    """Run the trials of a study that have no record yet, and return the records of all, those of its tuning first.

    ``study``: a Study, a shipped name or a TOML file. ``executor`` runs the trials, by default in processes of this
    machine. ``jobs`` trials run in parallel on a machine, each on ``threads`` cores (by default as many as the cores
    allow, or one if they share a device). ``device`` and ``engine`` override the study's, ``machine`` the label. A
    trial that takes longer than ``timeout`` seconds or more than ``memory_limit`` bytes is killed. ``resolve`` adds
    seeds, up to ``max_seeds`` (30), while a pair is undecided at that relative difference. ``keep`` keeps
    fitted learners as artifacts. See ``Listeners`` for the rest. InputError, before any writing, if the study is wrong.
    """
    study, source, folder = (study, "", Path.cwd()) if isinstance(study, Study) else arguments.opened(study)
    instead = (("devices", device), ("engines", engine))
    study = study.model_copy(update={key: (name,) for key, name in instead if name is not None})
    jobs = _jobs(study, threads) if jobs is None else jobs
    arguments.check(jobs, threads, timeout, memory_limit, machine)
    further = arguments.resolving(resolve, max_seeds)
    start_server(PRELOAD)  # takes seconds, so it starts as soon as the arguments are known to be right
    limits = Limits(seconds=timeout or study.timeout, memory=memory_limit or study.memory_limit)
    return _Run(
        study=study,
        source=source,
        results=Path(results),
        job=_job(study, folder, plugins, limits, jobs=jobs, threads=threads, machine=machine, keep=keep),
        executor=executor,
        resolve=further,
        listeners=Listeners(on_step, on_check, on_stage, on_plan, on_start, on_record, on_unkept),
    ).complete()


class Listeners(NamedTuple):
    """The functions that are called during a run.

    ``on_step``: with what is done before trials run. ``on_check``: with the number of groups of trials that are
    checked, and of all groups. ``on_stage``: with the name and the notes of each stage (``run.stages``). ``on_plan``:
    with the number of its trials, of those that have records, and of records made with other jobs, threads or
    allocator. ``on_start`` and ``on_record``: for each trial that runs. ``on_unkept``: with the number of records
    without a kept learner, in a run that is to keep learners.
    """

    on_step: Callable[[str], None]
    on_check: Callable[[int, int], None]
    on_stage: Callable[[str, Sequence[str]], None]
    on_plan: Callable[[int, int, int], None]
    on_start: Callable[[Trial], None]
    on_record: Callable[[Record], None]
    on_unkept: Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A run of a study."""

    study: Study
    source: str
    results: Path
    job: Job
    executor: Executor | None
    resolve: Resolve | None
    listeners: Listeners

    def complete(self) -> Recorded:
        """Check the study, run the trials that have no record yet as the only writer, and return all records."""
        printed: list[str] = []
        planner = Planner(
            job=self.job,
            source=self.source,
            cores=cores(),
            runs_here=not self._many,
        )
        if self.executor is not None:
            self.executor.prepare(self.job)
        self.listeners.on_step("loading PyTorch, which takes seconds, and the plug-ins")
        plan, early = self._plan_and_read(planner, printed)
        stages = self._stages(plan)
        job = replace(
            self.job, warm=plan.quiet, sources=plan.sources, files=plan.files, seedless=plan.seedless
        )  # fmt: skip
        with examiners(job) as here:
            read = {label: early[label].result() for label in self._machines(plan) if label in early}
            done = ByKey(place for one in read.values() for place in one.places)
            checked = self._check(planner, job, plan, stages, here=here, done=done)
            kernels = {name for found in checked.values() for name in found.kernels}
            job = replace(job, kernels=tuple(sorted(kernels)))
            if self.executor is not None:
                here.broker.close()  # the executor has examiners of its own where its trials run
            return self._run(
                job, plan, stages, checked, executor=self.executor or self._here(here), read=read, printed=printed
            )

    def _here(self, here: Examiners) -> Local:
        return Local(here, on_wait=lambda: self.listeners.on_step("waiting for cores, which other runs use"))

    def _stages(self, plan: Plan) -> Stages:
        """The stages of the run; InputError if seeds are to be added but there is no pair to decide."""
        names = {trial.competitor or trial.architecture: trial.architecture for trial in plan.trials}
        if self.resolve is not None and (len(names) < 2 or set(names.values()) <= plan.baselines):
            found = "one competitor" if len(names) < 2 else "only baselines"
            place = self.source or self.study.name
            raise InputError(
                f"{place}: resolve: the study has {found} and therefore no pair to decide; "
                "add an architecture, or leave out resolve"
            )
        return Stages(grid=plan.trials, tuned=plan.tuned, resolve=self.resolve)

    def _run(
        self, job: Job, plan: Plan, stages: Stages, checked: dict[str, Checked], *, executor: Executor,
        read: dict[str, store.Reading], printed: list[str],
    ) -> Recorded:  # fmt: skip
        """Run one stage after another as the only writer, and return all records."""
        with store.Writer(self.results, self.study.name) as writer:
            writer.prepare()
            done = ByKey(place for machine in self._machines(plan) for place in writer.hold(machine, read.get(machine)))
            ran = set[str]()
            for turn in count():
                known = stages.known(done)
                stage = known[-1]
                missing = [trial for trial in stage.missing(done) if trial.key not in ran]
                self.listeners.on_stage(stage.name, stage.notes)
                if missing or not turn:
                    recorded = [done.head(t.key) for t in stage.trials if t.key in done and t.key not in ran]
                    others = sum(self._otherwise(plan, head) for head in recorded)
                    self.listeners.on_plan(len(recorded) + len(missing), len(recorded), others)
                    if unkept := sum(self._unkept(head) for head in recorded):
                        self.listeners.on_unkept(unkept)
                if not missing:
                    break
                for text in printed:
                    writer.log(plan.here.machine, "loading the plug-ins", text)
                printed = []
                if not turn:
                    self.listeners.on_step("measuring the speed of the machine")
                ran |= {trial.key for trial in missing}
                planned = schedule(plan, missing, checked)
                self._records(writer, job, plan, planned, executor, added=stage.name == ADDED)
                done = ByKey(place for label in self._machines(plan) for place in self._store(label).heads())
        return Recorded(done.places[trial.key] for one in known for trial in one.trials)

    def _store(self, machine: str) -> store.Store:
        return store.Store(store.file(self.results, self.study.name, machine))

    @property
    def _many(self) -> bool:
        return self.executor is not None and self.executor.many_machines

    def _plan_and_read(self, planner: Planner, printed: list[str]) -> tuple[Plan, dict[str, Future[store.Reading]]]:
        """The plan, and the records of every machine, which are read while another process plans."""

        def read(label: str) -> store.Reading:
            reading = self._store(label).reading()
            for place in reading.places:
                place.head.trial.key  # noqa: B018 - worked out here, where it costs no time
            return reading

        with store.uncollected(), ThreadPoolExecutor(1) as reader:
            early = {label: reader.submit(read, label) for label in store.machines(self.results, self.study.name)}
            try:
                return self._plan(planner, printed), early
            except BaseException:
                reader.shutdown(wait=False, cancel_futures=True)
                raise

    def _plan(self, planner: Planner, printed: list[str]) -> Plan:
        def heard(_: Study, text: str) -> None:
            printed.append(text)

        [(_, plan)] = isolated_map(planner.plan, [self.study], threads=self.job.threads, on_output=heard)
        if isinstance(plan, Lost):
            names = ", ".join(Path(file).name for file in self.job.plugins) or "the plug-ins"
            raise InputError(f"{self.source or self.study.name}: while loading {names}: {plan.reason}")
        if isinstance(plan, InputError):
            raise plan
        return plan

    def _check(
        self, planner: Planner, job: Job, plan: Plan, stages: Stages, *, here: Examiners, done: ByKey
    ) -> dict[str, Checked]:
        """Check the trials that may still run; InputError if they cannot.

        A competitor or a task that crashes here is not an error of the study: its records will say so.
        """
        origins.refuse_others(plan.files, (place.head for place in done.places.values()))
        waiting = groups(stages.ahead(done))
        if waiting:
            self.listeners.on_step("checking the study: making its data, sizing its competitors")
        found = dict[str, Any]()
        ended: Generator[tuple[Group, Any], None, None] = isolated_map(
            planner.check,
            waiting,
            jobs=job.jobs,
            threads=job.threads,
            limits=job.limits,
            prepare=Warm(job) if job.warm else None,
            access=examiner_access(job, here.address, COMPETITOR),
            on_start=lambda _: here.broker.ensure(),
        )
        with contextlib.closing(ended):
            for count, (group, result) in enumerate(ended, start=1):
                found[group.exercise] = planner.refused(group, result) if isinstance(result, Refused) else result
                self.listeners.on_check(count, len(waiting))
        for group in waiting:
            if isinstance(fault := found[group.exercise], InputError):
                raise fault
        return {exercise: result for exercise, result in found.items() if isinstance(result, Checked)}

    def _machines(self, plan: Plan) -> list[str]:
        """The machines from whose records the run continues."""
        return store.machines(self.results, self.study.name) if self._many else [plan.here.machine]

    def _records(
        self, writer: store.Writer, job: Job, plan: Plan, missing: list[Scheduled], executor: Executor, *, added: bool
    ) -> None:
        """Run trials and store their records; ``added``: their seeds are not in the study's file."""
        printed = dict[str, str]()
        resolved = self.resolve.effect if added and self.resolve is not None else None

        def heard(item: Scheduled, text: str) -> None:
            printed[item.trial.key] = text

        ended = executor.map(job, missing, on_start=lambda item: self.listeners.on_start(item.trial), on_output=heard)
        with contextlib.closing(ended):
            for item, outcome in ended:
                if isinstance(outcome, InputError):  # such as a plug-in that can no longer be loaded
                    raise outcome
                record, key = outcome.record, item.trial.key
                if key in printed:
                    writer.log(record.environment.machine, item.trial.label, printed.pop(key))
                origins.refuse_changes(plan.files)
                more = {"files": origins.of(record.trial, plan.files), "added": added, "resolved": resolved}
                self.listeners.on_record(writer.append(record.model_copy(update=more), outcome.artifact, outcome.kept))

    def _unkept(self, record: Head) -> bool:
        """Whether a record of a fit has no kept learner, although this run keeps learners."""
        return self.job.keep and record.kept is None and record.status in FITTED and not record.trial.tuning

    def _otherwise(self, plan: Plan, record: Head) -> bool:
        """Whether a record has other jobs, threads or allocator, so that its times are not comparable."""
        names = ("threads", "allocator") if self._many else ("jobs", "threads", "allocator")
        return any(getattr(record.environment, name) != getattr(plan.here, name) for name in names)


def _job(
    study: Study,
    folder: Path,
    plugins: Iterable[str | Path],
    limits: Limits,
    *,
    jobs: int,
    threads: int,
    machine: str | None,
    keep: bool,
) -> Job:
    return Job(
        folder=str(folder),
        plugins=(*study.plugins, *(str(Path(file).resolve()) for file in plugins)),
        tasks=tuple(study.tasks),
        devices=study.devices,
        jobs=jobs,
        threads=threads,
        limits=limits,
        keep_freed=study.allocator == "keep",
        machine=machine,
        keep=keep,
    )


def _jobs(study: Study, threads: int) -> int:
    shared = any(name != "cpu" for name in study.devices)  # two trials on one device could not be timed
    return 1 if shared else max(1, cores() // max(1, threads))
