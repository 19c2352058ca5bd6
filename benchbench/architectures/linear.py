"""Baseline: ridge regression on the window. Hoerl & Kennard 1970, Technometrics 12(1):55-67."""

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from benchbench.core.closed_loop import require_own_input
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.device import tensor
from benchbench.learn.readout import Block, Solution, fit_readout, predict_readout
from benchbench.learn.sequences import Lengths, windows

_CHUNK_ROWS = 4096

Shorter = Literal["decline", "pad_front"]


@architecture("linear", version=2, baseline=True, solves=True)
def linear(setting: Setting, *, shorter_sequences: Shorter = "decline") -> Learner:
    """Baseline: ridge regression on the window (a causal filter where more than one step is scored).

    The window has a fixed length. Where sequences differ in length, the learner declines; with ``pad_front`` it puts
    zeros before the shorter ones instead.
    """
    return Linear(setting, shorter_sequences)


class Linear:
    """A learner of one linear filter of ``length - scored + 1`` taps, which is applied at every scored step.

    The ridge strength is chosen on validation. Where classes are asked for, the regression is on one-hot targets, and a
    softmax turns its outputs into probabilities; its temperature is chosen on validation too.
    """

    kernel = "ridge solve"

    def __init__(self, setting: Setting, shorter_sequences: Shorter = "decline") -> None:
        self._setting, self._shorter = setting, shorter_sequences
        self._taps = setting.length - setting.scored + 1
        self._features = self._taps * setting.inputs
        self.size = Size(trained=(self._features + 1) * setting.outputs)

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Solve in float64, with the sequences that were seen before the time ran out.

        Raises UnsupportedError where sequences differ in length, unless ``shorter_sequences`` is "pad_front".
        """
        chunk = max(1, _CHUNK_ROWS // self._setting.scored)
        self._solution = fit_readout(
            lambda split: self._blocks(split.inputs, split.lengths), train, valid, meter,
            objective=self._setting.objective, chunk=chunk, device=self._setting.device,
        )  # fmt: skip
        meter.note(self._solution.loss)

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """Map inputs (sequence, time, feature) and lengths (sequence,) to predictions (sequence, scored, output)."""
        shape = (len(inputs), self._setting.scored, self._setting.outputs)
        return predict_readout(self._solution, self._blocks(inputs, lengths), shape)

    def keep(self) -> dict[str, NDArray[np.float64]]:
        """The solution of the readout, with weights (1 + features, outputs)."""
        return self._solution.kept()

    def restore(self, kept: Mapping[str, NDArray[np.float64]]) -> None:
        """Use the solution that ``keep`` returned, with weights (1 + features, outputs)."""
        self._solution = Solution.of(kept, self._setting.device)

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map a prefix (sequence, time, feature) to the steps (sequence, steps, feature) that follow it.

        Each output is an input of the filter at the next step. Raises UnsupportedError where outputs cannot be the next
        inputs, and ValueError where the prefix is shorter than the filter.
        """
        require_own_input(self._setting)
        if prefix.shape[1] < self._taps:
            raise ValueError(f"a prefix of {prefix.shape[1]} steps is shorter than the filter of {self._taps} steps")
        window = tensor(prefix[:, -self._taps :], self._setting.device).double()
        made = np.empty((len(prefix), steps, self._setting.outputs), np.float32)
        for step in range(steps):
            output = self._solution.predict(window.transpose(1, 2).flatten(1))
            made[:, step] = output.cpu().numpy()
            window = torch.cat([window[:, 1:], output[:, None]], dim=1)
        return made

    def _blocks(self, inputs: Array, lengths: Lengths | None) -> Iterator[Block]:
        """The windows that end at the scored steps, (sequence, scored, feature x tap), of a chunk at a time."""
        pad = self._shorter == "pad_front"
        chunk = max(1, _CHUNK_ROWS // self._setting.scored)
        for start in range(0, len(inputs), chunk):
            part = slice(start, min(start + chunk, len(inputs)))
            ends = None if lengths is None else lengths[part]
            under = windows(inputs[part], ends, self._taps, name="linear", pad=pad)
            yield part, slice(0, self._setting.scored), tensor(under, self._setting.device).double().flatten(2)
