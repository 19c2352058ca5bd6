"""Rank predictions of the validation split, so that the best weights or ridge strength can be kept."""

from typing import NamedTuple

import numpy as np

from benchbench.core.objective import LOSS, Objective
from benchbench.core.problem import Array


class Standing(NamedTuple):
    """The rank of some predictions: the value that chooses (lower is better), then the loss, which breaks ties."""

    choice: float
    loss: float


def chooses_by_loss(objective: Objective) -> bool:
    """Whether the objective chooses by its loss, and not by a metric."""
    return objective.choose in {None, LOSS}


def standing(objective: Objective, targets: Array, predictions: Array) -> Standing:
    """The standing of predictions (sequence, scored, output) against targets of the same shape.

    Predictions that are not all finite have an infinite ``choice`` and a loss of NaN.
    """
    if not np.isfinite(predictions).all():
        return Standing(float("inf"), float("nan"))
    loss = objective.loss_of(targets, predictions)
    return Standing(loss if chooses_by_loss(objective) else objective.choice(targets, predictions), loss)
