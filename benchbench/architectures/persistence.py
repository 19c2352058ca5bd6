"""Baseline: the future equals the present."""

from collections.abc import Mapping

from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.sequences import Lengths, last


@architecture("persistence", version=1, baseline=True, solves=True)
def persistence(setting: Setting) -> Learner:
    """Baseline: predict the last value seen."""
    return Persistence(setting)


class Persistence:
    """A learner that repeats its inputs and learns nothing."""

    kernel = "none"
    size = Size(trained=0)

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002  nothing to learn
        """Raise UnsupportedError unless there are as many outputs as inputs, and for classes."""
        if self._setting.objective.classifies:
            raise UnsupportedError("persistence repeats its inputs, which are not probabilities of classes")
        if self._setting.inputs != self._setting.outputs:
            given = f"{self._setting.inputs} inputs and {self._setting.outputs} outputs"
            raise UnsupportedError(f"persistence needs as many outputs as inputs, not {given}")

    def keep(self) -> dict[str, Array]:
        """An empty mapping instead of arrays (...,), since the learner learns nothing."""
        return {}

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Do nothing, since ``keep`` returns no array (...,)."""

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """The last ``scored`` steps (sequence, scored, output) of inputs (sequence, time, feature).

        ``lengths`` is (sequence,).
        """
        return last(inputs, self._setting.scored, lengths)
