"""Floor: ridge regression on the window. Hoerl & Kennard 1970, Technometrics 12(1):55-67."""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.device import tensor
from benchbench.learn.readout import Rows, Solution, solve

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
        seen = self._rows()
        for inputs, targets in self._chunks(train):
            if not meter.spend():
                break
            seen.add(self._design(inputs), self._flat(targets))
        with meter.paused():
            held_out = self._rows()
            for inputs, targets in self._chunks(valid):
                held_out.add(self._design(inputs), self._flat(targets))
        self._solution: Solution = solve(seen, held_out)
        meter.note(self._solution.valid_mse)

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output)."""
        split = Split(inputs=inputs, targets=np.zeros((len(inputs), self._setting.scored, 1), np.float32))
        parts = [self._solution.predict(self._design(chunk)) for chunk, _ in self._chunks(split)]
        shape = (len(inputs), self._setting.scored, self._setting.outputs)
        return torch.cat(parts).reshape(shape).float().cpu().numpy()

    def _rows(self) -> Rows:
        return Rows(self._features, self._setting.outputs, self._setting.device)

    def _chunks(self, split: Split) -> list[tuple[Array, Array]]:
        step = max(1, _CHUNK_ROWS // self._setting.scored)
        return [(split.inputs[i : i + step], split.targets[i : i + step]) for i in range(0, len(split), step)]

    def _design(self, inputs: Array) -> torch.Tensor:
        windows = sliding_window_view(inputs, self._taps, axis=1)  # (sequence, scored, feature, tap)
        return tensor(windows, self._setting.device).double().reshape(-1, self._features)

    def _flat(self, targets: Array) -> torch.Tensor:
        return tensor(targets, self._setting.device).flatten(0, 1)
