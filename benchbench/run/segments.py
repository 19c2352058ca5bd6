"""Segments of the test split for figures: true and predicted values."""

import numpy as np

from benchbench.core.objective import Objective
from benchbench.core.problem import Array
from benchbench.core.record import Segment

_STRETCH = 120  # points of a segment that a record keeps
_BLOCK = 60  # windows in one segment, if a window has one scored step


def segments(targets: Array, predictions: Array, objective: Objective) -> dict[str, Segment]:
    """The first segment of the test split, and those with the lowest and the highest loss.

    ``targets`` and ``predictions`` are (sequence, scored, output). A segment is a sequence, or 60 windows if these have
    one scored step. It keeps the first output, with four significant digits, or for a classification the class number.
    """
    if targets.shape[1] == 1:  # consecutive windows make one long sequence
        count = max(1, len(targets) // _BLOCK)
        true, predicted = ([*np.array_split(array[:, 0], count)] for array in (targets, predictions))
        first = (targets[:_STRETCH, 0], predictions[:_STRETCH, 0])
    else:
        true, predicted = list(targets), list(predictions)
        first = (true[0], predicted[0])
    losses = [_loss(t, p, objective) for t, p in zip(true, predicted, strict=True)]
    best, worst = int(np.argmin(losses)), int(np.argmax(losses))
    return {
        "first": _segment(*first, objective),
        "best": _segment(true[best], predicted[best], objective),
        "worst": _segment(true[worst], predicted[worst], objective),
    }


def _loss(true: Array, predicted: Array, objective: Objective) -> float:
    if objective.classifies:
        return objective.loss_of(true, predicted)
    return float(np.mean(np.square(true[:, 0] - predicted[:, 0], dtype=np.float64)))


def _segment(true: Array, predicted: Array, objective: Objective) -> Segment:
    shown = [array.argmax(axis=1) if objective.classifies else array[:, 0] for array in (true, predicted)]
    first, second = ([float(f"{value:.4g}") for value in array[:_STRETCH]] for array in shown)
    return Segment(true=first, predicted=second, score=_loss(true, predicted, objective))
