"""PyTorch's recurrent modules by name, for architectures that are built around a recurrent module."""

from typing import Literal

from torch import nn

from benchbench.learn.initialise import initialise

Cell = Literal["rnn", "lstm", "gru"]

_MODULES: dict[Cell, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def cell_of(cell: Cell, inputs: int, width: int, layers: int = 1) -> nn.RNNBase:
    """Make a recurrent module with Xavier input weights, orthogonal recurrent weights and a forget bias of 1."""
    module = _MODULES[cell](inputs, width, layers, batch_first=True)  # type: ignore[arg-type]
    return initialise(module, input_init="xavier_uniform", recurrent_init="orthogonal")
