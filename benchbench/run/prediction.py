"""Applies a kept learner to a new file: in open loop (a forecast from each window) or closed loop (a continuation)."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchbench.core import registry
from benchbench.core.errors import InputError, UnsupportedError
from benchbench.core.fresh import Applies
from benchbench.core.keys import Found
from benchbench.core.options import bind, defaults
from benchbench.core.problem import Array, Learner
from benchbench.core.record import Record
from benchbench.core.registry import Plugin, Registry
from benchbench.run import keeping, origins
from benchbench.run.exchange import Start
from benchbench.run.free_run import generate
from benchbench.run.job import inside
from benchbench.run.same import require_same_files, require_same_plugins

Floats = NDArray[np.float64]
_OWN = {"task", "architecture"}  # the roles of plug-in files among those of a record


class Predicted(NamedTuple):
    """A learner's predictions for a signal, in the units of the file.

    ``samples`` (row,) are positions in the file, from 0, of the predictions ``made`` (row, output); ``true`` (row,
    output) is what the file has there, else NaN. ``past`` (time, output) is the signal from the sample ``first`` on.
    ``rate`` is in Hz, None if it is unknown. ``steps`` is the number generated in closed loop, None in open loop.
    """

    samples: NDArray[np.int64]
    made: Floats
    true: Floats
    past: Floats
    first: int
    names: tuple[str, ...]
    rate: float | None
    steps: int | None


def predict_file(
    found: Found, results: Path, file: str, *, steps: int | None = None, plugins: Iterable[str | Path] = ()
) -> Predicted:
    """A kept learner's forecasts from each window of a file, or the ``steps`` values that continue the file.

    The file is read, cleaned and scaled as the signal of the fit was. InputError if the trial has no kept learner, if
    its task cannot be applied to files, or if its plug-ins are missing; if the file has other columns, another sampling
    rate or too few samples; and if the learner cannot continue a signal.
    """
    record = found.record
    known = registry.load(plugins)
    require_same_plugins(record, known)
    with inside(Path.cwd()):
        there = origins.of(record.trial, origins.find([record.trial], known))
    own = record.model_copy(update={"files": {role: sha for role, sha in record.files.items() if role in _OWN}})
    require_same_files(own, there, str(Path.cwd()))
    task, applies = _applicable(record, known)
    learner = keeping.restored(record, results, known)
    given = bind(task.options, record.trial.task_options, f"[tasks.{task.name}]")
    try:
        fresh = applies(file, record.data, {**defaults(task.options), **given})
    except InputError as error:
        if "give the option" not in str(error):
            raise
        raise InputError(f"{error}. But predict reads the file with the options of the fitted signal") from error
    if len(fresh.values) < record.trial.length:
        raise InputError(
            f"{Path(file).name} has {len(fresh.values):,} samples, but the learner needs a window of "
            f"{record.trial.length:,}: give a file with at least as many"
        )
    mean, std = (np.asarray(record.data[name], np.float64) for name in ("mean", "std"))
    scaled = ((fresh.values - mean) / std).astype(np.float32)
    outputs = len(fresh.names)
    if steps is None:
        samples, made = _open(learner, scaled, record)
    else:
        samples, made = _closed(learner, scaled, record, steps, Path(file).name)
    values = fresh.values[:, :outputs]
    return Predicted(
        samples=samples + fresh.first,
        made=made * std[:outputs] + mean[:outputs],
        true=_true(values, samples, fresh.measured),
        past=values,
        first=fresh.first,
        names=fresh.names,
        rate=fresh.rate,
        steps=steps,
    )


def _applicable(record: Record, known: Registry) -> tuple[Plugin, Applies]:
    """The task of a record, and its function that prepares a file for the task's learners."""
    task = known.get("task", record.trial.task)
    if task.applies is None:
        able = [name for name in known.names("task") if known.get("task", name).applies is not None]
        raise InputError(
            f"trial {record.trial.key}: a learner of task {task.name!r} cannot be applied to a file. "
            f"Learners of these tasks can: {', '.join(able)}"
        )
    return task, task.applies


def _open(learner: Learner, scaled: Array, record: Record) -> tuple[NDArray[np.int64], Floats]:
    """The last scored output (row, output) from each window, and the positions (row,) of these forecasts."""
    length, horizon = record.trial.length, int(record.data["horizon"])
    windows = sliding_window_view(scaled, length, axis=0).transpose(0, 2, 1)
    made = np.asarray(learner.predict(windows), np.float64)[:, -1]
    return np.arange(len(windows)) + length - 1 + horizon, made


def _closed(learner: Learner, scaled: Array, record: Record, steps: int, name: str) -> tuple[NDArray[np.int64], Floats]:
    """The steps (row, output) that continue the last window, each output the next input; their positions (row,)."""
    length, horizon, key = record.trial.length, int(record.data["horizon"]), f"trial {record.trial.key}"
    if horizon != 1:
        raise InputError(
            f"{key}: --steps needs a learner that predicts 1 step ahead, and this one predicts {horizon} steps ahead: "
            "run the study with horizon = 1"
        )
    facts = record.kept.setting if record.kept is not None else {}
    if facts.get("inputs") != facts.get("outputs"):
        given = f"{facts.get('inputs')} inputs and {facts.get('outputs')} outputs"
        raise InputError(f"{key}: --steps needs a learner whose outputs are its next inputs, and this one has {given}")
    try:
        made = generate(learner, Start(scaled[None, -length:], steps), length)
    except UnsupportedError as error:
        raise InputError(f"{key}: --steps: {error}") from error
    if not np.isfinite(made).all():
        raise InputError(f"{name}: the continuation diverges before step {steps:,}: ask for fewer with --steps")
    return np.arange(steps) + len(scaled), made[0].astype(np.float64)


def _true(values: Floats, samples: NDArray[np.int64], measured: NDArray[np.bool_]) -> Floats:
    """The file's values (row, output) at these positions; NaN beyond its end and in gaps."""
    found = np.full((len(samples), values.shape[1]), np.nan)
    inside_ = samples < len(values)
    there = np.zeros(len(samples), bool)
    there[inside_] = measured[samples[inside_]]
    found[there] = values[samples[there]]
    return found
