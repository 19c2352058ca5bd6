"""How predictions of the validation split stand, so that the best weights or ridge strength can be kept."""

from typing import NamedTuple

import numpy as np

from benchbench.core.objective import LOSS, Objective
from benchbench.core.problem import Array


class Standing(NamedTuple):
    """What chooses, lower is better, and the loss, which decides between equals."""

    choice: float
    loss: float


def chooses_by_loss(objective: Objective) -> bool:
    """Whether the loss itself is what chooses."""
    return objective.choose in {None, LOSS}


def standing(objective: Objective, targets: Array, predictions: Array) -> Standing:
    """The standing of predictions; that of predictions that are not all finite is infinite, and their loss NaN."""
    if not np.isfinite(predictions).all():
        return Standing(float("inf"), float("nan"))
    loss = objective.loss_of(targets, predictions)
    return Standing(loss if chooses_by_loss(objective) else objective.choice(targets, predictions), loss)
