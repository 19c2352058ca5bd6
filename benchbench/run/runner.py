"""Run a study: check all of it first, skip what is recorded, append each record as it comes."""

import contextlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchbench.core import registry, store
from benchbench.core import study as studies
from benchbench.core.errors import InputError
from benchbench.core.problem import Problem
from benchbench.core.record import Record, Status
from benchbench.core.registry import Registry
from benchbench.core.spec import NAME, Trial
from benchbench.core.study import Study
from benchbench.learn.device import require
from benchbench.run import environment
from benchbench.run.isolate import Lost, isolated_map, start_server
from benchbench.run.job import Job
from benchbench.run.trial import make_learner, make_problem

THREADS = 1  # of a trial; one job a core


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
    jobs = _positive("jobs", jobs, environment.cores())
    if machine is not None and not re.fullmatch(NAME, machine):
        raise InputError(f"machine {machine!r}: letters, digits, '_', '.', '-' only, since it names a file")
    facts = environment.capture(jobs=jobs, threads=THREADS, machine=machine)
    records = store.Store(store.folder(Path(results), study.name) / f"{facts['machine']}.jsonl")
    done = {record.trial.key: record for record in records.records()}
    missing = [trial for trial in trials if trial.key not in done]
    with contextlib.chdir(folder):
        check_trials(missing, known, source)
    _writable(records)
    on_plan(len(trials), len(trials) - len(missing))
    job = Job(files, facts, str(folder), THREADS)
    log = records.path.with_suffix(".log")
    limit = study.timeout if timeout is None else timeout
    for trial, outcome in isolated_map(job, missing, jobs=jobs, timeout=limit, log=log, on_start=on_start):
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
    problems: dict[str, Problem] = {}
    sized = set()
    for trial in trials:
        data = f"{trial.task} {trial.length} {trial.task_options}"
        if data not in problems:
            try:
                problems[data] = make_problem(trial, known)
            except Exception as error:
                raise InputError(f"{place}[tasks.{trial.task}] length {trial.length}: {error}") from error
        competitor = f"{data} {trial.architecture} {trial.architecture_options} {trial.budget}"
        if competitor in sized:
            continue
        sized.add(competitor)
        try:
            make_learner(trial, known, problems[data])
        except ValueError as error:  # a wrong option or limit; what else goes wrong is the competitor's own record
            raise InputError(f"{place}[architectures.{trial.architecture}] {error}") from error
        except Exception:  # noqa: S112
            continue


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


def _positive(name: str, value: int | None, default: int) -> int:
    if value is not None and value < 1:
        raise InputError(f"{name} must be 1 or more, not {value}")
    return value or default


def _lost(trial: Trial, lost: Lost, job: Job) -> Record:
    return Record(
        trial=trial,
        status=Status.TIMEOUT if lost.timeout else Status.FAILED,
        message=lost.reason,
        environment=job.environment,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
