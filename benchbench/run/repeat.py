"""Run the trial of a record again, as any trial is run, and hold what comes out against the record; write nothing."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from benchbench.core import registry
from benchbench.core import study as studies
from benchbench.core.errors import InputError
from benchbench.core.keys import Found
from benchbench.core.lines import parsed, sealed
from benchbench.core.record import FITTED, Record, Status
from benchbench.core.shipped import shipped
from benchbench.core.spec import Trial
from benchbench.isolation.pool import cores, isolated_map, start_server
from benchbench.isolation.supervisor import Limits, Lost
from benchbench.run import agreement, origins
from benchbench.run.agreement import Agreement
from benchbench.run.executor import Local
from benchbench.run.job import COMPETITOR, PRELOAD, Job, inside, partner
from benchbench.run.outcome import Refused
from benchbench.run.place import Examiners, environment, examiners
from benchbench.run.plan import Checked, Plan, Planner, groups, schedule
from benchbench.run.same import same_files, same_plugins

_ENDED = {Status.TIMEOUT: "--timeout", Status.OUT_OF_MEMORY: "--memory-limit"}


class Repeated(NamedTuple):
    """The record of the trial that was run again, and whether it agrees."""

    record: Record
    agreement: Agreement


def place(study: str | None, plugins: Iterable[str | Path]) -> tuple[str, tuple[str, ...]]:
    """Where the relative paths of a study start, and the plug-in files of the study and of the user.

    ``study`` as it was given: a TOML file says both, where it is not a shipped one; a name says neither.
    """
    given = tuple(str(Path(file).resolve()) for file in plugins)
    if study is None or not study.endswith(".toml") or Path(study) in shipped().values():
        return str(Path.cwd()), given
    file = Path(study)
    return str(file.parent.resolve()), (*studies.read(file).plugins, *given)


def repeat(
    found: Found,
    *,
    folder: str | Path = "",
    plugins: Iterable[str] = (),
    timeout: float | None = None,
    memory_limit: int | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Repeated:
    """Run a trial again in a process of its own, on data made anew, with the threads of its record.

    Relative paths of its options start from ``folder``, by default the current one. InputError where it cannot be the
    same trial: a plug-in or a file is missing or another one, or a device is not there; also where the run could not
    end as the record did, or nothing could be compared.
    """
    record = found.record
    if (option := _ENDED.get(record.status)) and (timeout if option == "--timeout" else memory_limit) is None:
        raise InputError(
            f"trial {record.trial.key} ended as {record.status.value} ({record.message}): give {option} as the run had "
            "it, since nothing else would end it"
        )
    start_server(PRELOAD)
    job = Job(
        folder=str(folder or Path.cwd()),
        plugins=tuple(plugins),
        tasks=(record.trial.task,),
        devices=(record.trial.device,),
        threads=record.environment.threads or 1,
        limits=Limits(seconds=timeout, memory=memory_limit),
        keep_freed=record.environment.allocator != "default",
    )
    on_step("loading PyTorch, which takes seconds, and the plug-ins")
    plan = _planned(job, record)
    reasons = agreement.unlike(record.environment, plan.here)
    siblings = found.siblings
    if reasons and record.status in FITTED and len(agreement.spread_of(siblings)) < 2:
        raise InputError(f"trial {record.trial.key}: {'; '.join(reasons)}. {agreement.ALONE}")
    on_step(f"running {record.trial.label}")
    made = _read_again(_run(replace(job, sources=plan.sources), plan, record))
    if reasons:
        return Repeated(made, agreement.spread(record, made, siblings, "; ".join(reasons)))
    if agreement.clocked(record, made):
        updates = f"{record.spent.updates:,} updates in the record, {made.spent.updates or 0:,} now"
        return Repeated(made, agreement.spread(record, made, siblings, f"its budget ends by the clock ({updates})"))
    return Repeated(made, agreement.bitwise(record, made))


def _read_again(record: Record) -> Record:
    """The record as its line would be read: numbers, tuples and lists as they come back."""
    return parsed(sealed(record))[0]


@dataclass(frozen=True, kw_only=True)
class _Plans:
    """Finds out, in a process that may die, whether the trial of a record can be run here as it was."""

    job: Job
    cores: int

    def __call__(self, record: Record) -> Plan | InputError:
        from benchbench.learn.device import require

        trial = record.trial
        try:
            require(trial.device, f"trial {trial.key}")
            with inside(self.job.folder):
                sources = registry.sources(self.job.plugins)
            known = self.job.load()
            same_plugins(record, known)
            with inside(self.job.folder):
                files = origins.find([trial], known)
            same_files(record, origins.of(trial, files), self.job.folder)
        except InputError as error:
            return error
        here = environment(self.job, self.cores)
        competitor = known.get("architecture", trial.architecture)
        return Plan(
            trials=[trial],
            tuned=None,
            here=here,
            quiet=False,
            sources=sources,
            files=files,
            seedless=frozenset(),
            baselines=frozenset({trial.architecture} if competitor.baseline else ()),
            solvers=frozenset({trial.architecture} if competitor.solves else ()),
        )


def _planned(job: Job, record: Record) -> Plan:
    [(_, plan)] = isolated_map(_Plans(job=job, cores=cores()), [record], threads=job.threads)
    if isinstance(plan, Lost):
        names = ", ".join(Path(file).name for file in job.plugins) or "the plug-ins"
        raise InputError(f"while loading {names}: {plan.reason}")
    if isinstance(plan, InputError):
        raise plan
    return plan


def _run(job: Job, plan: Plan, record: Record) -> Record:
    """The record of the trial, run as one of a study is."""
    with examiners(job) as here:
        planner = Planner(job=job, source=f"trial {record.trial.key}", cores=cores(), runs_here=True)
        checked = _checked(planner, plan.trials, here)
        job = replace(job, kernels=tuple(kernel for one in checked.values() for kernel in one.kernels))
        [item] = schedule(plan, plan.trials, checked)
        run = record.free_run
        tuned = run is not None and (run.validation_time is not None or bool(run.validation_message))
        ended = Local(here, looked=[plan.here]).map(job, [item._replace(tuned=tuned)])
        with closing(ended):
            [(_, outcome)] = ended
    if isinstance(outcome, InputError):
        raise outcome
    return outcome.record


def _checked(planner: Planner, trials: list[Trial], here: Examiners) -> dict[str, Checked]:
    """What the check of the trial finds out; InputError where there are no data for it."""
    job, found = planner.job, dict[str, Checked]()
    ended = isolated_map(
        planner.check, groups(trials), threads=job.threads, limits=job.limits,
        partner=partner(job, here.address, COMPETITOR), on_start=lambda _: here.office.ensure(),
    )  # fmt: skip
    with closing(ended):
        for group, result in ended:
            if isinstance(result, Refused):
                raise planner.refused(group, result)
            if isinstance(result, InputError):
                raise result
            if isinstance(result, Checked):
                found[group.exercise] = result
    return found
