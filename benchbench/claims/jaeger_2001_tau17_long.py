"""NRMSE84 of Mackey-Glass, tau 17, with 400 units and 21,000 training points."""

from benchbench.claims._nrmse84 import nrmse84
from benchbench.core.claim import Claim, Measured


def measure(reservoirs: int = 10) -> Measured:
    """Reservoirs of 400 units; the last 4,200 points choose the ridge strength."""
    return nrmse84(
        tau=17.0, points=21_000, units=400, reservoirs=reservoirs, washout=500,
        spectral_radius=0.9, leak=0.53, input_scaling=0.2,
    )  # fmt: skip


CLAIM = Claim(source="Jaeger 2001, GMD Report 148", quantity="NRMSE84", published=1.2e-4, measure=measure, seconds=10)
