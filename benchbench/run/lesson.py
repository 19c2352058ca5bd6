"""What passes between the examiner and a competitor's process: the lesson, the exam, and the answers."""

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
Asked = Callable[[str, Array, Array], float]
"""Has the examiner compute a metric by its name, of targets and predictions."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a competitor may see while it fits: the training and the validation split, and what is asked.

    ``runs_free``: there is a free run.
    """

    train: Split
    valid: Split
    objective: Objective
    classes: tuple[str, ...] = ()
    causal: bool = True
    runs_free: bool = False

    @classmethod
    def of(cls, problem: Problem) -> "Lesson":
        """The lesson of a problem."""
        return cls(
            train=problem.train,
            valid=problem.valid,
            objective=problem.objective,
            classes=problem.classes,
            causal=problem.causal,
            runs_free=problem.free_run is not None,
        )


class Start(NamedTuple):
    """From where a free run starts, (start, time, feature), and for how many steps."""

    prefix: Array
    steps: int


RUNS = {"test": "free_run", "valid": "valid_run"}
"""The free runs of a trial, and the phase of each: the one that is scored, and the one that chooses option sets."""


class Exam(NamedTuple):
    """The inputs of the test split in random order, the shape of the predictions, and which to predict again alone."""

    inputs: Array
    lengths: NDArray[np.int64] | None
    shape: tuple[int, ...]
    alone: tuple[int, ...]


class Run(NamedTuple):
    """A free run as it was generated, (start, steps, feature), or why there is none."""

    generated: Array | None = None
    seconds: float = 0.0
    sliding: bool = False
    failure: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a competitor predicts: validation, test in the order of the exam, and some of it alone.

    ``alone`` is None where it could not predict single sequences; ``train`` is there where all predictions are kept.
    """

    valid: Array
    test: Array
    alone: Array | None
    train: Array | None = None
    predict_seconds: list[float] = field(default_factory=list)


def data_key(trial: Trial, *, seeded: bool = True) -> str:
    """Names the data of a trial: the same for all its competitors, and for all seeds of a task that is not seeded."""
    seed = trial.seed if seeded else None
    parts = [trial.task, trial.versions.get("task"), trial.task_options, trial.length, seed]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def pack(lesson: Lesson) -> bytes:
    """A lesson as bytes: memory under windows that overlap once, and nothing of it that no window shows.

    Metrics that cannot be pickled stay with the examiner.
    """
    splits = [(_view(split.inputs), _view(split.targets), split.lengths) for split in (lesson.train, lesson.valid)]
    objective, asked = _sendable(lesson.objective)
    facts = {"classes": lesson.classes, "causal": lesson.causal, "runs_free": lesson.runs_free}
    return pickle.dumps((splits, objective, asked, facts), protocol=5)


def unpack(content: bytes, ask: Asked) -> Lesson:
    """The lesson that was packed; ``ask`` stands in for the metrics that stayed behind."""
    splits, objective, asked, facts = pickle.loads(content)  # noqa: S301  our own, of this run
    train, valid = (
        Split(inputs=_array(*inputs), targets=_array(*targets), lengths=lengths) for inputs, targets, lengths in splits
    )
    metrics = {name: replace(metric, function=_Asks(ask, name)) for name, metric in objective.metrics.items()}
    kept = {name: metrics[name] if name in asked else metric for name, metric in objective.metrics.items()}
    return Lesson(
        train=train,
        valid=valid,
        objective=Objective(objective.name, objective.loss, kept, objective.primary, objective.choose),
        **facts,
    )


class _Asks(NamedTuple):
    ask: Asked
    name: str

    def __call__(self, targets: Array, predictions: Array) -> float:
        return self.ask(self.name, targets, predictions)


def _sendable(objective: Objective) -> tuple[Objective, frozenset[str]]:
    """An objective that can be pickled, and the names of the metrics whose own function does not go along."""
    kept, asked = dict[str, Metric](), set[str]()
    for name, metric in objective.metrics.items():
        if _importable(metric.function):
            kept[name] = metric
        else:
            kept[name] = replace(metric, function=float)
            asked.add(name)
    return Objective(objective.name, objective.loss, kept, objective.primary, objective.choose), frozenset(asked)


def _importable(function: Callable[..., Any]) -> bool:
    """Whether a process without the plug-in files can have a function: no lambda, and nothing of a plug-in file."""
    try:
        return PLUGIN.encode() not in pickle.dumps(function)
    except Exception:  # whatever an object's own code raises
        return False


def _view(array: Array) -> _View:
    """The memory under an array, where in it the array starts, its shape and strides, and whether it may be written.

    What lies between its elements, such as other windows' targets, is zero.
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
