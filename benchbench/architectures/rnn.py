"""Simple recurrent network. Elman 1990, Cognitive Science 14(2):179-211."""

from typing import Literal

from torch import nn

from benchbench.core.options import BelowOne, Fraction, NonNegativeFloat, Positive
from benchbench.core.problem import Learner, Setting
from benchbench.core.registry import architecture
from benchbench.learn.engines import ENGINES, gradient
from benchbench.learn.gradient import ClassWeights, FreeRunBy, InitialState, Optimizer
from benchbench.learn.initialise import Initialisation, RecurrentInitialisation, initialise
from benchbench.learn.schedule import LearningRate, SearchedSchedule
from benchbench.learn.sigmoid import SigmoidRNN


@architecture("rnn", version=2, engines=ENGINES)
def rnn(
    setting: Setting,
    *,
    layers: Positive = 1,
    dropout: Fraction = 0.0,
    bidirectional: bool = False,
    bias: bool = True,
    nonlinearity: Literal["tanh", "relu", "sigmoid"] = "tanh",
    dense_before: tuple[Positive, ...] = (),
    dense_after: tuple[Positive, ...] = (),
    initial_state: InitialState = "zeros",
    free_run: FreeRunBy = "state",
    input_init: Initialisation = "xavier_uniform",
    recurrent_init: RecurrentInitialisation = "orthogonal",
    optimizer: Optimizer = "adam",
    learning_rate: LearningRate = 3e-3,
    schedule: SearchedSchedule = "cosine",
    warm_up: BelowOne = 0.0,
    momentum: Fraction = 0.0,
    clip: NonNegativeFloat = 1.0,
    class_weights: ClassWeights = "equal",
) -> Learner:
    """Simple recurrent network (PyTorch's nn.RNN); the kernel for tanh units also computes sigmoid units."""

    def core(inputs: int, width: int) -> nn.Module:
        form = {"dropout": dropout, "bias": bias, "bidirectional": bidirectional, "batch_first": True}
        if nonlinearity == "sigmoid":
            module: nn.RNN = SigmoidRNN(inputs, width, layers, **form)
        else:
            module = nn.RNN(inputs, width, layers, nonlinearity=nonlinearity, **form)
        return initialise(module, input_init=input_init, recurrent_init=recurrent_init)

    return gradient(
        setting, core,
        dense_before=dense_before, dense_after=dense_after, initial_state=initial_state, free_run=free_run,
        learning_rate=learning_rate, schedule=schedule, warm_up=warm_up,
        optimizer=optimizer, momentum=momentum, clip=clip, class_weights=class_weights,
    )  # fmt: skip
