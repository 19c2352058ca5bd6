"""What a fitted learner predicts, how well and how fast."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.meter import Clock
from benchbench.core.problem import Array, Learner, Problem, Split
from benchbench.run.segments import segments

PREDICT_REPEATS = 5
_SUM = 1e-3  # by which the probabilities of a step may differ from 1 in sum


def score(problem: Problem, learner: Learner, clock: Clock, synchronize: Callable[[], None]) -> dict[str, Any]:
    """The scores, groups, samples and prediction times of a record."""
    objective, test = problem.objective, problem.test
    predictions, seconds = _timed(problem, learner, clock, synchronize)
    valid = predict(learner, problem.valid, classifies=objective.classifies)
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
        "predict_seconds": seconds,
        "samples": segments(test.targets, predictions, objective),
    }


def predict(learner: Learner, split: Split, *, classifies: bool) -> Array:
    """The checked predictions of a split.

    Raises ValueError for a wrong shape or for rows that are no probabilities, DivergedError for numbers that are not
    finite.
    """
    if split.lengths is None:
        return _checked(learner.predict(split.inputs), split, classifies=classifies)
    made = learner.predict(split.inputs, split.lengths)  # type: ignore[call-arg]
    return _checked(made, split, classifies=classifies)


def require_lengths(learner: Learner, problem: Problem) -> None:
    """UnsupportedError where the sequences differ in length, and ``predict`` has no parameter ``lengths``."""
    if problem.train.lengths is None:
        return
    parameters = inspect.signature(learner.predict).parameters.values()
    if not any(p.name == "lengths" or p.kind is p.VAR_POSITIONAL for p in parameters):
        raise UnsupportedError("the sequences differ in length, and predict(inputs, lengths) is not offered")


def _timed(
    problem: Problem, learner: Learner, clock: Clock, synchronize: Callable[[], None]
) -> tuple[Array, list[float]]:
    """Predictions of the whole test split, from a pass that warms up, and the seconds of each timed pass after it."""
    test = problem.test
    predictions = predict(learner, test, classifies=problem.objective.classifies)
    given = (test.inputs,) if test.lengths is None else (test.inputs, test.lengths)
    seconds = []
    for _ in range(PREDICT_REPEATS):
        synchronize()
        start = clock()
        learner.predict(*given)
        synchronize()
        seconds.append(clock() - start)
    return predictions, seconds


def _checked(predictions: Any, split: Split, *, classifies: bool) -> Array:
    with np.errstate(over="ignore"):  # what does not fit float32 is infinite, and found below
        array = np.asarray(predictions).astype(np.float32)
    if array.shape != split.targets.shape:
        raise ValueError(f"predict gave shape {array.shape}, not (sequence, scored, output) = {split.targets.shape}")
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
