"""Recurrent autoencoder: a sequence through a narrow code and back. Srivastava et al. 2015, arXiv:1502.04681."""

import torch
from torch import Tensor, nn

from benchbench.core.options import BelowOne, NonNegativeFloat, Positive
from benchbench.core.problem import Learner, Setting
from benchbench.core.registry import architecture
from benchbench.learn.cells import Cell, cell_of
from benchbench.learn.gradient import Gradient
from benchbench.learn.schedule import LearningRate, SearchedSchedule


@architecture("autoencoder", version=2)
def autoencoder(
    setting: Setting,
    *,
    cell: Cell = "gru",
    code: Positive = 8,
    learning_rate: LearningRate = 3e-3,
    schedule: SearchedSchedule = "cosine",
    warm_up: BelowOne = 0.0,
    clip: NonNegativeFloat = 1.0,
) -> Learner:
    """Recurrent autoencoder: encodes the whole sequence as ``code`` numbers and decodes all outputs from them."""
    return Gradient(
        setting, lambda inputs, width: ThroughCode(cell, inputs, width, code),
        learning_rate=learning_rate, schedule=schedule, warm_up=warm_up, clip=clip,
    )  # fmt: skip


class ThroughCode(nn.Module):
    """A core of an encoder, a linear map of its last state to the code, and a decoder with the code as every input."""

    looks_ahead = True

    def __init__(self, cell: Cell, inputs: int, width: int, code: int) -> None:
        super().__init__()
        self.encoder = cell_of(cell, inputs, width)
        self.code = nn.Linear(width, code)
        self.decoder = cell_of(cell, code, width)

    def forward(self, inputs: Tensor) -> tuple[Tensor, None]:
        """Map (batch, time, inputs) to the states of the decoder, (batch, time, width)."""
        states, _ = self.encoder(inputs)
        code = torch.tanh(self.code(states[:, -1:]))
        return self.decoder(code.expand(-1, inputs.shape[1], -1))[0], None
