"""The course slides' free run of a sine by a tanh network of 128 units: worse there than predicting zero."""

from benchbench.claims._sine import sine_generation
from benchbench.core.claim import Claim, Measured


def measure(seeds: int = 5, updates: int = 300) -> Measured:
    """Train with good defaults and true inputs throughout, in fewer updates of more sines each."""
    return sine_generation(
        "rnn", seeds=seeds, width=128, updates=updates, batch=32, learning_rate=1e-3, schedule="constant"
    )


CLAIM = Claim(
    source="course slides, sine generation", quantity="MSE of the free run", published=0.9695, measure=measure,
    seconds=20,
)  # fmt: skip
