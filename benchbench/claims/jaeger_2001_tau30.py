"""NRMSE84 of Mackey-Glass, tau 30, with 400 units, state noise and 3,000 training points."""

from benchbench.claims._nrmse84 import nrmse84
from benchbench.core.claim import Claim, Measured


def measure(reservoirs: int = 10) -> Measured:
    """Reservoirs of 400 units; the last 600 points choose the ridge strength."""
    return nrmse84(
        tau=30.0, points=3000, units=400, reservoirs=reservoirs, washout=300,
        spectral_radius=0.96, leak=0.4, input_scaling=0.19, state_noise=1e-5,
    )  # fmt: skip


CLAIM = Claim(source="Jaeger 2001, GMD Report 148", quantity="NRMSE84", published=0.11, measure=measure, seconds=5)
