"""NeuroBench's free run of Mackey-Glass, tau 17, over ten Lyapunov times, by an LSTM."""

from benchbench.claims._neurobench import smape
from benchbench.core.claim import Claim, Measured


def measure(seeds: int = 10, updates: int = 1500) -> Measured:
    """One layer of 50 units, trained on windows of 100 steps."""
    return smape(
        "lstm", seeds=seeds, length=100, warm_up=30, stride=5, width=50,
        updates=updates, batch=32, learning_rate=3e-3, schedule="constant",
    )  # fmt: skip


CLAIM = Claim(source="NeuroBench leaderboard: LSTM", quantity="sMAPE", published=13.37, measure=measure, seconds=50)
