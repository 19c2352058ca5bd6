"""Claim: a published number, a program that measures it again, and the outcome; pure data, frozen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from benchbench.core.record import Environment
from benchbench.core.spec import Frozen, Name

Positive = Annotated[float, Field(gt=0)]


_BEYOND = 1e300  # stands for a number that is not finite


class Verdict(StrEnum):
    """How our number compares with the published one."""

    BETTER = "better"
    REPRODUCED = "reproduced"
    WORSE = "worse: not reached"


class Measured(Frozen):
    """The measurement of a claim: the number to compare with the published one, its spread, and notes.

    None stands for a number that is not finite.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    notes: str = ""


def median_and_quartiles(found: Sequence[float] | NDArray[np.float64], what: str, notes: str = "") -> Measured:
    """The median and quartiles of numbers (n,), where ``what`` names what was counted, such as "seeds".

    Numbers that are not finite count as the largest.
    """
    ranked = np.nan_to_num(found, nan=_BEYOND, posinf=_BEYOND, neginf=-_BEYOND)
    low, value, high = (float(q) if abs(q) < _BEYOND / 1e9 else None for q in np.quantile(ranked, [0.25, 0.5, 0.75]))
    said = f"median and quartiles of {len(found)} {what}"
    return Measured(value=value, low=low, high=high, notes=f"{said}; {notes}" if notes else said)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A published number, and the function ``measure`` that measures it again.

    Our number reproduces the ``published`` one where it differs by at most ``tolerance`` times the published number.
    ``seconds`` is about how long the measurement takes on one core.
    """

    source: str
    quantity: str
    published: float
    measure: Callable[[], Measured]
    seconds: float
    better: Literal["lower", "higher"] = "lower"
    tolerance: float = 0.1

    def verdict(self, value: float | None) -> Verdict:
        """The verdict on our number ``value``; None, a number that is not finite, does not reach the published one."""
        if value is None:
            return Verdict.WORSE
        if abs(value - self.published) <= self.tolerance * abs(self.published):
            return Verdict.REPRODUCED
        return Verdict.BETTER if (value < self.published) == (self.better == "lower") else Verdict.WORSE


class Outcome(Frozen):
    """The outcome of a claim: the published number, our number, the verdict, and the machine and time of the run."""

    claim: Name
    source: str
    quantity: str
    published: float
    ours: Measured
    verdict: Verdict
    seconds: Positive
    environment: Annotated[Environment, Field(strict=False)]
    started: str
