"""A torch network of a recurrent core and a linear head, and the name of the code that carries it out."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchbench.core.errors import FormError, UnsupportedError
from benchbench.core.problem import Setting
from benchbench.learn.core_call import call, require_form
from benchbench.learn.device import accelerated_kernel
from benchbench.learn.sequences import Lengths, last_steps, padding

Core = Callable[[int, int], nn.Module]

_VENDORS = (nn.RNN, nn.LSTM, nn.GRU)


class Network(nn.Module):
    """A recurrent core and a linear readout of its last ``scored`` states."""

    def __init__(self, core: Core, setting: Setting) -> None:
        super().__init__()
        self.core = core(setting.inputs, setting.width)
        require_form(self.core)
        self.head = nn.Linear(_state_size(self.core, core, setting), setting.outputs)
        self.scored = setting.scored
        self._classifies = setting.objective.classifies
        self.both_ways = any(isinstance(part, nn.RNNBase) and part.bidirectional for part in self.core.modules())

    def forward(self, inputs: Tensor, lengths: Lengths | None = None) -> Tensor:
        """Map (batch, time, inputs) to (batch, scored, outputs): logits where classes are asked for."""
        outputs: Tensor = self.head(self._last(self.states(inputs, lengths), lengths))
        return outputs

    def states(self, inputs: Tensor, lengths: Lengths | None = None) -> Tensor:
        """The states of the core, (batch, time, unit).

        With ``lengths`` the padding is zero for the core, and behind each end the states mean nothing. A core that runs
        backward too must not start in the padding: PyTorch's own are given packed sequences. UnsupportedError where
        such a core stands inside another module, which knows of no lengths.
        """
        if lengths is not None:
            behind = torch.from_numpy(padding(lengths, inputs.shape[1])).to(inputs.device)
            inputs = inputs.masked_fill(behind[:, :, None], 0.0)
            if self.both_ways:
                return self._packed(inputs, lengths)
        return self.advance(inputs)[0]

    def advance(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """States (batch, time, unit), and the state that the core ends in; None where it carries none."""
        return call(self.core, inputs, state)

    def _packed(self, inputs: Tensor, lengths: Lengths) -> Tensor:
        if not isinstance(self.core, nn.RNNBase):
            raise UnsupportedError("a bidirectional module inside the core would start in the padding of a sequence")
        ends = torch.from_numpy(lengths.astype("int64"))
        packed = pack_padded_sequence(inputs, ends, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.core(packed)[0], batch_first=True, total_length=inputs.shape[1])[0]

    def answers(self, outputs: Tensor) -> Tensor:
        """Outputs as predictions: probabilities where classes are asked for."""
        return outputs.softmax(dim=-1) if self._classifies else outputs

    def _last(self, states: Tensor, lengths: Lengths | None) -> Tensor:
        """The states at the scored steps: (batch, scored, unit)."""
        if lengths is None:
            return states[:, -self.scored :]
        steps = torch.from_numpy(last_steps(lengths, self.scored)).to(states.device)
        return states[torch.arange(len(states), device=states.device)[:, None], steps]


def _state_size(module: nn.Module, core: Core, setting: Setting) -> int:
    """How many numbers a state of the core has: those of a few steps of shapes without numbers.

    A core that cannot be carried out so has states as wide as its width, as Gradient asks for. FormError where it
    returns something else than a core does.
    """
    if type(module) in _VENDORS:
        return int(module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)  # type: ignore[arg-type]
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), torch.no_grad():
            states, _ = call(core(setting.inputs, setting.width).eval(), torch.empty(2, 3, setting.inputs))
            return int(states.shape[-1])
    except FormError:
        raise
    except Exception:  # the core's own code: whatever it raises here, its first real step will tell
        return setting.width


def kernel_of(network: Network, device: str, *, lengths: bool) -> str:
    """The name of the code that carries out the core, as PyTorch chooses it in float32; ``lengths``: whether they vary.

    On the CPU oneDNN has an LSTM, but neither of packed sequences nor with projections (ATen/native/RNN.cpp); for
    everything else ATen loops over the steps.
    """
    core = network.core
    if type(core) not in _VENDORS:
        return "torch module"
    if device != "cpu":
        return accelerated_kernel()
    packed = lengths and network.both_ways
    plain_lstm = isinstance(core, nn.LSTM) and not packed and not core.proj_size
    return "oneDNN LSTM" if plain_lstm and _onednn() else "ATen loop"


def _onednn() -> bool:
    mkldnn = torch.backends.mkldnn
    there: bool = mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and bool(getattr(mkldnn, "enabled", True))
