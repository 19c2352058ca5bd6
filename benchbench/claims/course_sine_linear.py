"""The sine of the course slides by a linear recurrence, which solves it."""

from benchbench.claims._sine import sine_generation
from benchbench.core.claim import Claim, Measured


def measure(seeds: int = 5) -> Measured:
    """Ridge regression on 21 steps; two would suffice, since x(t+1) = 2 cos(w) x(t) - x(t-1)."""
    return sine_generation("linear", seeds=seeds, width=1)


CLAIM = Claim(
    source="course slides, sine generation", quantity="MSE of the free run", published=0.9695, measure=measure,
    seconds=5,
)  # fmt: skip
