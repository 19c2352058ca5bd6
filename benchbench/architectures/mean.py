"""Floor: the mean of the training targets."""

import numpy as np

from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture


@architecture("mean", version=1)
def mean(setting: Setting) -> Learner:
    """Floor: always the mean of the training targets."""
    return Mean(setting)


class Mean:
    """One number an output."""

    def __init__(self, setting: Setting) -> None:
        self.size = Size(trained=setting.outputs)
        self._scored = setting.scored

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002  nothing to choose or spend
        """Average the targets over sequences and steps."""
        self._mean = train.targets.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)

    def predict(self, inputs: Array) -> Array:
        """Repeat the mean: (sequence, scored, output)."""
        return np.tile(self._mean, (len(inputs), self._scored, 1))
