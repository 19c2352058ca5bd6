"""The step size over a fit: how it rises at the start, and how it falls until the budget is used up."""

import math
from typing import Annotated, Literal

from benchbench.core.options import Among, PositiveFloat, Search

Schedule = Literal["constant", "linear", "cosine"]
"""Linear to zero, or along half a cosine: Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5 without restarts."""

LearningRate = Annotated[PositiveFloat, Search(1e-4, 3e-2, log=True)]
SearchedSchedule = Annotated[Schedule, Among("constant", "cosine")]


def factor(schedule: Schedule, warm_up: float, used: float) -> float:
    """What the learning rate is multiplied by when the share ``used`` of the budget, 0 to 1, lies behind an update.

    It rises linearly from 0 over the share ``warm_up`` (below 1), and then follows the schedule over the rest.
    """
    if used < warm_up:
        return used / warm_up
    rest = (used - warm_up) / (1 - warm_up)
    if schedule == "linear":
        return 1 - rest
    return (1 + math.cos(math.pi * rest)) / 2 if schedule == "cosine" else 1.0
