"""Long short-term memory. Hochreiter & Schmidhuber 1997, Neural Computation 9(8):1735-1780."""

from torch import nn

from benchbench.core.options import Fraction, NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Learner, Setting
from benchbench.core.registry import architecture
from benchbench.learn.engines import ENGINES, gradient
from benchbench.learn.gradient import Optimizer
from benchbench.learn.initialise import Initialisation, initialise


@architecture("lstm", version=1, engines=ENGINES)
def lstm(
    setting: Setting,
    *,
    layers: Positive = 1,
    dropout: Fraction = 0.0,
    input_init: Initialisation = "xavier_uniform",
    recurrent_init: Initialisation = "orthogonal",
    optimizer: Optimizer = "adam",
    learning_rate: PositiveFloat = 3e-3,
    momentum: Fraction = 0.0,
    clip: NonNegativeFloat = 1.0,
) -> Learner:
    """Long short-term memory (PyTorch's nn.LSTM), forget bias 1 at the start."""

    def core(inputs: int, width: int) -> nn.Module:
        module = nn.LSTM(inputs, width, layers, dropout=dropout, batch_first=True)
        return initialise(module, input_init=input_init, recurrent_init=recurrent_init)

    return gradient(setting, core, learning_rate=learning_rate, optimizer=optimizer, momentum=momentum, clip=clip)
