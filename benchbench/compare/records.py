"""Read records: a side is the trials of one or more studies, each with the last record in its file."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchbench.compare.measure import Measure
from benchbench.compare.side import UNKNOWN, RowKey, Sample, Side, commit, facts
from benchbench.core.errors import InputError
from benchbench.core.record import Record, Status
from benchbench.core.spec import Trial
from benchbench.core.store import Store
from benchbench.report.analysis.order import order
from benchbench.report.page.texts import listed
from benchbench.report.rows import plain

_COLUMNS = ("study", "task", "architecture", "length", "device", "engine", "budget", "machine")
_HOW = ("jobs", "threads", "allocator")


def sides_of_records(paths: tuple[str, str], files: tuple[list[Path], list[Path]]) -> tuple[Side, Side]:
    """Read both sides, with the studies that both have; where each side has one study, their names may differ.

    Trials of a tuning are left out, since they are not results. Raises InputError where a side has no record, or where
    no study is on both sides.
    """
    both = [[record for file in part for record in Store(file).records() if not record.trial.tuning] for part in files]
    for path, records in zip(paths, both, strict=True):
        if not records:
            raise InputError(f"{path}: no complete record yet; run the study first")
    studies = [{record.trial.study for record in records} for records in both]
    shared = studies[0] & studies[1] if max(map(len, studies)) > 1 else None
    if shared == set():
        names = [f"{path} has {listed(sorted(found))}" for path, found in zip(paths, studies, strict=True)]
        raise InputError(f"no study is on both sides: {', '.join(names)}; give two that share a study")
    first, second = (_side_of_records(path, records, shared) for path, records in zip(paths, both, strict=True))
    return first, second


def _side_of_records(path: str, records: list[Record], studies: set[str] | None) -> Side:
    """One side, with the last record of each trial."""
    other = sorted({one.trial.study for one in records} - studies) if studies else []
    made = [one for one in records if one.trial.study not in other]
    names = sorted({one.trial.study for one in made})
    last = {(_cell(one, named=bool(studies)), one.trial.seed): one for one in made}
    baselines = {one.trial.architecture for one in made if one.is_baseline}
    ranks = {name: i for i, name in enumerate(order((one.trial.architecture for one in made), baselines))}
    series: dict[Measure, dict[RowKey, dict[int, Sample]]] = {}
    for (cell, seed), one in sorted(last.items(), key=lambda item: _place(item[0], ranks)):
        for measure, value in _readings(one).items():
            if value is not None and one.status == Status.OK:
                series.setdefault(measure, {}).setdefault(cell, {})[seed] = _sample(one, value)
    return Side(
        path=path,
        unit="seeds",
        columns=_COLUMNS,
        machines=frozenset(_machine(one) for one in made),
        facts=(f"study {listed(names)}", *facts(map(_made, last.values())), f"{len(last):,} trials"),
        series=series,
        failed=frozenset(cell for (cell, _), one in last.items() if one.status != Status.OK),
        notes=(
            *_again(len(made) - len(last)),
            *_not_ok(last.values()),
            *_undefined(last.values()),
            *(f"only: study {name}" for name in other),
        ),
    )


def _cell(record: Record, *, named: bool) -> RowKey:
    trial = record.trial
    task_options = {**trial.task_options, "task version": trial.versions.get("task")}
    limits = trial.budget.model_dump(exclude={"name"}, exclude_none=True) | _unusual(trial)
    return (
        (trial.study if named else "", "{}"),
        (trial.task, plain(task_options)),
        (trial.architecture, plain(trial.architecture_options)),
        (str(trial.length), "{}"),
        (trial.device, "{}"),
        (trial.engine, "{}"),
        (trial.budget.name, plain(limits)),
        (_machine(record), "{}"),
    )


def _unusual(trial: Trial) -> dict[str, str]:
    """``validate_at`` where it differs from its default, since it decides which weights are kept."""
    usual = Trial.model_fields["validate_at"].default
    return {} if trial.validate_at == usual else {"validate_at": trial.validate_at}


def _place(found: tuple[RowKey, int], ranks: dict[str, int]) -> tuple[Any, ...]:
    (study, task, architecture, length, *rest), seed = found
    return (study, task, ranks[architecture[0]], architecture, int(length[0]), rest, seed)


def _readings(record: Record) -> dict[Measure, float | None]:
    """The measures of a record; None where one has no value."""
    spent = record.spent
    return {
        Measure("fit time", "time"): spent.fit_seconds,
        Measure("prediction time", "time"): median(record.predict_seconds) if record.predict_seconds else None,
        Measure("peak memory", "memory"): spent.peak_bytes,
        Measure("peak device memory", "memory"): spent.device_peak_bytes,
        _primary(record): record.scores.get(f"test_{record.objective.primary}"),
    }


def _primary(record: Record) -> Measure:
    name = record.objective.primary
    return Measure(f"test {name}", "score", record.objective.better(name))


def _sample(record: Record, value: float) -> Sample:
    facts = {name: getattr(record.environment, name) for name in _HOW} | {"kernel": record.kernel}
    versions = record.trial.versions
    engine = f" on {record.trial.engine} {versions['engine']}" if "engine" in versions else ""
    return Sample(
        values=np.array([value], dtype=float),
        data=str(record.data.get("fingerprint") or ""),
        how=", ".join(f"{name} {fact}" for name, fact in facts.items() if fact),
        version=f"{record.trial.architecture} {versions.get('architecture')}{engine}",
    )


def _again(count: int) -> tuple[str, ...]:
    return (f"{count} record{'s' * (count > 1)} superseded by a later line of the file",) if count else ()


def _not_ok(records: Iterable[Record]) -> tuple[str, ...]:
    counts = Counter(record.status.value for record in records if record.status != Status.OK)
    return (f"not ok: {', '.join(f'{n} {status}' for status, n in sorted(counts.items()))}",) if counts else ()


def _undefined(records: Iterable[Record]) -> tuple[str, ...]:
    ok = [record for record in records if record.status == Status.OK]
    counts = Counter(_primary(one).name for one in ok if one.scores.get(f"test_{one.objective.primary}") is None)
    return tuple(f"{name} has no value in {n} trial{'s' * (n > 1)}" for name, n in sorted(counts.items()))


def _machine(record: Record) -> str:
    return record.environment.machine or UNKNOWN


def _made(record: Record) -> dict[str, str]:
    made = record.environment
    return {
        "machine": _machine(record),
        "torch": made.torch or "",
        "python": made.python or "",
        "commit": commit(made.commit, made.dirty),
        "day": record.started,
    }
