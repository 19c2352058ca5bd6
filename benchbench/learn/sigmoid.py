"""A simple recurrent network with logistic units, computed by PyTorch's kernel for tanh units."""

from typing import Any

import torch
from torch import Tensor, nn

from benchbench.core.errors import UnsupportedError


class SigmoidRNN(nn.RNN):
    """``nn.RNN(..., batch_first=True)`` with logistic units: h = s(W x + U h' + b), s being the logistic function.

    Since s(a) = (1 + tanh(a / 2)) / 2, the states g = 2 h - 1 are those of a tanh network with the weights W / 2 and
    U / 4 and the bias b / 2 + U 1 / 4.
    """

    def forward(self, inputs: Any, state: Any = None) -> tuple[Any, Tensor]:
        """Map inputs (batch, time, feature) and a state to states (batch, time, unit) and the last state.

        Both states are (layers x directions, batch, unit). Raises UnsupportedError for packed sequences.
        """
        if not isinstance(inputs, Tensor):
            raise UnsupportedError("logistic units are not offered for packed sequences of different length")
        sides = 2 if self.bidirectional else 1
        if state is None:
            state = inputs.new_zeros(self.num_layers * sides, len(inputs), self.hidden_size)
        ends = []
        for layer in range(self.num_layers):
            given = nn.functional.dropout(inputs, self.dropout, self.training) if layer else inputs
            weights = [weight for side in ("", "_reverse")[:sides] for weight in self._as_tanh(f"l{layer}{side}")]
            start = 2 * state[layer * sides : (layer + 1) * sides] - 1
            made, end = torch.rnn_tanh(
                given, start, weights, True, 1, 0.0, self.training, self.bidirectional, True
            )  # fmt: skip
            inputs = (made + 1) / 2
            ends.append((end + 1) / 2)
        return inputs, torch.cat(ends)

    def _as_tanh(self, which: str) -> list[Tensor]:
        """The weights and biases of the equivalent tanh network, for one layer and direction."""
        into, across = getattr(self, f"weight_ih_{which}"), getattr(self, f"weight_hh_{which}")
        offset = across.sum(dim=1) / 4
        if not self.bias:
            return [into / 2, across / 4, torch.zeros_like(offset), offset]
        return [
            into / 2,
            across / 4,
            getattr(self, f"bias_ih_{which}") / 2,
            getattr(self, f"bias_hh_{which}") / 2 + offset,
        ]
