"""Scheduled sampling: training with the network's own outputs as inputs. Bengio et al. 2015, arXiv:1506.03099."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchbench.core.closed_loop import require_own_input
from benchbench.core.errors import UnsupportedError
from benchbench.core.options import BelowOne, Fraction, NonNegativeFloat, Positive
from benchbench.core.problem import Learner, Setting, Split
from benchbench.core.registry import architecture
from benchbench.learn.cells import Cell, cell_of
from benchbench.learn.gradient import Batch, Gradient
from benchbench.learn.network import Network
from benchbench.learn.schedule import LearningRate, SearchedSchedule


@architecture("scheduled_sampling", version=2)
def scheduled_sampling(
    setting: Setting,
    *,
    cell: Cell = "rnn",
    layers: Positive = 1,
    chance: Fraction = 0.5,
    growth: Fraction = 0.1,
    every: Positive = 100,
    most: Fraction = 0.85,
    learning_rate: LearningRate = 1e-3,
    schedule: SearchedSchedule = "cosine",
    warm_up: BelowOne = 0.0,
    clip: NonNegativeFloat = 1.0,
) -> Learner:
    """Recurrent network trained with its own output as the next input, with a probability that grows."""
    chances = Chances(chance, growth, every, most)
    return Sampled(
        setting, chances, lambda inputs, width: cell_of(cell, inputs, width, layers),
        learning_rate=learning_rate, schedule=schedule, warm_up=warm_up, clip=clip,
    )  # fmt: skip


@dataclass(frozen=True)
class Chances:
    """The probability that the network's own output is the next input.

    It starts at ``chance`` and grows by ``growth`` after every ``every`` updates, up to ``most``.
    """

    chance: float
    growth: float
    every: int
    most: float

    def at(self, update: int) -> float:
        """The probability at an update, counted from 0."""
        return min(self.chance + self.growth * (update // self.every), self.most)


class Sampled(Gradient):
    """A gradient learner trained by scheduled sampling.

    After the first step, each input of each sequence is drawn: the true input, or the output of the step before.
    """

    def __init__(self, setting: Setting, chances: Chances, *args: Any, **options: Any) -> None:
        super().__init__(setting, *args, **options)
        self._chances = chances
        self._update = 0

    def prepare(self, train: Split) -> None:
        """Start the probabilities again.

        Raises UnsupportedError where outputs cannot be the next inputs, or the targets are not the next inputs.
        """
        require_own_input(self.setting)
        if train.lengths is not None or train.scored == 1:
            raise UnsupportedError("own outputs as inputs take sequences of one length with more than one scored step")
        if not np.array_equal(train.inputs[:, 1 - train.scored :], train.targets[:, :-1]):
            raise UnsupportedError("own outputs cannot be the next inputs: the targets are not one step ahead of them")
        self._update = 0

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        """The outputs (batch, scored, output) for a batch in training, computed step by step."""
        true = self._tensor(batch.inputs)
        own = torch.rand(true.shape[:2], device=true.device) < self._chances.at(self._update)
        self._update += 1
        given, state, made = true[:, :1], None, list[Tensor]()
        for step in range(1, true.shape[1] + 1):
            states, state = network.advance(given, state)
            made.append(network.head(states))
            if step < true.shape[1]:
                given = torch.where(own[:, step, None, None], made[-1], true[:, step : step + 1])
        return torch.cat(made, dim=1)[:, -self.setting.scored :]
