"""NRMSE84 of Mackey-Glass, tau 17, with 1,000 units: 10 to the power of -4.2."""

from benchbench.claims._nrmse84 import nrmse84
from benchbench.core.claim import Claim, Measured


def measure(reservoirs: int = 10) -> Measured:
    """Reservoirs of 1,000 units on 3,000 points, the last 600 of which choose the ridge strength."""
    return nrmse84(
        tau=17.0, points=3000, units=1000, reservoirs=reservoirs, washout=300,
        spectral_radius=0.9, leak=0.53, input_scaling=0.2,
    )  # fmt: skip


CLAIM = Claim(
    source="Jaeger & Haas 2004, Science 304:78", quantity="NRMSE84", published=10**-4.2, measure=measure, seconds=15
)
