"""Gated recurrent unit. Cho et al. 2014, arXiv:1406.1078."""

from torch import nn

from benchbench.core.options import BelowOne, Fraction, NonNegativeFloat, Positive
from benchbench.core.problem import Learner, Setting
from benchbench.core.registry import architecture
from benchbench.learn.engines import ENGINES, gradient
from benchbench.learn.gradient import ClassWeights, FreeRunBy, InitialState, Optimizer
from benchbench.learn.initialise import Initialisation, RecurrentInitialisation, initialise
from benchbench.learn.schedule import LearningRate, SearchedSchedule


@architecture("gru", version=2, engines=ENGINES)
def gru(
    setting: Setting,
    *,
    layers: Positive = 1,
    dropout: Fraction = 0.0,
    bidirectional: bool = False,
    bias: bool = True,
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
    """Gated recurrent unit (PyTorch's nn.GRU)."""

    def core(inputs: int, width: int) -> nn.Module:
        module = nn.GRU(
            inputs, width, layers, dropout=dropout, bias=bias, bidirectional=bidirectional, batch_first=True
        )
        return initialise(module, input_init=input_init, recurrent_init=recurrent_init)

    return gradient(
        setting, core,
        dense_before=dense_before, dense_after=dense_after, initial_state=initial_state, free_run=free_run,
        learning_rate=learning_rate, schedule=schedule, warm_up=warm_up,
        optimizer=optimizer, momentum=momentum, clip=clip, class_weights=class_weights,
    )  # fmt: skip
