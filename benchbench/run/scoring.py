"""What a learner predicts, as the harness asks for it, and how well."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.meter import Clock
from benchbench.core.problem import Array, Learner, Problem, Split
from benchbench.learn.sequences import Lengths
from benchbench.run.lesson import Lesson
from benchbench.run.segments import segments

PREDICT_REPEATS = 5
_SUM = 1e-3  # by which the probabilities of a step may differ from 1 in sum


def scored(problem: Problem, valid: Array, predictions: Array) -> dict[str, Any]:
    """The scores, groups and samples of a record, of predictions of the validation and the test split."""
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
    """The checked predictions of a split.

    Raises ValueError for a wrong shape or for rows that are no probabilities, DivergedError for numbers that are not
    finite.
    """
    return predicted(learner, split.inputs, split.lengths, split.targets.shape, classifies=classifies)


def predicted(
    learner: Learner, inputs: Array, lengths: Lengths | None, shape: tuple[int, ...], *, classifies: bool
) -> Array:
    """As ``predict``, of inputs whose targets nobody has; ``shape`` is theirs."""
    return checked(learner.predict(*given(inputs, lengths)), shape, classifies=classifies)


def given(inputs: Array, lengths: Lengths | None) -> tuple[Any, ...]:
    """What ``predict`` is called with."""
    return (inputs,) if lengths is None else (inputs, lengths)


def require_lengths(learner: Learner, problem: Problem | Lesson) -> None:
    """UnsupportedError where the sequences differ in length, and ``predict`` has no parameter ``lengths``."""
    if problem.train.lengths is None:
        return
    parameters = inspect.signature(learner.predict).parameters.values()
    if not any(p.name == "lengths" or p.kind is p.VAR_POSITIONAL for p in parameters):
        raise UnsupportedError("the sequences differ in length, and predict(inputs, lengths) is not offered")


def seconds_of(work: Callable[[], object], clock: Clock, synchronize: Callable[[], None]) -> list[float]:
    """The seconds of each of a few passes of the same work."""
    seconds = []
    for _ in range(PREDICT_REPEATS):
        synchronize()
        start = clock()
        work()
        synchronize()
        seconds.append(clock() - start)
    return seconds


def checked(predictions: Any, shape: tuple[int, ...], *, classifies: bool) -> Array:
    """Predictions as an array of float32; raises what ``predict`` does."""
    with np.errstate(over="ignore"):  # what does not fit float32 is infinite, and found below
        array = np.asarray(predictions).astype(np.float32)
    if array.shape != shape:
        raise ValueError(f"predict gave shape {array.shape}, not (sequence, scored, output) = {shape}")
    if not np.isfinite(array).all():
        raise DivergedError(f"{int((~np.isfinite(array)).sum())} of {array.size} predictions are not finite")
    if classifies and (array.min() < -_SUM or np.abs(array.sum(axis=2, dtype=np.float64) - 1).max() > _SUM):
        raise ValueError("predict must give probabilities of the classes: none negative, with a sum of 1 at each step")
    return array


def _groups(problem: Problem, predictions: Array) -> dict[str, dict[str, float | None]]:
    test = problem.test
    found = {}
    for name, part in problem.groups.items():
        labels = None if test.labels is None else test.labels[part]
        found[name], _ = problem.objective.scores(
            test.targets[part], predictions[part], labels
        )  # of a group, None says that a metric is undefined
    return found
