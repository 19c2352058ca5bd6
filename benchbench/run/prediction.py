"""Apply a kept learner to a new file: open loop, a forecast from each window, or closed loop, the signal continued."""

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
from benchbench.run.free_run import generate
from benchbench.run.job import inside
from benchbench.run.lesson import Start
from benchbench.run.same import same_files, same_plugins

Floats = NDArray[np.float64]
_OWN = {"task", "architecture"}  # the roles of plug-in files among those of a record


class Predicted(NamedTuple):
    """What a learner makes of a signal, in the signal's own units.

    ``samples`` (row,) are the places in the file, from 0, of ``made`` (row, output); ``true`` (row, output) is NaN
    where the file does not say it. ``past`` (time, output) is the signal itself from the sample ``first`` on. ``rate``
    in Hz, None where nobody knows it. ``steps``: so many were generated in closed loop, None in open loop.
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
    """The forecasts of a kept learner from each window of a file, or the ``steps`` that follow on its end.

    The file is read, cleaned and scaled as the signal of the fit was. InputError where the trial has no learner, is not
    of a task that can be applied to files, or comes from plug-ins that are not here; where the file has other columns,
    another rate or too few samples; and where a learner cannot continue a signal.
    """
    record = found.record
    known = registry.load(plugins)
    same_plugins(record, known)
    with inside(Path.cwd()):
        there = origins.of(record.trial, origins.find([record.trial], known))
    own = record.model_copy(update={"files": {role: sha for role, sha in record.files.items() if role in _OWN}})
    same_files(own, there, str(Path.cwd()))
    task, applies = _applicable(record, known)
    learner = keeping.restored(record, results, known)
    given = bind(task.options, record.trial.task_options, f"[tasks.{task.name}]")
    fresh = applies(file, record.data, {**defaults(task.options), **given})
    if len(fresh.values) < record.trial.length:
        raise InputError(
            f"{Path(file).name}: {len(fresh.values):,} samples, and the learner needs a window of "
            f"{record.trial.length:,} at least"
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
    """The task of a record, and what makes a file ready for its learners."""
    task = known.get("task", record.trial.task)
    if task.applies is None:
        able = [name for name in known.names("task") if known.get("task", name).applies is not None]
        raise InputError(
            f"trial {record.trial.key}: the data of task {task.name!r} are no file of yours, so that its learners "
            f"cannot be applied to one. Tasks whose learners can: {', '.join(able)}"
        )
    return task, task.applies


def _open(learner: Learner, scaled: Array, record: Record) -> tuple[NDArray[np.int64], Floats]:
    """The last scored output from each window, and the samples that these are forecasts of."""
    length, horizon = record.trial.length, int(record.data["horizon"])
    windows = sliding_window_view(scaled, length, axis=0).transpose(0, 2, 1)
    made = np.asarray(learner.predict(windows), np.float64)[:, -1]
    return np.arange(len(windows)) + length - 1 + horizon, made


def _closed(learner: Learner, scaled: Array, record: Record, steps: int, name: str) -> tuple[NDArray[np.int64], Floats]:
    """The steps that follow on the last window, each output being the next input."""
    length, horizon, key = record.trial.length, int(record.data["horizon"]), f"trial {record.trial.key}"
    if horizon != 1:
        raise InputError(f"{key}: --steps takes a learner that looks 1 step ahead, and this one looks {horizon} ahead")
    facts = record.kept.setting if record.kept is not None else {}
    if facts.get("inputs") != facts.get("outputs"):
        given = f"{facts.get('inputs')} inputs and {facts.get('outputs')} outputs"
        raise InputError(f"{key}: --steps takes a learner whose outputs are its next inputs, and this one has {given}")
    try:
        made = generate(learner, Start(scaled[None, -length:], steps), length)
    except UnsupportedError as error:
        raise InputError(f"{key}: --steps: {error}") from error
    if not np.isfinite(made).all():
        raise InputError(f"{name}: the continuation left the finite numbers after fewer than {steps:,} steps")
    return np.arange(steps) + len(scaled), made[0].astype(np.float64)


def _true(values: Floats, samples: NDArray[np.int64], measured: NDArray[np.bool_]) -> Floats:
    """What the file says at these places; NaN beyond its end and in gaps."""
    found = np.full((len(samples), values.shape[1]), np.nan)
    inside_ = samples < len(values)
    there = np.zeros(len(samples), bool)
    there[inside_] = measured[samples[inside_]]
    found[there] = values[samples[there]]
    return found
