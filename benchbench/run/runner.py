"""Run a study: check all of it first, skip what is recorded, append each record as it comes."""

import contextlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from benchbench.core import registry, store
from benchbench.core import study as studies
from benchbench.core.errors import InputError
from benchbench.core.record import Record, Status
from benchbench.core.registry import Registry
from benchbench.core.spec import NAME, NAME_RULE, Trial
from benchbench.core.study import Study
from benchbench.learn.device import require
from benchbench.run import environment
from benchbench.run.isolate import Lost, isolated_map, start_server
from benchbench.run.job import Job, inside
from benchbench.run.trial import describe, make_learner, make_problem

THREADS = 1  # of a trial; one job a core

Listeners = tuple[Callable[[int, int], None], Callable[[Trial], None], Callable[[Record], None]]


def run_study(
    study: Study | str | Path,
    results: str | Path = "results",
    *,
    jobs: int | None = None,
    device: str | None = None,
    plugins: Iterable[str | Path] = (),
    timeout: float | None = None,
    machine: str | None = None,
    on_plan: Callable[[int, int], None] = lambda _all, _done: None,
    on_start: Callable[[Trial], None] = lambda _: None,
    on_record: Callable[[Record], None] = lambda _: None,
) -> list[Record]:
    """Run what a study lacks on this machine, and return the records of all its trials.

    ``study`` is a Study, a shipped name or a TOML file. ``jobs`` trials run side by side (default: one a core).
    ``device`` overrides the study's; ``timeout`` in seconds kills a trial; ``machine`` overrides the label.
    ``on_plan`` hears how many trials there are and how many are recorded, then ``on_start`` and ``on_record`` each of
    them. Raises InputError, before anything runs or is written, where the study is wrong.
    """
    start_server()
    study, source, folder = (study, "", Path.cwd()) if isinstance(study, Study) else _read(study)
    if device is not None:
        study = study.model_copy(update={"devices": (device,)})
    files = (*study.plugins, *(str(Path(file).resolve()) for file in plugins))
    known = registry.load(files)
    trials = study.trials(known, source)
    jobs = environment.cores() if jobs is None else jobs
    _check_arguments(jobs, timeout, machine)
    facts = environment.capture(jobs=jobs, threads=THREADS, machine=machine)
    records = store.Store(store.folder(Path(results), study.name) / f"{facts['machine']}.jsonl")
    recorded = records.keys()
    with inside(folder):
        check_trials([trial for trial in trials if trial.key not in recorded], known, source)
    _writable(records)
    job = Job(files, facts, str(folder), THREADS)
    limit = study.timeout if timeout is None else timeout
    listeners = (on_plan, on_start, on_record)
    return _complete(records, trials, job, jobs=jobs, timeout=limit, listeners=listeners)


def _complete(
    records: store.Store,
    trials: list[Trial],
    job: Job,
    *,
    jobs: int,
    timeout: float | None,
    listeners: Listeners,
) -> list[Record]:
    """Run the trials that have no record, as the only writer; the records of all."""
    on_plan, on_start, on_record = listeners
    with records.locked():
        done = {record.trial.key: record for record in records.records()}
        missing = [trial for trial in trials if trial.key not in done]
        on_plan(len(trials), len(trials) - len(missing))
        log = records.path.with_suffix(".log")
        ended = isolated_map(job, missing, jobs=jobs, timeout=timeout, log=log, on_start=on_start)
        with contextlib.closing(ended):
            for trial, outcome in ended:
                record = _lost(trial, outcome, job) if isinstance(outcome, Lost) else outcome
                records.append(record)
                done[trial.key] = record
                on_record(record)
    return [done[trial.key] for trial in trials]


def check_trials(trials: list[Trial], known: Registry, source: str = "") -> None:
    """Make every problem once and size every learner; InputError where the study cannot be run as it stands."""
    place = f"{source}: " if source else ""
    for name in dict.fromkeys(trial.device for trial in trials):
        require(name, f"{place}devices")
    for _, group in groupby(sorted(trials, key=_data), key=_data):
        competitors = {f"{t.architecture} {t.architecture_options} {t.budget}": t for t in group}
        first, *_ = competitors.values()
        try:
            problem = make_problem(first, known)
        except (Exception, SystemExit) as error:
            raise InputError(f"{place}[tasks.{first.task}] length {first.length}: {describe(error)}") from error
        for trial in competitors.values():
            try:
                make_learner(trial, known, problem)
            except InputError as error:
                raise InputError(f"{place}[architectures.{trial.architecture}] {error}") from error
            except (Exception, SystemExit):  # noqa: S112  what else goes wrong is the competitor's own record
                continue


def _data(trial: Trial) -> str:
    return f"{trial.task} {trial.task_options} {trial.length}"


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


def _check_arguments(jobs: int, timeout: float | None, machine: str | None) -> None:
    if jobs < 1:
        raise InputError(f"jobs must be 1 or more, not {jobs}")
    if timeout is not None and not 0 < timeout < float("inf"):
        raise InputError(f"timeout must be a number of seconds above 0, not {timeout}")
    if machine is not None and not re.fullmatch(NAME, machine):
        raise InputError(f"machine {machine!r}: {NAME_RULE}, since it names a file")


def _lost(trial: Trial, lost: Lost, job: Job) -> Record:
    return Record(
        trial=trial,
        status=Status.TIMEOUT if lost.timeout else Status.FAILED,
        message=lost.reason,
        environment=job.environment,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
