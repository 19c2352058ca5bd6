"""The corrected 15-step task of the LMU paper by an LSTM of as many numbers: about 18,000."""

from benchbench.claims._lmu import late_target
from benchbench.core.claim import Claim, Measured


def measure(updates: int = 1000) -> Measured:
    """Train one layer of 66 units on the first 1,000 samples of each series, for 500 epochs of two updates each."""
    return late_target(
        "lstm", units=66, learnt=1000,
        updates=updates, batch=32, learning_rate=5e-3, schedule="constant",
    )  # fmt: skip


CLAIM = Claim(
    source="keras-lmu, corrected target: LSTM", quantity="NRMSE in %", published=5.872, measure=measure, seconds=90
)
