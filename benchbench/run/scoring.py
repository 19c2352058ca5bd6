"""Asks learners for predictions, checks these, times them and scores them."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.meter import Clock
from benchbench.core.problem import Array, Learner, Problem, Split
from benchbench.learn.sequences import Lengths
from benchbench.run.exchange import FitData
from benchbench.run.segments import segments

PREDICT_REPEATS = 5
_SUM = 1e-3  # by how much the sum of a step's probabilities may differ from 1


def scored(problem: Problem, valid: Array, predictions: Array) -> dict[str, Any]:
    """A record's scores, groups and samples, from predictions (sequence, scored, output) of validation and test."""
    objective, test = problem.objective, problem.test
    scores: dict[str, float | None] = {}
    undefined: dict[str, str] = {}
    for name, split, found in (("valid", problem.valid, valid), ("test", test, predictions)):
        values, said = objective.scores(split.targets, found, split.labels)
        scores |= {f"{name}_{metric}": value for metric, value in values.items()}
        undefined |= {f"{name}_{metric}": sentence for metric, sentence in said.items()}
    if problem.floor is not None:
        scores["floor"] = problem.floor
    return {
        "scores": scores,
        "undefined": undefined,
        "groups": _groups(problem, predictions),
        "samples": segments(test.targets, predictions, objective),
    }


def predict(learner: Learner, split: Split, *, classifies: bool) -> Array:
    """The checked predictions (sequence, scored, output) of a split.

    ValueError for a wrong shape, and for a classifier's rows that are not probabilities; DivergedError for numbers that
    are not finite.
    """
    return predicted(learner, split.inputs, split.lengths, split.targets.shape, classifies=classifies)


def predicted(
    learner: Learner, inputs: Array, lengths: Lengths | None, shape: tuple[int, ...], *, classifies: bool
) -> Array:
    """As ``predict``, for inputs (sequence, time, feature) without targets; ``shape`` is (sequence, scored, output)."""
    return checked(learner.predict(*given(inputs, lengths)), shape, classifies=classifies)


def given(inputs: Array, lengths: Lengths | None) -> tuple[Any, ...]:
    """The arguments for ``predict``: inputs (sequence, time, feature) and, if there are any, lengths (sequence,)."""
    return (inputs,) if lengths is None else (inputs, lengths)


def require_lengths(learner: Learner, problem: Problem | FitData) -> None:
    """UnsupportedError if the sequences differ in length and ``predict`` has no parameter ``lengths``."""
    if problem.train.lengths is None:
        return
    parameters = inspect.signature(learner.predict).parameters.values()
    if not any(p.name == "lengths" or p.kind is p.VAR_POSITIONAL for p in parameters):
        raise UnsupportedError("the sequences differ in length, but predict has no parameter lengths")


def prediction_seconds(
    learner: Learner, inputs: Array, lengths: Lengths | None, clock: Clock, synchronize: Callable[[], None]
) -> list[float]:
    """Time a few predictions of the same inputs (sequence, time, feature), each time in another order; in seconds.

    The order changes and the numbers are read, so that neither a cached nor a lazy prediction seems to take no time.
    """
    seconds = []
    for repeat in range(1, PREDICT_REPEATS + 1):
        order = np.roll(np.arange(len(inputs)), repeat)
        turned = given(inputs[order], None if lengths is None else lengths[order])
        synchronize()
        start = clock()
        np.asarray(learner.predict(*turned))
        synchronize()
        seconds.append(clock() - start)
    return seconds


def checked(predictions: Any, shape: tuple[int, ...], *, classifies: bool) -> Array:
    """Predictions as an array (sequence, scored, output) of float32; raises the errors of ``predict``."""
    with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are found below
        array = np.asarray(predictions).astype(np.float32)
    if array.shape != shape:
        raise ValueError(f"predict returned shape {array.shape}; it must be (sequence, scored, output) = {shape}")
    if not np.isfinite(array).all():
        raise DivergedError(f"{int((~np.isfinite(array)).sum())} of {array.size} predictions are not finite")
    if classifies and (array.min() < -_SUM or np.abs(array.sum(axis=2, dtype=np.float64) - 1).max() > _SUM):
        raise ValueError(
            "predict returned numbers that are not probabilities; they must not be negative, and sum to 1 at each step"
        )
    return array


def _groups(problem: Problem, predictions: Array) -> dict[str, dict[str, float | None]]:
    test = problem.test
    found = {}
    for name, part in problem.groups.items():
        labels = None if test.labels is None else test.labels[part]
        found[name], _ = problem.objective.scores(test.targets[part], predictions[part], labels)
    return found
