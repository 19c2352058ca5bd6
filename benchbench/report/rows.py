"""One row of a study's table: what the record of a trial says."""

import json
from statistics import median, quantiles
from typing import Any

import numpy as np
import pandas as pd

from benchbench.core.marks import marks
from benchbench.core.objective import LOSS
from benchbench.core.record import FreeRunOutcome, Record
from benchbench.core.store import Line

KINDS = {
    "key": str,
    "study": str,
    "task": str,
    "architecture": str,
    "length": int,
    "device": str,
    "engine": str,
    "kernel": str,
    "seed": int,
    "budget": str,
    "status": str,
    "message": str,
    "width": float,
    "trained_parameters": float,
    "fixed_parameters": float,
    "updates": float,
    "fit_seconds": float,
    "first_update_seconds": float,
    "predict_seconds": float,
    "peak_bytes": float,
    "device_peak_bytes": float,
    "objective": str,
    "primary": str,
    "valid_score": float,
    "test_score": float,
    "valid_mse": float,
    "test_mse": float,
    "test_rmse": float,
    "test_nrmse": float,
    "test_r2": float,
    "test_accuracy": float,
    "test_balanced_accuracy": float,
    "test_f1_macro": float,
    "test_auroc": float,
    "test_log_loss": float,
    "floor": float,
    "machine": str,
    "cpu": str,
    "gpu": str,
    "threads": float,
    "jobs": float,
    "torch": str,
    "commit": str,
    "started": str,
    "architecture_options": dict,
    "task_options": dict,
    "task_version": float,
    "architecture_version": float,
    "budget_limits": dict,
    "test_sequences": float,
    "benchbench": str,
    "python": str,
    "numpy": str,
    "os": str,
    "cores": float,
    "memory_bytes": float,
    "dirty": bool,
    "fingerprint": str,
    "thinned": str,
    "block": str,
    "device_reserved_bytes": float,
    "device_used_bytes": float,
    "load_before": float,
    "load_after": float,
    "other_cpu_share": float,
    "disturbed": bool,
    "allocator": str,
    "gemm_gflops": float,
    "copy_gb_per_s": float,
    "valid_time": float,
    "valid_time_q1": float,
    "valid_time_q3": float,
    "valid_time_unit": str,
    "nrmse_84": float,
    "spectrum_distance": float,
    "diverged_share": float,
    "generate_seconds": float,
    "free_run_message": str,
    "baseline": bool,
    "better": str,
    "choose": str,
    "loss": str,
    "valid_choice": float,
    "chosen_higher": bool,
    "numba": str,
    "free_run_mse": float,
    "scikit_learn": str,
    "files": dict,
    "file": str,
    "line": int,
    "seal": str,
    "solves": bool,
    "unranked": bool,
    "untimed": bool,
    "watched_fit_seconds": float,
    "kernel_seconds": float,
    "tuning": bool,
    "added": bool,
    "has_arrays": bool,
    "cpu_seconds": float,
    "validation_time": float,
    "resolved": float,
    "made_by": str,
    "points": float,
    "free_run_status": str,
    "validation_message": str,
}
_TEXT = pd.StringDtype("python", na_value=np.nan)  # as in every frame of a report
DISTURBED = (
    "other programs used more than a tenth of the fit's cores, or the load was more than one above the run's own load"
)
_SHARE, _LOAD = 0.1, 1.0
_JSON = json.JSONEncoder(sort_keys=True, default=str)


def plain(options: dict[str, Any]) -> str:
    """Options as text; equal options have equal texts."""
    return _JSON.encode(options)


def order(line: Line) -> tuple[Any, ...]:
    """The sort key of a row: task, architecture, length, budget, device, engine, machine, seed, and its place."""
    record, trial = line.record, line.record.trial
    return (
        *(trial.task, plain(trial.task_options), trial.architecture, plain(trial.architecture_options), trial.length),
        *(trial.budget.name, trial.device, trial.engine, record.environment.machine, trial.seed),
        *(line.file, line.number),
    )


def further(record: Record) -> set[str]:
    """The columns of a record's metrics."""
    return {f"{split}_{name}" for name in record.objective.metrics for split in ("valid", "test")}


def row(line: Line) -> dict[str, Any]:
    """The values of a row by column; a column that is not in ``KINDS`` is a metric."""
    record, trial = line.record, line.record.trial
    kinds = {mark.kind for mark in marks(record)}
    names = ("key", "study", "task", "architecture", "length", "device", "engine", "seed")
    return {
        **dict(record.environment),
        **(record.environment.yardstick.get(trial.device) or {}),
        **dict(record.spent),
        **record.scores,
        **_objective(record),
        **(_closed_loop(record.free_run) if record.free_run else {}),
        **{name: getattr(trial, name) for name in names},
        "architecture": trial.competitor or trial.architecture,
        "disturbed": _disturbed(record),
        "kernel": record.kernel,
        "made_by": trial.architecture,
        "points": len(record.curve),
        "baseline": record.is_baseline,
        "solves": record.solves,
        "has_arrays": record.artifact is not None,
        "unranked": "unranked" in kinds,
        "untimed": "untimed" in kinds,
        "watched_fit_seconds": record.watched and record.watched.seconds.get("fit"),
        "tuning": trial.tuning,
        "added": record.added,
        "resolved": record.resolved,
        "cpu_seconds": record.watched and sum(record.watched.cpu_seconds.values()),
        "budget": trial.budget.name,
        "budget_limits": trial.budget.model_dump(exclude={"name"}, exclude_none=True),
        "status": record.status.value,
        "message": record.message,
        "predict_seconds": median(record.predict_seconds) if record.predict_seconds else None,
        "test_sequences": record.data.get("test"),
        "fingerprint": record.data.get("fingerprint"),
        "thinned": " ".join(map(str, record.data.get("thinned", ()))),
        "block": record.block,
        "started": record.started,
        "architecture_options": trial.architecture_options,
        "task_options": trial.task_options,
        "architecture_version": trial.versions.get("architecture"),
        "task_version": trial.versions.get("task"),
        "files": record.files,
        "file": line.file.name,
        "line": line.number,
        "seal": line.seal.value,
    }


def _objective(record: Record) -> dict[str, Any]:
    facts, scores = record.objective, record.scores
    chosen = scores.get(f"valid_{facts.choose}")
    if chosen is None and facts.choose == LOSS and facts.loss == "squared_error":
        chosen = scores.get("valid_mse")  # records of the first schema have no loss
    higher = facts.better(facts.choose) == "higher"
    return {
        "objective": facts.name,
        "primary": facts.primary,
        "better": facts.better(facts.primary),
        "choose": facts.choose,
        "valid_score": scores.get(f"valid_{facts.primary}"),
        "test_score": scores.get(f"test_{facts.primary}"),
        "loss": facts.loss,
        "valid_choice": -chosen if higher and chosen is not None else chosen,
        "chosen_higher": higher,
        "floor": record.floor,
    }


def _closed_loop(run: FreeRunOutcome) -> dict[str, Any]:
    steps = [*run.valid_steps] * (2 if len(run.valid_steps) == 1 else 1)  # quartiles ask for two numbers or more
    low, middle, high = (
        (found / run.unit_steps for found in quantiles(steps, n=4, method="inclusive")) if steps else [None] * 3
    )
    return {
        "valid_time": middle,
        "valid_time_q1": low,
        "valid_time_q3": high,
        "valid_time_unit": run.unit,
        "nrmse_84": run.nrmse_84,
        "spectrum_distance": run.spectrum_distance,
        "diverged_share": run.diverged,
        "generate_seconds": run.seconds,
        "free_run_mse": run.mse,
        "free_run_message": run.message,
        "validation_time": run.validation_time,
        "validation_message": run.validation_message,
        "free_run_status": run.status.value,
    }


def _disturbed(record: Record) -> bool:
    spent, environment = record.spent, record.environment
    wanted = (environment.jobs or 1) * (environment.threads or 1)
    own = min(wanted, environment.cores or wanted)
    load = max(spent.load_before or 0.0, spent.load_after or 0.0)
    return (spent.other_cpu_share or 0.0) > _SHARE or load > own + _LOAD


def typed(values: list[Any], kind: type) -> "pd.Series[Any]":
    """A column of this type; None becomes NaN, an empty text or False."""
    if kind is str:
        return pd.Series(["" if value is None else str(value) for value in values], dtype=_TEXT)
    if kind is bool:
        return pd.Series([value is True for value in values], dtype=bool)
    column = pd.Series(values, dtype=object)
    if kind is float:
        return pd.to_numeric(column, errors="coerce").astype(float)
    return column if kind is dict else column.astype(kind)
