"""How far gradients reach back in time. Bengio, Simard & Frasconi 1994, IEEE Trans. Neural Netw. 5(2):157."""

import torch
from torch import Tensor

from benchbench.core.problem import Array
from benchbench.learn.device import differentiable
from benchbench.learn.network import Network


def steps_back(network: Network, inputs: Tensor) -> Array | None:
    """The norm of the gradient of the last output with respect to the state 0, 1, 2 ... steps before it, (step,).

    ``inputs`` are one sequence (1, time, feature). Several outputs are summed before the gradient is taken; the state
    of an LSTM includes its cell. Returns None where the core carries no state, or sees later inputs.
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
        states[-1] = (outputs, *states[-1][1:])  # the last output is made of these states
        parts = [part for one in states for part in one]
        found = torch.autograd.grad(network.head(outputs).sum(), parts, materialize_grads=True)
    squares = torch.stack([part.double().square().sum() for part in found]).view(len(states), -1).sum(dim=1)
    back: Array = squares.sqrt().flip(0).float().cpu().numpy()
    return back
