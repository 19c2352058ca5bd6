"""Synthetic records: plausible numbers, seeded, without a fit."""

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchbench.core.lines import sealed
from benchbench.core.objective import Objective
from benchbench.core.record import Record, Segment, Spent, Status
from benchbench.core.spec import Budget, Trial
from benchbench.report.analysis.study import Numbers, gather
from benchbench.report.frame import read

UPDATES = Budget(name="equal-updates", parameters=10_000, updates=1_000)
SECONDS = Budget(name="equal-seconds", parameters=10_000, seconds=10.0)
QUALITY = {"rnn": 3.0, "lstm": 1.2, "gru": 1.0, "esn": 1.5, "linear": 4.0, "persistence": 30.0, "mean": 60.0}
ENVIRONMENT = {
    "machine": "toy-cpu-2-cores", "cpu": "Toy CPU", "cores": 2, "gpu": None, "threads": 1, "jobs": 2, "os": "Linux",
    "python": "3.11.9", "torch": "2.5.0", "numpy": "2.1.0", "benchbench": "0.1.0", "commit": "0123456789abcdef",
    "dirty": False, "memory_bytes": 8 * 2**30,
}  # fmt: skip


def make_record(
    architecture="gru", seed=0, *, mse=None, valid=None, task="mackey_glass", length=100, budget=UPDATES, device="cpu",
    status="ok", message="", started="2026-01-01T00:00:00+00:00", task_options=None, options=None, versions=None,
    environment=None, **fields: Any,
) -> Record:  # fmt: skip
    """A record with the given scores, or with plausible ones drawn from its own seed."""
    key = f"{architecture}{seed}{task}{length}{budget.name}"
    rng = np.random.default_rng(sum(ord(c) * 31**i for i, c in enumerate(key)) % 2**32)
    scored = status in {"ok", "over_budget"}
    if mse is None:
        mse = 0.01 * QUALITY.get(architecture, 2.0) * math.exp(rng.normal(0, 0.12)) * (100 / length) ** 0.2
    valid = mse * 1.05 if valid is None else valid
    gradient = architecture not in {"esn", "linear", "persistence", "mean"}
    trial = Trial(
        study="toy", task=task, architecture=architecture, length=length, device=device, seed=seed, budget=budget,
        task_options={"horizon": 15} if task_options is None else task_options, architecture_options=options or {},
        versions=versions or {"task": 1, "architecture": 1},
    )  # fmt: skip
    facts: dict[str, Any] = {
        "scores": _scores(mse, valid) if scored else {},
        "curve": _curve(rng, valid) if scored and gradient else [],
        "spent": _spent(rng, length, gradient),
        "predict_seconds": [0.02 * length / 100 * f for f in (1.0, 1.1, 0.9)] if scored else [],
        "data": {"train": 4_000, "valid": 800, "test": 800, "fingerprint": "ab12"},
        "samples": _samples(rng, mse) if scored else {},
        "environment": {**ENVIRONMENT, **(environment or {})},
    }
    return Record(trial=trial, status=Status(status), message=message, started=started, **{**facts, **fields})


def _scores(mse: float, valid: float) -> dict[str, float | None]:
    return {
        "valid_mse": valid, "test_mse": mse, "test_rmse": mse**0.5, "test_nrmse": (mse / 0.9) ** 0.5,
        "test_r2": 1 - mse / 0.9, "floor_mse": 0.004,
    }  # fmt: skip


def _curve(rng: np.random.Generator, valid: float) -> list[tuple[int, float, float, float | None]]:
    steps = np.arange(25, 1001, 25)
    values = valid + (1 - valid) * np.exp(-steps / 120) * np.exp(rng.normal(0, 0.08, len(steps)))
    return [(int(n), float(n * 0.005), float(v), None) for n, v in zip(steps, values, strict=True)]


def _spent(rng: np.random.Generator, length: int, gradient: bool) -> Spent:
    return Spent(
        width=56 if gradient else None, trained_parameters=9_800 if gradient else 101, fixed_parameters=0,
        updates=1_000 if gradient else 0,
        fit_seconds=float((5 if gradient else 0.05) * length / 100 * rng.uniform(0.9, 1.1)),
        first_update_seconds=0.01 if gradient else None, peak_bytes=int((60 if gradient else 8) * 2**20 * length / 100),
    )  # fmt: skip


def _samples(rng: np.random.Generator, mse: float) -> dict[str, Segment]:
    found = {}
    for name, factor in (("first", 1.0), ("best", 0.2), ("worst", 4.0)):
        true = np.sin(np.arange(200) / 8 + rng.uniform(0, 6)) + 0.4 * np.sin(np.arange(200) / 3.1)
        predicted = true + rng.normal(0, (mse * factor) ** 0.5, 200)
        error = float(np.mean((true - predicted) ** 2))
        found[name] = Segment(true=true.round(4).tolist(), predicted=predicted.round(4).tolist(), score=error)
    return found


def make_study(tasks=("mackey_glass", "cosine"), lengths=(100, 200), seeds=3, budgets=(UPDATES,), names=tuple(QUALITY)):
    """The records of a whole grid."""
    return [
        make_record(name, seed, task=task, length=length, budget=budget)
        for budget in budgets
        for task in tasks
        for length in lengths
        for seed in range(seeds)
        for name in names
    ]


@pytest.fixture(autouse=True)
def _undrawn(request):
    """Figures are rendered where a test is marked as ``drawn``."""
    if request.node.get_closest_marker("drawn") is None:
        request.getfixturevalue("undrawn")


@pytest.fixture
def record():
    return make_record


def make_classified(name="gru", seed=0, *, score=0.8, loss=0.5, valid_loss=None, fit=1.0, objective=None, **fields):
    """The record of a classification: balanced accuracy and log loss, chosen by the loss on validation."""
    facts = (objective or Objective.classification()).facts
    valid = loss if valid_loss is None else valid_loss
    scores = {
        "valid_balanced_accuracy": score, "test_balanced_accuracy": score, "test_accuracy": score, "test_auroc": None,
        "valid_loss": valid, "test_loss": loss, "valid_log_loss": valid, "test_log_loss": loss,
    }  # fmt: skip
    usual = {
        "task": "digits", "objective": facts, "scores": scores, "classes": ["a", "b"], "curve": [], "samples": {},
        "undefined": {"test_auroc": "One class is missing from the test split."},
    }  # fmt: skip
    spent = make_record(name).spent.model_copy(update={"fit_seconds": fit})
    return make_record(name, seed, **{"spent": spent, **usual, **fields})


@pytest.fixture
def classified():
    return make_classified


@pytest.fixture
def grid():
    return make_study


@pytest.fixture
def budgets():
    return UPDATES, SECONDS


def store(records: list[Record], results: Path, study: str = "toy") -> Path:
    """Write records where the store looks for them; returns the results folder."""
    by_machine: dict[str, list[bytes]] = {}
    for one in records:
        by_machine.setdefault(one.environment.machine, []).append(sealed(one))
    folder = results / "records" / study
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for machine, lines in by_machine.items():
        (folder / f"{machine}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return results


def numbers_of(records: list[Record], results: Path) -> Numbers:
    """The numbers of some records, as the report takes them."""
    store(records, results)
    return gather("toy", *read("toy", results), results)


@pytest.fixture
def stored(tmp_path):
    """Write records below the test's own folder, where nothing else is said; returns the results folder."""

    def write(records: list[Record], results: Path = tmp_path / "results", study: str = "toy") -> Path:
        return store(records, results, study)

    return write


@pytest.fixture
def gathered(tmp_path):
    return lambda records: numbers_of(records, tmp_path / "results")
