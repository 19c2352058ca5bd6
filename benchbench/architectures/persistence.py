"""Floor: the future is as the present."""

from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture


@architecture("persistence", version=1)
def persistence(setting: Setting) -> Learner:
    """Floor: predict the value seen last."""
    return Persistence(setting)


class Persistence:
    """Repeats its input; has nothing to learn."""

    size = Size(trained=0)

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002  nothing to learn
        """Check that there is a present value for each output; UnsupportedError otherwise."""
        if self._setting.inputs != self._setting.outputs:
            given = f"{self._setting.inputs} inputs and {self._setting.outputs} outputs"
            raise UnsupportedError(f"persistence needs as many outputs as inputs, not {given}")

    def predict(self, inputs: Array) -> Array:
        """The last ``scored`` inputs: (sequence, scored, output)."""
        return inputs[:, -self._setting.scored :].copy()
