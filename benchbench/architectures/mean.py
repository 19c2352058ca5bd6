"""Baseline: the mean of the training targets."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.sequences import Lengths


@architecture("mean", version=1, baseline=True, solves=True)
def mean(setting: Setting) -> Learner:
    """Baseline: predict the mean of the training targets, which is the frequency of each class in a classification."""
    return Mean(setting)


class Mean:
    """A learner of one number for each output: its mean."""

    kernel = "none"

    def __init__(self, setting: Setting) -> None:
        self.size = Size(trained=setting.outputs)
        self._scored = setting.scored

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002  nothing to choose or spend
        """Average the targets over sequences and scored steps."""
        self._mean = train.targets.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)

    def keep(self) -> dict[str, NDArray[np.float32]]:
        """The mean of each output, (output,)."""
        return {"mean": self._mean}

    def restore(self, kept: Mapping[str, NDArray[np.float32]]) -> None:
        """Use the means (output,) that ``keep`` returned."""
        self._mean = kept["mean"]

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:  # noqa: ARG002  the same for all
        """Predictions (sequence, scored, output) for inputs (sequence, time, feature): the mean everywhere."""
        return np.tile(self._mean, (len(inputs), self._scored, 1))
