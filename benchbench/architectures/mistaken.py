"""A simple recurrent network with one of the mistakes of course code, to be seen beside the right one."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from benchbench.core.errors import UnsupportedError
from benchbench.core.options import NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Learner, Setting, Split
from benchbench.core.registry import architecture
from benchbench.learn.gradient import Gradient, Optimizer
from benchbench.learn.initialise import initialise

Mistake = Literal["none", "feature_axis", "broadcast", "reference", "state_left_over"]


@architecture("mistaken", version=1)
def mistaken(
    setting: Setting,
    *,
    mistake: Mistake = "none",
    nonlinearity: Literal["tanh", "relu"] = "tanh",
    dense_after: tuple[Positive, ...] = (),
    optimizer: Optimizer = "adam",
    learning_rate: PositiveFloat = 3e-3,
    clip: NonNegativeFloat = 1.0,
) -> Learner:
    """Simple recurrent network with a mistake, such as a window on the feature axis or a broadcast loss."""

    def core(inputs: int, width: int) -> nn.Module:
        given = inputs * setting.length if mistake == "feature_axis" else inputs
        module = nn.RNN(given, width, nonlinearity=nonlinearity, batch_first=True)
        initialise(module, input_init="xavier_uniform", recurrent_init="orthogonal")
        wrapped = {"feature_axis": OneStep, "state_left_over": LeftOver}.get(mistake)
        return wrapped(module) if wrapped else module

    return Mistaken(
        setting, mistake, core,
        dense_after=dense_after, optimizer=optimizer, learning_rate=learning_rate, clip=clip,
    )  # fmt: skip


class Mistaken(Gradient):
    """A gradient learner that goes wrong."""

    def __init__(self, setting: Setting, mistake: Mistake, *args: Any, **options: Any) -> None:
        super().__init__(setting, *args, **options)
        self._mistake = mistake

    def prepare(self, train: Split) -> None:
        """UnsupportedError where the mistake cannot be made."""
        if self._mistake == "feature_axis" and (train.scored > 1 or train.lengths is not None):
            raise UnsupportedError("a window on the feature axis is one step: sequences of one length, one scored step")

    def _loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """With ``broadcast``: each output against every target, as (N,) against (N, 1) gives."""
        if self._mistake == "broadcast" and not self.setting.objective.classifies:
            return (outputs.flatten()[None, :] - targets.flatten()[:, None]).square().mean()
        return super()._loss(outputs, targets)

    def _copied(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """With ``reference``: the very tensors that training goes on to change."""
        return weights if self._mistake == "reference" else super()._copied(weights)


class OneStep(nn.Module):
    """The whole window as the features of a single step: nothing is recurrent any more."""

    def __init__(self, module: nn.RNN) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: Tensor) -> tuple[Tensor, None]:
        """Map (batch, time, inputs) to states (batch, time, unit), all of them that of the one step."""
        return self.module(inputs.flatten(1)[:, None])[0].expand(-1, inputs.shape[1], -1), None


class LeftOver(nn.Module):
    """The state is not set before a batch: it is what the batch before has left."""

    def __init__(self, module: nn.RNN) -> None:
        super().__init__()
        self.module = module
        self.left: Tensor | None = None

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map (batch, time, inputs) and a state to states and the last one."""
        if state is None and self.left is not None:
            state = self.left[:, torch.arange(len(inputs)) % self.left.shape[1]]
        states, last = self.module(inputs, state)
        self.left = last.detach().clone()
        return states, last
