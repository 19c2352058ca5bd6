"""Floor: ridge regression on the window. Hoerl & Kennard 1970, Technometrics 12(1):55-67."""

from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.device import tensor
from benchbench.learn.readout import fit_readout, predict_readout

_CHUNK_ROWS = 4096


@architecture("linear", version=1)
def linear(setting: Setting) -> Learner:
    """Floor: ridge regression on the window (a causal filter where more than one step is scored)."""
    return Linear(setting)


class Linear:
    """One filter of ``length - scored + 1`` taps for every scored step; the ridge strength is chosen on validation."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._taps = setting.length - setting.scored + 1
        self._features = self._taps * setting.inputs
        self.size = Size(trained=(self._features + 1) * setting.outputs)

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Solve in float64; where time runs out, with the sequences seen until then."""
        self._solution = fit_readout(self._design, train, valid, meter, chunk=self._chunk, device=self._setting.device)

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output)."""
        return predict_readout(self._solution, self._design, inputs, chunk=self._chunk)

    @property
    def _chunk(self) -> int:
        return max(1, _CHUNK_ROWS // self._setting.scored)

    def _design(self, inputs: Array) -> Tensor:
        windows = sliding_window_view(inputs, self._taps, axis=1)  # (sequence, scored, feature, tap)
        return tensor(windows, self._setting.device).double().flatten(2)
