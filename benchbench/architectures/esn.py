"""Echo state network: a fixed leaky reservoir and a trained linear readout. Jaeger 2001, GMD Report 148."""

import numpy as np
import torch
from torch import Tensor

from benchbench.core.meter import Meter
from benchbench.core.options import Fraction, NonNegativeFloat, PositiveFloat
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.core.seeds import stream
from benchbench.learn.device import tensor
from benchbench.learn.readout import fit_readout, predict_readout

_CHUNK = 512  # sequences driven as one batch: one matrix product a step for all of them
_CHUNK_NUMBERS = 2**22  # states held at once


@architecture("esn", version=1)
def esn(
    setting: Setting,
    *,
    spectral_radius: PositiveFloat = 0.95,
    leak: Fraction = 0.5,
    input_scaling: PositiveFloat = 0.5,
    bias: NonNegativeFloat = 0.2,
    density: Fraction = 0.1,
) -> Learner:
    """Echo state network: leaky reservoir, ridge readout; density 1 is a dense reservoir."""
    return EchoState(
        setting, spectral_radius=spectral_radius, leak=leak, input_scaling=input_scaling, bias=bias, density=density
    )


class EchoState:
    """x <- (1 - leak) x + leak tanh(W x + V u + b), read out linearly (Jaeger et al. 2007, Neural Networks 20:335)."""

    def __init__(
        self,
        setting: Setting,
        *,
        spectral_radius: float,
        leak: float,
        input_scaling: float,
        bias: float,
        density: float,
    ) -> None:
        width = setting.width
        self._setting = setting
        self._spectral_radius, self._leak = spectral_radius, leak
        self._input_scaling, self._bias = input_scaling, bias
        self._links = min(width**2, max(width, round(density * width**2)))
        fixed = self._links + width * setting.inputs + width
        self.size = Size(trained=(width + 1) * setting.outputs, fixed=fixed)

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Drive the reservoir, a chunk of sequences an update, and solve the readout from what the budget allowed."""
        self._draw()
        self._solution = fit_readout(self.states, train, valid, meter, chunk=self._chunk, device=self._setting.device)

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output)."""
        return predict_readout(self._solution, self.states, inputs, chunk=self._chunk)

    def states(self, inputs: Array) -> Tensor:
        """The last ``scored`` states of each sequence: (sequence, scored, width), from a zero initial state."""
        device, scored = self._setting.device, self._setting.scored
        steps = tensor(inputs.transpose(1, 0, 2), device)
        state = torch.zeros(inputs.shape[0], self._setting.width, device=device)
        kept = []
        for t, step in enumerate(steps):
            drive = torch.addmm(torch.addmm(self._offset, step, self._input), state, self._recurrent)
            state = torch.lerp(state, drive.tanh_(), self._leak)
            if t >= len(steps) - scored:
                kept.append(state)
        return torch.stack(kept, dim=1)

    def _draw(self) -> None:
        """Weights of the reservoir; sparse ones are held dense, since one dense product serves all sequences."""
        rng, width = stream(self._setting.seed, "reservoir"), self._setting.width
        radius = 0.0
        while radius < 1e-6:  # a very small graph may have no cycle
            recurrent = np.zeros((width, width))
            recurrent.flat[rng.choice(width**2, self._links, replace=False)] = rng.uniform(-1, 1, self._links)
            radius = float(np.abs(np.linalg.eigvals(recurrent)).max())
        self._recurrent = self._tensor(recurrent * (self._spectral_radius / radius))
        self._input = self._tensor(rng.uniform(-1, 1, (self._setting.inputs, width)) * self._input_scaling)
        self._offset = self._tensor(rng.uniform(-1, 1, width) * self._bias)

    @property
    def _chunk(self) -> int:
        return max(1, min(_CHUNK, _CHUNK_NUMBERS // (self._setting.scored * self._setting.width)))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return tensor(array.astype(np.float32), self._setting.device)
