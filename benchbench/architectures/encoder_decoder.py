"""Encoder and decoder: one network reads, another writes. Cho et al. 2014, arXiv:1406.1078; Sutskever et al. 2014."""

from typing import Any, Literal

import torch
from torch import Tensor

from benchbench.core.closed_loop import generate_by_window
from benchbench.core.errors import UnsupportedError
from benchbench.core.options import BelowOne, NonNegativeFloat, Positive
from benchbench.core.problem import Array, Learner, Setting
from benchbench.core.registry import architecture
from benchbench.learn.cells import Cell, cell_of
from benchbench.learn.gradient import Batch, Gradient
from benchbench.learn.network import Network
from benchbench.learn.schedule import LearningRate, SearchedSchedule
from benchbench.learn.sequences import Lengths


@architecture("encoder_decoder", version=2)
def encoder_decoder(
    setting: Setting,
    *,
    cell: Cell = "gru",
    layers: Positive = 1,
    taught: Literal["true", "own"] = "true",
    learning_rate: LearningRate = 3e-3,
    schedule: SearchedSchedule = "cosine",
    warm_up: BelowOne = 0.0,
    clip: NonNegativeFloat = 1.0,
) -> Learner:
    """Encoder that reads up to the first scored step, and decoder that predicts the rest from its own outputs."""
    return Translator(
        setting, cell, layers,
        forced=taught == "true", learning_rate=learning_rate, schedule=schedule, warm_up=warm_up, clip=clip,
    )  # fmt: skip


class Decoding(Network):
    """A network whose core is the encoder, with a decoder that starts from the encoder's last state.

    The decoder's inputs are the outputs of the step before.
    """

    def __init__(self, setting: Setting, cell: Cell, layers: int) -> None:
        super().__init__(lambda inputs, width: cell_of(cell, inputs, width, layers), setting)
        self.decoder = cell_of(cell, setting.outputs, setting.width, layers)

    def forward(self, inputs: Tensor, lengths: Lengths | None = None, taught: Tensor | None = None) -> Tensor:
        """Map inputs (batch, time, feature) to outputs (batch, scored, output).

        With targets ``taught`` (batch, scored, output), these are the decoder's inputs in place of its own outputs.
        """
        if lengths is not None:
            raise UnsupportedError("the encoder takes sequences of one length")
        states, state = self.advance(inputs[:, : inputs.shape[1] - self.scored + 1])
        made = [self.head(states[:, -1:])]
        if taught is not None and self.scored > 1:
            return torch.cat([made[0], self.head(self.decoder(taught[:, :-1], state)[0])], dim=1)
        for _ in range(self.scored - 1):
            states, state = self.decoder(self.predictions_of(made[-1]), state)
            made.append(self.head(states))
        return torch.cat(made, dim=1)


class Translator(Gradient):
    """A gradient learner of an encoder and a decoder; if ``forced``, the decoder gets the true outputs in training."""

    def __init__(self, setting: Setting, cell: Cell, layers: int, *, forced: bool, **options: Any) -> None:
        super().__init__(setting, lambda inputs, width: cell_of(cell, inputs, width, layers), **options)
        self._cell, self._layers, self._forced = cell, layers, forced

    def build(self) -> Network:
        """Make a new network, with numbers from PyTorch's generators."""
        return Decoding(self.setting, self._cell, self._layers)

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        """The outputs (batch, scored, output) of the decoder for a batch in training."""
        taught = self._tensor(batch.targets) if self._forced else None
        outputs: Tensor = network(self._tensor(batch.inputs), batch.lengths, taught)
        return outputs

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map a prefix (sequence, time, feature) to the steps (sequence, steps, feature) that follow it.

        It predicts from a sliding window, since the encoder and the decoder are different networks.
        """
        return generate_by_window(self.predict, prefix, steps, self.setting.length)
