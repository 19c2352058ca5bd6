"""Read the files of pytest-benchmark: a side of a comparison is one run, or a folder of runs."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from benchbench.compare.measure import Measure
from benchbench.compare.side import UNKNOWN, RowKey, Sample, Side, commit, facts
from benchbench.core.errors import InputError, short

TIME = Measure("time", "time")


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
        return ", ".join(str(fact) for fact in [*facts, f"threads: {threads}" if threads else ""] if fact) or UNKNOWN


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
    """The parts of a file of pytest-benchmark 5 that are needed here."""

    machine_info: _Machine
    commit_info: _Commit = Field(default_factory=_Commit)
    benchmarks: list[_Benchmark]
    datetime: datetime


def sides_of_runs(paths: tuple[str, str], files: tuple[list[Path], list[Path]]) -> tuple[Side, Side]:
    """Read both sides; InputError where they cannot be read or have different numbers of runs."""
    first, second = (_side_of_runs(path, part) for path, part in zip(paths, files, strict=True))
    a, b = map(len, files)
    if a != b:
        raise InputError(
            f"{paths[0]} holds {a} run{'s' * (a > 1)}, {paths[1]} {b}: run i of A is paired with run i of B, "
            "so give both sides as many runs"
        )
    return first, second


def _side_of_runs(path: str, files: list[Path]) -> Side:
    runs = sorted((_run(file) for file in files), key=lambda run: run.datetime.timestamp())
    machines = frozenset(run.machine_info.label for run in runs)
    if len(machines) > 1:
        raise InputError(f"{path}: runs of different machines: {'; '.join(sorted(machines))}; give runs of one machine")
    series: dict[RowKey, dict[int, Sample]] = {}
    found: dict[str, dict[RowKey, list[float]]] = {}
    for i, run in enumerate(runs):
        for one in run.benchmarks:
            cell = ((one.fullname, "{}"),)
            series.setdefault(cell, {})[i] = Sample(values=np.array(one.stats.data))
            for name, value in one.extra_info.items():
                if _shown(name) and isinstance(value, (int, float)) and -float("inf") < value < float("inf"):
                    found.setdefault(name, {}).setdefault(cell, []).append(value)
    return Side(
        path=path,
        unit="rounds" if len(runs) == 1 else "runs",
        columns=("benchmark",),
        machines=machines,
        facts=(*facts(map(_made_run, runs)), f"{len(runs)} run{'s' * (len(runs) > 1)}"),
        series={TIME: series},
        extras={name: {cell: median(values) for cell, values in cells.items()} for name, cells in found.items()},
    )


def _shown(name: str) -> bool:
    """Whether to show a value that was recorded with the times: a score, memory or a number of parameters."""
    return name.startswith("test_") or name in {"peak_bytes", "parameters"}


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
        raise InputError(f"{file}: it holds no benchmark; run at least one, neither switched off nor deselected")
    counts = Counter(one.fullname for one in run.benchmarks)
    for one in run.benchmarks:
        if fault := _fault(one, counts[one.fullname]):
            raise InputError(f"{file}: {one.fullname}: {fault}")
    return run


def _fault(one: _Benchmark, times: int) -> str:
    """A sentence on what is wrong with a benchmark; empty where nothing is."""
    if times > 1:
        return f"the file has {times} benchmarks of this name, so it cannot be paired; give each a name of its own"
    if not one.stats.data:
        return "it has no rounds: make the file with --benchmark-json or --benchmark-save-data"
    wrong = [value for value in one.stats.data if not 0 <= value < float("inf")]
    return f"a round took {short(wrong[0])} s; a time must be 0 or more, and finite" if wrong else ""


def _other_tool(found: Any) -> str:
    keys = found.keys() if isinstance(found, dict) else set()
    if {"commit_hash", "results"} <= keys:
        return "a result of asv: `asv compare` reads it"
    benchmarks = found["benchmarks"] if "benchmarks" in keys else None
    if isinstance(benchmarks, list) and any(isinstance(one, dict) and "runs" in one for one in benchmarks):
        return "a result of pyperf: `pyperf compare_to` reads it"
    return "not made by pytest-benchmark"


def _made_run(run: _Run) -> dict[str, str]:
    made = run.machine_info
    found = {"machine": made.label, "torch": str(made.torch or ""), "python": made.python_version}
    return {**found, "commit": commit(run.commit_info.id, run.commit_info.dirty), "day": str(run.datetime)}
