"""Problems made once and shared by the processes of a run, through files."""

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from benchbench.core.problem import Array, Problem, Split
from benchbench.core.spec import Trial

_SPLITS, _SIDES = ("train", "valid", "test"), ("inputs", "targets")
_FACTS = ("objective", "classes", "asks", "causal", "floor", "free_run", "provenance")
_View = tuple[np.ndarray, int, tuple[int, ...], tuple[int, ...], bool]


def data_key(trial: Trial) -> str:
    """Names the data of a trial: the same for all its competitors."""
    parts = [trial.task, trial.versions.get("task"), trial.task_options, trial.length, trial.seed]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def shared(file: Path, make: Callable[[], Problem]) -> Problem:
    """The problem in ``file``, or what ``make`` gives where it could not be kept (a full disk, a strange kind of fact).

    Read whole into memory, not mapped: pages of a file would count as the fit's memory.
    """
    return load(file) if file.exists() else make()


def save(file: Path, problem: Problem) -> None:
    """Write a problem, whole or not at all; memory under windows that overlap is written once."""
    views = [_view(getattr(getattr(problem, split), side)) for split in _SPLITS for side in _SIDES]
    facts = {name: getattr(problem, name) for name in _FACTS}
    facts["groups"] = dict(problem.groups)
    others = [(getattr(problem, split).lengths, getattr(problem, split).labels) for split in _SPLITS]
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as stream:
            pickle.dump((views, others, facts), stream, protocol=5)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def load(file: Path) -> Problem:
    """The problem that ``save`` wrote."""
    with file.open("rb") as stream:
        views, others, facts = pickle.load(stream)  # noqa: S301  our own, of this run
    arrays = [_array(*view) for view in views]
    splits: dict[str, Any] = {
        name: Split(inputs=arrays[2 * i], targets=arrays[2 * i + 1], lengths=others[i][0], labels=others[i][1])
        for i, name in enumerate(_SPLITS)
    }
    return Problem(**splits, **facts)


def _view(array: Array) -> _View:
    """The memory under an array, where in it the array starts, its shape and strides, and whether it may be written."""
    low, high = np.lib.array_utils.byte_bounds(array)
    if high - low >= array.nbytes or min(array.strides) < 0 or (high - low) % array.itemsize:
        plain = np.array(array, order="C")
        return plain.reshape(-1), 0, plain.shape, plain.strides, array.flags.writeable
    start = (array.__array_interface__["data"][0] - low) // array.itemsize
    memory = as_strided(array, ((high - low) // array.itemsize,), (array.itemsize,))  # strides are not negative
    return memory, start, array.shape, array.strides, array.flags.writeable


def _array(memory: Array, start: int, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool) -> Array:
    view: Array = as_strided(memory[start:], shape, strides, writeable=writeable and memory.flags.writeable)
    return view
