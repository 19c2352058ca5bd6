"""The two sides of a comparison: files of pytest-benchmark or records, read into one plain structure."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from benchbench.core.errors import InputError, short, unknown
from benchbench.core.record import Record, Status
from benchbench.core.store import Store
from benchbench.report.frame import plain
from benchbench.report.select import order
from benchbench.report.tables import listed

TIME, MSE = "time", "test MSE"
EXTRAS = ("test_mse", "test_r2", "peak_bytes", "parameters")
_UNKNOWN = "unknown"
_COLUMNS = ("study", "task", "architecture", "length", "device", "budget", "machine")

Cell = tuple[tuple[str, str], ...]
"""Which row: per column a name and, as JSON, its options."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """What one run or one seed gave for one row, in seconds, bytes or MSE: the rounds of the run, or one number.

    ``data`` is the fingerprint of what was learned, ``how`` says with which jobs, threads and allocator, ``version``
    with which version of the architecture.
    """

    values: NDArray[np.float64]
    data: str = ""
    how: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two that are compared.

    ``unit`` is what the statistics count: rounds, runs or seeds. ``series`` has by measure and row what each run or
    seed gave, ``extras`` by name and row the median over the runs. ``facts`` are what it was made on and when,
    ``failed`` the rows with a trial that did not end ok.
    """

    path: str
    unit: str
    columns: tuple[str, ...]
    machines: frozenset[str]
    facts: tuple[str, ...]
    series: dict[str, dict[Cell, dict[int, Sample]]]
    extras: dict[str, dict[Cell, float]] = field(default_factory=dict)
    failed: frozenset[Cell] = frozenset()
    notes: tuple[str, ...] = ()


class _Cpu(BaseModel):
    brand_raw: str = ""
    count: int | None = None


class _Machine(BaseModel):
    node: str = ""
    machine: str = ""
    cpu: _Cpu = Field(default_factory=_Cpu)
    gpu: Any = None
    threads: Any = None
    torch: Any = None
    python_version: str = ""

    @property
    def label(self) -> str:
        count, threads = self.cpu.count, self.threads
        facts = [self.node, self.machine, self.cpu.brand_raw, f"{count} CPUs" if count else "", self.gpu]
        return ", ".join(str(fact) for fact in [*facts, f"threads: {threads}" if threads else ""] if fact) or _UNKNOWN


class _Commit(BaseModel):
    id: str | None = None
    dirty: bool | None = None


class _Stats(BaseModel):
    data: list[float] | None = None


class _Benchmark(BaseModel):
    fullname: str
    stats: _Stats
    extra_info: dict[str, Any] = Field(default_factory=dict)


class _Run(BaseModel):
    """One file of pytest-benchmark 5, as far as it is needed."""

    machine_info: _Machine
    commit_info: _Commit = Field(default_factory=_Commit)
    benchmarks: list[_Benchmark]
    datetime: datetime


def read(a: str, b: str) -> tuple[Side, Side]:
    """Both sides; InputError where one cannot be read, or where they cannot be held against each other."""
    files = _files(a), _files(b)
    records = [part[0].suffix == ".jsonl" for part in files]
    if records[0] != records[1]:
        kinds = [f"{path} holds {_kind(kind)}" for path, kind in zip((a, b), records, strict=True)]
        raise InputError(f"{' and '.join(kinds)}: give two of one kind")
    sides = _records((a, b), files) if records[0] else _runs((a, b), files)
    for side in sides:
        if _UNKNOWN in side.machines:
            raise InputError(f"{side.path}: it does not say on what machine it was made, so it cannot be compared")
    if not sides[0].machines & sides[1].machines:
        names = [f"{letter}: {listed(sorted(side.machines))}" for letter, side in zip("AB", sides, strict=True)]
        raise InputError(
            f"{a} and {b} are of different machines: {'; '.join(names)}; times are not compared across machines"
        )
    return sides


def _kind(records: bool) -> str:
    return "records" if records else "runs of pytest-benchmark"


def _files(path: str) -> list[Path]:
    """The .jsonl files of a path, or else what is read as JSON."""
    place = Path(path)
    if place.is_file():
        return [place]
    if not place.is_dir():
        near = place.parent.glob("[!.]*") if place.parent.is_dir() else []
        known = [one.name for one in near if one.is_dir() or one.suffix in {".json", ".jsonl"}]
        raise unknown("file or folder", place.name, known, where=path)
    files = sorted(place.rglob("*.jsonl")) or sorted(place.rglob("*.json"))
    if not files:
        raise InputError(f"{path}: neither records (.jsonl) nor files of pytest-benchmark (.json) in this folder")
    return files


def _runs(paths: tuple[str, str], files: tuple[list[Path], list[Path]]) -> tuple[Side, Side]:
    first, second = (_side_of_runs(path, part) for path, part in zip(paths, files, strict=True))
    a, b = map(len, files)
    if a != b:
        raise InputError(
            f"{paths[0]} holds {a} run{'s' * (a > 1)}, {paths[1]} {b}: run i of A is paired with run i of B, "
            "so give both sides as many"
        )
    return first, second


def _side_of_runs(path: str, files: list[Path]) -> Side:
    runs = sorted((_run(file) for file in files), key=lambda run: run.datetime.timestamp())
    machines = frozenset(run.machine_info.label for run in runs)
    if len(machines) > 1:
        raise InputError(f"{path}: runs of different machines: {'; '.join(sorted(machines))}; keep them apart")
    series: dict[Cell, dict[int, Sample]] = {}
    found: dict[str, dict[Cell, list[float]]] = {}
    for i, run in enumerate(runs):
        for one in run.benchmarks:
            cell = ((one.fullname, "{}"),)
            series.setdefault(cell, {})[i] = Sample(values=np.array(one.stats.data))
            for name in EXTRAS:
                value = one.extra_info.get(name)
                if isinstance(value, (int, float)) and -float("inf") < value < float("inf"):
                    found.setdefault(name, {}).setdefault(cell, []).append(value)
    return Side(
        path=path,
        unit="rounds" if len(runs) == 1 else "runs",
        columns=("benchmark",),
        machines=machines,
        facts=(*_facts(map(_made_run, runs)), f"{len(runs)} run{'s' * (len(runs) > 1)}"),
        series={TIME: series},
        extras={name: {cell: median(values) for cell, values in cells.items()} for name, cells in found.items()},
    )


def _run(file: Path) -> _Run:
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{file}: not JSON: {error}") from None
    if not isinstance(found, dict) or not {"machine_info", "benchmarks"} <= found.keys():
        raise InputError(f"{file}: {_other_tool(found)}")
    try:
        run = _Run.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if not run.benchmarks:
        raise InputError(f"{file}: no benchmark in it; were they switched off or deselected?")
    counts = Counter(one.fullname for one in run.benchmarks)
    for one in run.benchmarks:
        if fault := _fault(one, counts[one.fullname]):
            raise InputError(f"{file}: {one.fullname}: {fault}")
    return run


def _fault(one: _Benchmark, times: int) -> str:
    """What is wrong with a benchmark; empty where nothing is."""
    if times > 1:
        return f"this name is there {times} times, so it cannot be paired"
    if not one.stats.data:
        return "no rounds in it: make the file with --benchmark-json or --benchmark-save-data"
    wrong = [value for value in one.stats.data if not 0 <= value < float("inf")]
    return f"a round took {short(wrong[0])} s" if wrong else ""


def _other_tool(found: Any) -> str:
    keys = found.keys() if isinstance(found, dict) else set()
    if {"commit_hash", "results"} <= keys:
        return "a result of asv: `asv compare` reads it"
    benchmarks = found["benchmarks"] if "benchmarks" in keys else None
    if isinstance(benchmarks, list) and any(isinstance(one, dict) and "runs" in one for one in benchmarks):
        return "a result of pyperf: `pyperf compare_to` reads it"
    return "not made by pytest-benchmark"


def _records(paths: tuple[str, str], files: tuple[list[Path], list[Path]]) -> tuple[Side, Side]:
    """Both sides, of the studies that both have; where each has one, its name does not matter."""
    both = [[record for file in part for record in Store(file).records()] for part in files]
    for path, records in zip(paths, both, strict=True):
        if not records:
            raise InputError(f"{path}: no whole record yet")
    studies = [{record.trial.study for record in records} for records in both]
    shared = studies[0] & studies[1] if max(map(len, studies)) > 1 else None
    if shared == set():
        names = [f"{path} has {listed(sorted(found))}" for path, found in zip(paths, studies, strict=True)]
        raise InputError(f"no study is in both: {', '.join(names)}")
    first, second = (_side_of_records(path, records, shared) for path, records in zip(paths, both, strict=True))
    return first, second


def _side_of_records(path: str, records: list[Record], studies: set[str] | None) -> Side:
    """Of each trial the record that was made last."""
    other = sorted({one.trial.study for one in records} - studies) if studies else []
    made = sorted((one for one in records if one.trial.study not in other), key=lambda one: one.started)
    names = sorted({one.trial.study for one in made})
    last = {(_cell(one, named=bool(studies)), one.trial.seed): one for one in made}
    ranks = {name: i for i, name in enumerate(order(one.trial.architecture for one in made))}
    series: dict[str, dict[Cell, dict[int, Sample]]] = {}
    for (cell, seed), one in sorted(last.items(), key=lambda item: _place(item[0], ranks)):
        for measure, value in _readings(one).items():
            if value is not None and one.status == Status.OK:
                series.setdefault(measure, {}).setdefault(cell, {})[seed] = _sample(one, value)
    return Side(
        path=path,
        unit="seeds",
        columns=_COLUMNS,
        machines=frozenset(_machine(one) for one in made),
        facts=(f"study {listed(names)}", *_facts(map(_made_record, last.values())), f"{len(last):,} trials"),
        series=series,
        failed=frozenset(cell for (cell, _), one in last.items() if one.status != Status.OK),
        notes=(*_not_ok(last.values()), *(f"only: study {name}" for name in other)),
    )


def _cell(record: Record, *, named: bool) -> Cell:
    trial = record.trial
    task_options = {**trial.task_options, "task version": trial.versions.get("task")}
    limits = trial.budget.model_dump(exclude={"name"}, exclude_none=True)
    return (
        (trial.study if named else "", "{}"),
        (trial.task, plain(task_options)),
        (trial.architecture, plain(trial.architecture_options)),
        (str(trial.length), "{}"),
        (trial.device, "{}"),
        (trial.budget.name, plain(limits)),
        (_machine(record), "{}"),
    )


def _place(found: tuple[Cell, int], ranks: dict[str, int]) -> tuple[Any, ...]:
    (study, task, architecture, length, *rest), seed = found
    return (study, task, ranks[architecture[0]], architecture, int(length[0]), rest, seed)


def _readings(record: Record) -> dict[str, float | None]:
    spent = record.spent
    return {
        "fit time": spent.fit_seconds,
        "prediction time": median(record.predict_seconds) if record.predict_seconds else None,
        "peak memory": spent.peak_bytes,
        "peak device memory": spent.device_peak_bytes,
        MSE: record.scores.get("test_mse"),
    }


def _sample(record: Record, value: float) -> Sample:
    made = record.environment
    return Sample(
        values=np.array([value], dtype=float),
        data=str(record.data.get("fingerprint") or ""),
        how=", ".join(f"{name} {made[name]}" for name in ("jobs", "threads", "allocator") if made.get(name)),
        version=f"{record.trial.architecture} {record.trial.versions.get('architecture')}",
    )


def _not_ok(records: Iterable[Record]) -> tuple[str, ...]:
    counts = Counter(record.status.value for record in records if record.status != Status.OK)
    return (f"not ok: {', '.join(f'{n} {status}' for status, n in sorted(counts.items()))}",) if counts else ()


def _machine(record: Record) -> str:
    return str(record.environment.get("machine") or _UNKNOWN)


def _made_run(run: _Run) -> dict[str, str]:
    made = run.machine_info
    found = {"machine": made.label, "torch": str(made.torch or ""), "python": made.python_version}
    return {**found, "commit": _commit(run.commit_info.id, run.commit_info.dirty), "day": str(run.datetime)}


def _made_record(record: Record) -> dict[str, str]:
    made = record.environment
    commit = _commit(made.get("commit"), made.get("dirty"))
    found = {name: str(made.get(name) or "") for name in ("torch", "python")}
    return {"machine": _machine(record), **found, "commit": commit, "day": record.started}


def _commit(name: str | None, dirty: bool | None) -> str:
    if not name:
        return ""
    return (name[:10] if len(name) == 40 else name) + " with local changes" * bool(dirty)


def _facts(made: Iterable[dict[str, str]]) -> tuple[str, ...]:
    found = list(made)
    values = {
        name: sorted({one[name] for one in found if one[name]}) for name in ("machine", "commit", "torch", "python")
    }
    days = sorted({one["day"][:10] for one in found})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return (*(f"{name} {listed(distinct)}" for name, distinct in values.items() if distinct), when)
