"""Baseline: the most frequent class among the training targets."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.sequences import Lengths


@architecture("majority", version=1, baseline=True, solves=True)
def majority(setting: Setting) -> Learner:
    """Baseline: predict the most frequent class, with probability 1.

    Its log loss is therefore large; the baseline ``mean`` predicts the frequency of each class.
    """
    return Majority(setting)


class Majority:
    """A learner of one number: the most frequent class, or the first of several equally frequent ones."""

    kernel = "none"
    size = Size(trained=1)

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002  nothing to choose or spend
        """Count the classes over sequences and scored steps; UnsupportedError where no classes are asked for."""
        if not self._setting.objective.classifies:
            raise UnsupportedError("majority predicts classes, and this problem asks for numbers")
        self._class = int(train.targets.sum(axis=(0, 1), dtype=np.float64).argmax())

    def keep(self) -> dict[str, NDArray[np.int64]]:
        """The number of the class, an array (1,)."""
        return {"class": np.array([self._class])}

    def restore(self, kept: Mapping[str, NDArray[np.int64]]) -> None:
        """Use the number of the class, an array (1,), that ``keep`` returned."""
        self._class = int(kept["class"][0])

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:  # noqa: ARG002  the same for all
        """Probabilities (sequence, scored, class) for inputs (sequence, time, feature): 1 for the class, else 0."""
        predictions = np.zeros((len(inputs), self._setting.scored, self._setting.outputs), np.float32)
        predictions[:, :, self._class] = 1
        return predictions
