"""What the examiner and a competitor's process send each other: data to fit on, inputs to predict, and predictions."""

import hashlib
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from benchbench.core.objective import Metric, Objective
from benchbench.core.problem import Array, Problem, Split
from benchbench.core.registry import PLUGIN
from benchbench.core.spec import Trial

_View = tuple[NDArray[Any], int, tuple[int, ...], tuple[int, ...], bool]
ComputeMetric = Callable[[str, Array, Array], float]
"""Has the examiner compute the metric of a name from targets and predictions (sequence, scored, output)."""


@dataclass(frozen=True, kw_only=True)
class FitData:
    """The data that a competitor may see while it fits: the training and the validation split, and the objective.

    ``runs_free``: whether the problem has a free run.
    """

    train: Split
    valid: Split
    objective: Objective
    classes: tuple[str, ...] = ()
    causal: bool = True
    runs_free: bool = False

    @classmethod
    def of(cls, problem: Problem) -> "FitData":
        """The data of a problem that a competitor may see while it fits."""
        return cls(
            train=problem.train,
            valid=problem.valid,
            objective=problem.objective,
            classes=problem.classes,
            causal=problem.causal,
            runs_free=problem.free_run is not None,
        )


class Start(NamedTuple):
    """The starts (start, time, feature) of a free run, and its number of steps."""

    prefix: Array
    steps: int


FREE_RUN_PHASES = {"test": "free_run", "valid": "valid_run"}
"""The names and phases of a trial's free runs: "test" is scored, "valid" chooses among option sets."""


class Exam(NamedTuple):
    """The test inputs (sequence, time, feature) in random order, and the shape of the predictions.

    ``lengths`` (sequence,) is None if all sequences have the same. ``alone``: the sequences to predict one by one too.
    """

    inputs: Array
    lengths: NDArray[np.int64] | None
    shape: tuple[int, ...]
    alone: tuple[int, ...]


class Run(NamedTuple):
    """A generated free run (start, steps, feature), or the status and message that say why there is none."""

    generated: Array | None = None
    seconds: float = 0.0
    sliding: bool = False
    failure: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A competitor's predictions (sequence, scored, output) of the validation split and of the exam's test inputs.

    ``alone``: those of single sequences, None if it could not predict them. ``train``: those of the training split,
    if all predictions are kept.
    """

    valid: Array
    test: Array
    alone: Array | None
    train: Array | None = None
    predict_seconds: list[float] = field(default_factory=list)


def data_key(trial: Trial, *, seeded: bool = True) -> str:
    """A key for the data of a trial: the same for all its competitors, and for all seeds if it is not ``seeded``."""
    seed = trial.seed if seeded else None
    parts = [trial.task, trial.versions.get("task"), trial.task_options, trial.length, seed]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def pack(data: FitData) -> bytes:
    """The data as bytes: memory that several windows share once, and no value that no window shows.

    Metrics that cannot be pickled stay with the examiner.
    """
    splits = [(_view(split.inputs), _view(split.targets), split.lengths) for split in (data.train, data.valid)]
    objective, remote = _sendable(data.objective)
    facts = {"classes": data.classes, "causal": data.causal, "runs_free": data.runs_free}
    return pickle.dumps((splits, objective, remote, facts), protocol=5)


def unpack(content: bytes, ask: ComputeMetric) -> FitData:
    """The data that were packed; ``ask`` computes the metrics that stayed with the examiner."""
    splits, objective, remote, facts = pickle.loads(content)  # noqa: S301  our own, of this run
    train, valid = (
        Split(inputs=_array(*inputs), targets=_array(*targets), lengths=lengths) for inputs, targets, lengths in splits
    )
    metrics = {name: replace(metric, function=_RemoteMetric(ask, name)) for name, metric in objective.metrics.items()}
    kept = {name: metrics[name] if name in remote else metric for name, metric in objective.metrics.items()}
    return FitData(
        train=train,
        valid=valid,
        objective=Objective(objective.name, objective.loss, kept, objective.primary, objective.choose),
        **facts,
    )


class _RemoteMetric(NamedTuple):
    ask: ComputeMetric
    name: str

    def __call__(self, targets: Array, predictions: Array) -> float:
        return self.ask(self.name, targets, predictions)


def _sendable(objective: Objective) -> tuple[Objective, frozenset[str]]:
    """An objective that can be pickled, and the names of the metrics whose functions cannot."""
    kept, remote = dict[str, Metric](), set[str]()
    for name, metric in objective.metrics.items():
        if _importable(metric.function):
            kept[name] = metric
        else:
            kept[name] = replace(metric, function=float)
            remote.add(name)
    return Objective(objective.name, objective.loss, kept, objective.primary, objective.choose), frozenset(remote)


def _importable(function: Callable[..., Any]) -> bool:
    """Whether a process without the plug-in files can import a function."""
    try:
        return PLUGIN.encode() not in pickle.dumps(function)
    except Exception:  # an object's own code may raise anything
        return False


def _view(array: Array) -> _View:
    """The memory (n,) under an array, the index where the array starts, its shape, its strides, whether it is writable.

    Values between its elements, such as other windows' targets, become zero.
    """
    low, high = np.lib.array_utils.byte_bounds(array)
    if high - low >= array.nbytes or min(array.strides) < 0 or (high - low) % array.itemsize:
        plain = np.array(array, order="C")
        return plain.reshape(-1), 0, plain.shape, plain.strides, array.flags.writeable
    start = (array.__array_interface__["data"][0] - low) // array.itemsize
    count = (high - low) // array.itemsize
    memory = as_strided(array, (count,), (array.itemsize,))  # strides are not negative
    seen = np.zeros(count, bool)
    steps = tuple(stride // array.itemsize for stride in array.strides)
    as_strided(seen[start:], array.shape, steps)[...] = True
    return memory if seen.all() else np.where(seen, memory, 0), start, array.shape, array.strides, array.flags.writeable


def _array(memory: Array, start: int, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool) -> Array:
    view: Array = as_strided(memory[start:], shape, strides, writeable=writeable and memory.flags.writeable)
    return view
