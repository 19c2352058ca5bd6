"""Claim: a published number, how we measure it, and what came out; pure data, frozen."""

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


_BEYOND = 1e300


class Verdict(StrEnum):
    """How ours stands to the published number."""

    BETTER = "better"
    REPRODUCED = "reproduced"
    WORSE = "worse: not reached"


class Measured(Frozen):
    """What a claim's measurement gave: the number that is held against the published one, its spread, and notes.

    None is a number that is not finite.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    notes: str = ""


def middle(found: Sequence[float] | NDArray[np.float64], what: str, notes: str = "") -> Measured:
    """Median and quartiles of the numbers of so many of ``what``; those that are not finite count as the largest."""
    ranked = np.nan_to_num(found, nan=_BEYOND, posinf=_BEYOND, neginf=-_BEYOND)
    low, value, high = (float(q) if abs(q) < _BEYOND / 1e9 else None for q in np.quantile(ranked, [0.25, 0.5, 0.75]))
    said = f"median and quartiles of {len(found)} {what}"
    return Measured(value=value, low=low, high=high, notes=f"{said}; {notes}" if notes else said)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A published number as a program: ``measure`` gives ours.

    ``tolerance`` is the part of the published number that ours may be off and still reproduce it; ``seconds`` are about
    what the measurement takes on one core.
    """

    source: str
    quantity: str
    published: float
    measure: Callable[[], Measured]
    seconds: float
    better: Literal["lower", "higher"] = "lower"
    tolerance: float = 0.1

    def verdict(self, value: float | None) -> Verdict:
        """How a number of ours stands to the published one; none at all does not reach it."""
        if value is None:
            return Verdict.WORSE
        if abs(value - self.published) <= self.tolerance * abs(self.published):
            return Verdict.REPRODUCED
        return Verdict.BETTER if (value < self.published) == (self.better == "lower") else Verdict.WORSE


class Outcome(Frozen):
    """A claim that has been run: what was published, what came out, and where."""

    claim: Name
    source: str
    quantity: str
    published: float
    ours: Measured
    verdict: Verdict
    seconds: Positive
    environment: Annotated[Environment, Field(strict=False)]
    started: str
