"""The records of a study as one table with a row for each trial."""

import json
import re
import tomllib
from os import PathLike, fspath
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import pandas as pd

from benchbench.core import store
from benchbench.core.errors import InputError
from benchbench.core.later import HELD, Later
from benchbench.core.marks import marks
from benchbench.core.objective import LOSS
from benchbench.core.record import FreeRunOutcome, Record
from benchbench.core.shipped import find, folders, shipped
from benchbench.core.spec import NAME
from benchbench.core.store import Line
from benchbench.report.strings import python_strings

_KINDS = {
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


def load(study: str | PathLike[str], results: str | PathLike[str] = "results") -> pd.DataFrame:
    """One row for each trial of a study, from the files of all machines.

    ``study`` is a name or a TOML file. If a competitor has a label, that is its ``architecture``. Times are in seconds
    and memory in bytes; the MSE is in squared units of the standardised series. ``test_score`` is the ``primary``
    metric of the task's ``objective``, ``better`` its direction (lower or higher), ``floor`` its best possible value if
    that is known. A metric that the task does not have, or that is undefined, is NaN; a user's own metric has the
    columns ``valid_NAME`` and ``test_NAME`` at the right. ``valid_choice`` decides between option sets: it is
    ``choose`` on the validation split, negated if higher is better. ``baseline`` says that the architecture is a
    baseline. ``predict_seconds`` is the median of the repeats. ``disturbed`` says that other programs used more than a
    tenth of the fit's cores, or that the load was more than one above that of the run.

    In closed loop, ``valid_time`` is the median over the starts, ``_q1`` and ``_q3`` are the quartiles, all in
    ``valid_time_unit``; ``nrmse_84`` is the error at step 84 / standard deviation of the truth; ``spectrum_distance``
    is Hellinger's, from 0 to 1; ``diverged_share`` is a share of the starts; ``free_run_mse`` is in squared units of
    the signal; ``free_run_message`` says why there is no free run; ``validation_time`` is the median valid time of the
    runs that choose option sets, and ``validation_message`` says why there is none; ``free_run_status`` says how the
    free run ended, and is empty if there was none.

    ``solves`` says that the architecture does not fit in steps; ``watched_fit_seconds`` is the time of the fit measured
    from outside. ``unranked`` and ``untimed`` say that the record has marks (``benchbench.core.marks``) that keep it
    out of all rankings, or out of those by time. ``kernel_seconds`` is the time of compiling the kernel, once on the
    machine and not part of any other time. ``tuning`` says that the trial only serves to choose an option set,
    ``added`` that ``--resolve`` added its seed, to decide pairs at the effect ``resolved``. ``cpu_seconds`` is the CPU
    time of its process. ``file`` and ``line`` say where the record is, ``seal`` whether its checksum matches (whole,
    changed, none), and ``files`` has the SHA-256 of the user's files that it came from. ``made_by`` is the
    architecture's own name, and ``points`` the number of points on its learning curve. A missing number is NaN, a
    missing text is empty. InputError if there is no record.
    """
    return read(study, results)[0]


@python_strings
def read(study: str | PathLike[str], results: str | PathLike[str] = "results") -> tuple[pd.DataFrame, Later]:
    """The frame of ``load`` and its records; records of one trial are in the order of their file."""
    columns: dict[str, list[Any]] = {name: [] for name in _KINDS}
    places, orders, held = list[tuple[Path, int]](), list[tuple[Any, ...]](), dict[int, Record]()
    with store.uncollected():
        for line in store.lines(Path(results), study_name(study), _command(fspath(study))):
            for name in _further(line.record) - columns.keys():
                columns[name] = [None] * len(places)
            row = _row(line)
            for name, values in columns.items():
                values.append(row.get(name))
            if len(places) < HELD:
                held[len(places)] = line.record
            places.append((line.file, line.start))
            orders.append(_order(line))
    names = [*_KINDS, *sorted(columns.keys() - _KINDS.keys())]
    frame = pd.DataFrame({name: _typed(columns.pop(name), _KINDS.get(name, float)) for name in names})
    order = sorted(range(len(places)), key=orders.__getitem__)
    moved = {at: held[position] for at, position in enumerate(order) if position in held}
    return frame.iloc[order].reset_index(drop=True), Later([places[position] for position in order], moved)


def study_name(study: str | PathLike[str]) -> str:
    """The name of a study given by name, as FOLDER/NAME of a shipped one, or as a TOML file; else InputError."""
    name: Any = fspath(study)
    if name.partition("/")[0] in folders() and not name.endswith(".toml"):
        name = fspath(find(name))
    if name.endswith(".toml"):
        try:
            name = tomllib.loads(Path(name).read_text(encoding="utf-8-sig")).get("name")
        except OSError as error:
            raise InputError(f"{study} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise InputError(f"{study} is not TOML: {error}") from None
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise InputError(
            f"{study}: {name!r} cannot be a study's name: give one of letters, digits, '_', '.' and '-', or a TOML file"
        )
    return name


def _command(study: str) -> str:
    """What to run for the records of a study: its file, or the shipped study of this name; empty without either."""
    if study.endswith(".toml") or study in shipped():
        return study
    return next((name for name in shipped() if name.replace("/", "-") == study), "")


def plain(options: dict[str, Any]) -> str:
    """Options as text; equal options have equal texts."""
    return _JSON.encode(options)


def _order(line: Line) -> tuple[Any, ...]:
    record, trial = line.record, line.record.trial
    return (
        *(trial.task, plain(trial.task_options), trial.architecture, plain(trial.architecture_options), trial.length),
        *(trial.budget.name, trial.device, trial.engine, record.environment.machine, trial.seed),
        *(line.file, line.number),
    )


def _further(record: Record) -> set[str]:
    """The columns of a record's metrics."""
    return {f"{split}_{name}" for name in record.objective.metrics for split in ("valid", "test")}


def _row(line: Line) -> dict[str, Any]:
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


def _typed(values: list[Any], kind: type) -> "pd.Series[Any]":
    if kind is str:
        return pd.Series(["" if value is None else str(value) for value in values], dtype=_TEXT)
    if kind is bool:
        return pd.Series([value is True for value in values], dtype=bool)
    column = pd.Series(values, dtype=object)
    if kind is float:
        return pd.to_numeric(column, errors="coerce").astype(float)
    return column if kind is dict else column.astype(kind)
