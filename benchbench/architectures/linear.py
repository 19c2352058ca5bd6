"""Floor: ridge regression on the window. Hoerl & Kennard 1970, Technometrics 12(1):55-67."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from benchbench.core.closed_loop import require_own_input
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.device import tensor
from benchbench.learn.readout import Block, fit_readout, predict_readout

_CHUNK_ROWS = 4096


@architecture("linear", version=2)
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
        chunk = max(1, _CHUNK_ROWS // self._setting.scored)
        self._solution = fit_readout(
            lambda split: self._blocks(split.inputs), train, valid, meter, chunk=chunk, device=self._setting.device
        )

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output)."""
        shape = (len(inputs), self._setting.scored, self._setting.outputs)
        return predict_readout(self._solution, self._blocks(inputs), shape)

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map (sequence, time, feature) to the (sequence, steps, feature) that follow, by the recurrence it has learnt.

        UnsupportedError where outputs are not the next inputs, ValueError where the prefix is shorter than the filter.
        """
        require_own_input(self._setting)
        if prefix.shape[1] < self._taps:
            raise ValueError(f"a prefix of {prefix.shape[1]} steps is shorter than the filter of {self._taps}")
        window = tensor(prefix[:, -self._taps :], self._setting.device).double()
        made = np.empty((len(prefix), steps, self._setting.outputs), np.float32)
        for step in range(steps):
            output = self._solution.predict(window.transpose(1, 2).flatten(1))
            made[:, step] = output.cpu().numpy()
            window = torch.cat([window[:, 1:], output[:, None]], dim=1)
        return made

    def _blocks(self, inputs: Array) -> Iterator[Block]:
        """The windows under each scored step: (sequence, scored, feature x tap)."""
        chunk = max(1, _CHUNK_ROWS // self._setting.scored)
        for start in range(0, len(inputs), chunk):
            part = slice(start, min(start + chunk, len(inputs)))
            windows = sliding_window_view(inputs[part], self._taps, axis=1)
            yield part, slice(0, self._setting.scored), tensor(windows, self._setting.device).double().flatten(2)
