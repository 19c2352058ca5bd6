"""NRMSE84 of Mackey-Glass, tau 30, with 400 units, state noise and 21,000 training points."""

from benchbench.claims._nrmse84 import nrmse84
from benchbench.core.claim import Claim, Measured


def measure(reservoirs: int = 10) -> Measured:
    """Reservoirs of 400 units; the last 4,200 points choose the ridge strength."""
    return nrmse84(
        tau=30.0, points=21_000, units=400, reservoirs=reservoirs, washout=500,
        spectral_radius=0.98, leak=0.48, input_scaling=0.14, bias=0.1, state_noise=1e-5,
    )  # fmt: skip


CLAIM = Claim(source="Jaeger 2001, GMD Report 148", quantity="NRMSE84", published=0.032, measure=measure, seconds=10)
