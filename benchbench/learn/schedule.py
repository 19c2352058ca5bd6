"""Learning-rate schedules: a warm-up at the start of a fit, and a decay until the budget is used up."""

import math
from typing import Annotated, Literal

from benchbench.core.options import Among, PositiveFloat, Search

Schedule = Literal["constant", "linear", "cosine"]
"""Constant, falling linearly to zero, or falling along half a cosine.

The cosine is equation 5, without restarts, of Loshchilov & Hutter 2017, arXiv:1608.03983.
"""

LearningRate = Annotated[PositiveFloat, Search(1e-4, 3e-2, log=True)]
SearchedSchedule = Annotated[Schedule, Among("constant", "cosine")]


def factor(schedule: Schedule, warm_up: float, used: float) -> float:
    """The factor of the learning rate for an update before which the share ``used`` of the budget, 0 to 1, was spent.

    The factor rises linearly from 0 over the share ``warm_up`` (below 1), and then follows the schedule.
    """
    if used < warm_up:
        return used / warm_up
    rest = (used - warm_up) / (1 - warm_up)
    if schedule == "linear":
        return 1 - rest
    return (1 + math.cos(math.pi * rest)) / 2 if schedule == "cosine" else 1.0
