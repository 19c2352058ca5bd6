"""NeuroBench's free run of Mackey-Glass, tau 17, over ten Lyapunov times, by an echo state network."""

from benchbench.claims._neurobench import smape
from benchbench.core.claim import Claim, Measured


def measure(seeds: int = 30) -> Measured:
    """Reservoirs of 200 units."""
    return smape(
        "esn", seeds=seeds, length=140, warm_up=60, stride=80, width=200, precision="float64",
        spectral_radius=0.9, leak=0.9, input_scaling=0.3,
    )  # fmt: skip


CLAIM = Claim(source="NeuroBench leaderboard: ESN", quantity="sMAPE", published=14.79, measure=measure, seconds=10)
