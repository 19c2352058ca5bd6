"""A simple recurrent network with a mistake from course code, for comparison with the correct network."""

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
        dense_after=dense_after, optimizer=optimizer, learning_rate=learning_rate, schedule="constant", clip=clip,
    )  # fmt: skip


class Mistaken(Gradient):
    """A gradient learner that makes one mistake on purpose."""

    def __init__(self, setting: Setting, mistake: Mistake, *args: Any, **options: Any) -> None:
        super().__init__(setting, *args, **options)
        self._mistake = mistake

    def prepare(self, train: Split) -> None:
        """Raise UnsupportedError for a training split on which the mistake cannot be made."""
        if self._mistake == "feature_axis" and (train.scored > 1 or train.lengths is not None):
            raise UnsupportedError("a window on the feature axis is one step: sequences of one length, one scored step")

    def _loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """With "broadcast", compare each output with every target, as arrays (N,) and (N, 1) are broadcast."""
        if self._mistake == "broadcast" and not self.setting.objective.classifies:
            return (outputs.flatten()[None, :] - targets.flatten()[:, None]).square().mean()
        return super()._loss(outputs, targets)

    def _copied(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """With "reference", return the tensors themselves, which training goes on to change."""
        return weights if self._mistake == "reference" else super()._copied(weights)


class OneStep(nn.Module):
    """A core that takes the whole window as the features of a single step, so that nothing is recurrent."""

    def __init__(self, module: nn.RNN) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: Tensor) -> tuple[Tensor, None]:
        """Map inputs (batch, time, feature) to states (batch, time, unit), which are equal at all steps."""
        return self.module(inputs.flatten(1)[:, None])[0].expand(-1, inputs.shape[1], -1), None


class LeftOver(nn.Module):
    """A core that does not reset its state before a batch, but starts from the last state of the batch before."""

    def __init__(self, module: nn.RNN) -> None:
        super().__init__()
        self.module = module
        self.left: Tensor | None = None

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map inputs (batch, time, feature) and a state to states (batch, time, unit) and the last state.

        Both states are (1, batch, unit).
        """
        if state is None and self.left is not None:
            state = self.left[:, torch.arange(len(inputs)) % self.left.shape[1]]
        states, last = self.module(inputs, state)
        self.left = last.detach().clone()
        return states, last
