"""How far a gradient reaches back in time. Bengio, Simard & Frasconi 1994, IEEE Trans. Neural Netw. 5(2):157."""

import torch
from torch import Tensor

from benchbench.core.problem import Array
from benchbench.learn.device import differentiable
from benchbench.learn.network import Network


def steps_back(network: Network, inputs: Tensor) -> Array | None:
    """The norm of the gradient of the last output with respect to the state so many steps before: (step,).

    ``inputs`` (1, time, feature). The outputs are summed; of an LSTM hidden and cell state count. None where the core
    carries no state, or sees later inputs.
    """
    if network.looks_ahead:
        return None
    states: list[tuple[Tensor, ...]] = []
    outputs, state = inputs, None
    with torch.enable_grad(), differentiable():
        for step in range(inputs.shape[1]):
            outputs, state = network.advance(inputs[:, step : step + 1], state)
            if state is None:
                return None
            states.append(state if isinstance(state, tuple) else (state,))
        states[-1] = (outputs, *states[-1][1:])  # what the last output is made of
        parts = [part for one in states for part in one]
        found = torch.autograd.grad(network.head(outputs).sum(), parts, materialize_grads=True)
    squares = torch.stack([part.double().square().sum() for part in found]).view(len(states), -1).sum(dim=1)
    back: Array = squares.sqrt().flip(0).float().cpu().numpy()
    return back
