"""A PyTorch network of a recurrent core and a linear head, and the name of the code that carries it out."""

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
    """A network of a recurrent core and a linear head over its last ``scored`` states.

    ``before`` and ``after`` are the widths of dense layers of rectified linear units between the inputs and the core,
    and between the core and the head. With ``learned_start``, the initial state is trained, starting from zeros; this
    raises UnsupportedError where the core is not one of PyTorch's own.
    """

    def __init__(
        self,
        core: Core,
        setting: Setting,
        *,
        before: tuple[int, ...] = (),
        after: tuple[int, ...] = (),
        learned_start: bool = False,
    ) -> None:
        super().__init__()
        self.before = _dense(setting.inputs, before)
        given = before[-1] if before else setting.inputs
        self.core = core(given, setting.width)
        require_form(self.core)
        size = _state_size(self.core, core, given, setting.width)
        last = nn.Linear(after[-1] if after else size, setting.outputs)
        self.head = nn.Sequential(*_dense(size, after), last) if after else last
        self.start = _start(self.core) if learned_start else nn.ParameterList()
        self.scored = setting.scored
        self._classifies = setting.objective.classifies
        self.both_ways = any(isinstance(part, nn.RNNBase) and part.bidirectional for part in self.core.modules())
        self.looks_ahead = self.both_ways or bool(getattr(self.core, "looks_ahead", False))

    def forward(self, inputs: Tensor, lengths: Lengths | None = None) -> Tensor:
        """Map inputs (batch, time, feature) to outputs (batch, scored, output), which are logits for classes."""
        outputs: Tensor = self.head(self._last(self.states(inputs, lengths), lengths))
        return outputs

    def advance(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Run the core on inputs (batch, time, feature), from ``state`` or from the start of a sequence.

        Returns the states (batch, time, unit) and the state that the core ends in, None where it carries none.
        """
        return call(self.core, self.before(inputs), self._start(len(inputs)) if state is None else state)

    def _start(self, batch: int) -> Any:
        """The initial state of ``batch`` sequences where it is learned, else None."""
        learned = tuple(part.expand(-1, batch, -1).contiguous() for part in self.start)
        if not learned:
            return None
        return learned if len(learned) > 1 else learned[0]

    def states(self, inputs: Tensor, lengths: Lengths | None = None) -> Tensor:
        """The states (batch, time, unit) of the core for inputs (batch, time, feature).

        With ``lengths`` (batch,), the core sees zeros as padding, and the states after each end have no meaning. A core
        that also runs backward must not start in the padding, so PyTorch's own cores get packed sequences. Raises
        UnsupportedError where a bidirectional module is part of another module, which cannot take lengths.
        """
        if lengths is not None:
            behind = torch.from_numpy(padding(lengths, inputs.shape[1])).to(inputs.device)
            inputs = inputs.masked_fill(behind[:, :, None], 0.0)
            if self.looks_ahead:
                return self._packed(inputs, lengths)
        return self.advance(inputs)[0]

    def _packed(self, inputs: Tensor, lengths: Lengths) -> Tensor:
        if not isinstance(self.core, nn.RNNBase):
            raise UnsupportedError("a bidirectional module inside the core would start in the padding of a sequence")
        ends = torch.from_numpy(lengths.astype("int64"))
        packed = pack_padded_sequence(self.before(inputs), ends, batch_first=True, enforce_sorted=False)
        states, _ = self.core(packed, self._start(len(inputs)))
        return pad_packed_sequence(states, batch_first=True, total_length=inputs.shape[1])[0]

    def predictions_of(self, outputs: Tensor) -> Tensor:
        """Convert outputs (batch, scored, output) to predictions: probabilities where classes are asked for."""
        return outputs.softmax(dim=-1) if self._classifies else outputs

    def _last(self, states: Tensor, lengths: Lengths | None) -> Tensor:
        """The states at the scored steps: (batch, scored, unit)."""
        if lengths is None:
            return states[:, -self.scored :]
        steps = torch.from_numpy(last_steps(lengths, self.scored)).to(states.device)
        return states[torch.arange(len(states), device=states.device)[:, None], steps]


def _dense(inputs: int, widths: tuple[int, ...]) -> nn.Sequential:
    """Dense layers of rectified linear units; without ``widths``, a module that returns its inputs."""
    pairs = zip((inputs, *widths), widths, strict=False)
    return nn.Sequential(*(part for given, made in pairs for part in (nn.Linear(given, made), nn.ReLU())))


def _start(core: nn.Module) -> nn.ParameterList:
    """The initial state as parameters (layers x directions, 1, unit): two arrays for an LSTM."""
    if not isinstance(core, nn.RNNBase):
        raise UnsupportedError("a learned initial state takes one of PyTorch's own cores")
    count = core.num_layers * (2 if core.bidirectional else 1)
    sizes = [core.proj_size or core.hidden_size, *([core.hidden_size] if core.mode == "LSTM" else [])]
    return nn.ParameterList(nn.Parameter(torch.zeros(count, 1, size)) for size in sizes)


def _state_size(module: nn.Module, core: Core, inputs: int, width: int) -> int:
    """The number of units in the states of a core, found by running it on PyTorch's device "meta", without numbers.

    A core that fails there is taken to have as many units as its width, as Gradient asks for. Raises FormError where
    the core returns values of another form.
    """
    if type(module) in _VENDORS:
        return int(module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)  # type: ignore[arg-type]
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), torch.no_grad():
            states, _ = call(core(inputs, width).eval(), torch.empty(2, 3, inputs))
            return int(states.shape[-1])
    except FormError:
        raise
    except Exception:  # any error of the core's own code comes up again at its first real step
        return width


def kernel_of(network: Network, device: str, *, lengths: bool) -> str:
    """The name of the code that PyTorch chooses for the core in float32; ``lengths`` tells whether lengths vary.

    On the CPU, oneDNN has an LSTM, but not for packed sequences and not with projections (ATen/native/RNN.cpp); for
    all other cores ATen loops over the steps.
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
