"""Initial weights of PyTorch's recurrent modules, chosen separately for input and recurrent weights."""

from collections.abc import Callable
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

from benchbench.core.errors import InputError

Initialisation = Literal[
    "uniform",
    "normal",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
    "identity",
]
RecurrentInitialisation = Literal[Initialisation, "reservoir"]
Module = TypeVar("Module", bound=nn.RNNBase)

_LINKS, _RADIUS = 15, 1.1  # links into each unit, and spectral radius, of initial weights like a reservoir's


def _reservoir(weight: Tensor) -> Tensor:
    """Fill with 15 links into each unit, scaled to a spectral radius of 1.1; Sutskever et al. 2013, ICML, sec. 4.1."""
    width = len(weight)
    nn.init.normal_(weight)
    if width > _LINKS:
        cut = torch.rand(width, width).argsort(dim=1).argsort(dim=1) >= _LINKS
        weight[cut] = 0
    return weight.mul_(_RADIUS / torch.linalg.eigvals(weight).abs().max())


_FILL: dict[str, Callable[[Tensor], Tensor]] = {
    "uniform": lambda weight: nn.init.uniform_(weight, -(weight.shape[0] ** -0.5), weight.shape[0] ** -0.5),
    "normal": lambda weight: nn.init.normal_(weight, std=weight.shape[0] ** -0.5),
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "kaiming_normal": nn.init.kaiming_normal_,
    "orthogonal": nn.init.orthogonal_,
    "identity": nn.init.eye_,
    "reservoir": _reservoir,
}


def initialise(
    module: Module, *, input_init: Initialisation, recurrent_init: RecurrentInitialisation, forget_bias: float = 1.0
) -> Module:
    """Fill the weights of an nn.RNN, nn.LSTM or nn.GRU, gate by gate, set the biases to zero, and return the module.

    The two forget biases of an LSTM sum to ``forget_bias`` (Jozefowicz et al. 2015). ``uniform`` and ``normal`` have
    the scale 1 / sqrt(width), as PyTorch's default has. Raises InputError for dropout in a module of one layer.
    """
    if module.dropout and module.num_layers == 1:
        raise InputError("dropout: acts between layers, and there is one layer; give layers = 2 or more")
    width = module.hidden_size
    for name, parameter in module.named_parameters():
        if parameter.is_meta:  # the module is made to count its numbers, and has no memory for them
            continue
        weight = parameter.detach()
        if "bias" in name:
            weight.zero_()
            if module.mode == "LSTM" and "bias_ih" in name:
                weight[width : 2 * width] = forget_bias
            continue
        fill = _FILL[input_init if "weight_ih" in name else recurrent_init]
        for gate in weight.view(-1, width, weight.shape[1]):
            fill(gate)
    return module
