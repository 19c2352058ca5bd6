"""The numbers of a PyTorch network in the engine's layout, where kernels update them and predict with them."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchbench.core.errors import UnsupportedError
from benchbench.core.problem import Array, Setting
from benchbench.learn.native import VERSION
from benchbench.learn.native.cache import Kernels, kernels
from benchbench.learn.native.entries import Step
from benchbench.learn.native.lanes import Batch
from benchbench.learn.native.layout import Layout, layout, trained_numbers
from benchbench.learn.native.variant import Cell, instructions
from benchbench.learn.network import Network
from benchbench.learn.sequences import Lengths

_EQUAL = np.zeros(0, np.int64)  # the lengths where all sequences are equally long


class _Room(NamedTuple):
    """A layout for sequences of a given length, and its memory."""

    layout: Layout
    memory: NDArray[np.float32]


class Engine:
    """Holds the numbers of a PyTorch network, updates them, and predicts with them, all by kernels.

    ``steps`` is the number of steps of the training sequences, ``lengths`` tells whether they differ in length, and
    ``lanes`` is the number of floats in a vector, by default the host's. Raises UnsupportedError that names what the
    kernels do not offer.
    """

    def __init__(
        self, network: Network, setting: Setting, step: Step, *, steps: int, lengths: bool, lanes: int | None = None
    ) -> None:
        self._core, self._learned_start = _core_of(network), len(network.start) > 0
        self._setting, self._step, self._updates = setting, step, 0
        self._kernels = kernels(_cell_of(self._core), lanes)
        self._room = self._made_room(steps, whole=lengths)
        self._other: dict[tuple[int, bool], _Room] = {}
        self.copy_from(network)

    @property
    def kernel(self) -> str:
        """The name of the kernels, for the record."""
        variant = self._kernels.variant
        return f"numba {variant.cell.partition('_')[0]} v{VERSION} {instructions(variant.lanes)}"

    @property
    def finite(self) -> bool:
        """Whether all trained numbers are finite."""
        return bool(np.isfinite(self._numbers).all())

    def copy_from(self, network: Network) -> None:
        """Copy the numbers of a network into the engine."""
        for number, view in self._pairs(network, 0):
            view[...] = number.numpy().reshape(view.shape)

    def copy_to(self, network: Network) -> None:
        """Copy the engine's numbers into a network."""
        for number, view in self._pairs(network, 0):
            number.copy_(torch.from_numpy(view.reshape(number.shape)))

    def gradient(self, network: Network) -> dict[str, Array]:
        """The gradient of the last update: arrays (...,) with the names and shapes of the network's parameters."""
        pairs = self._pairs(network, self._room.layout.value("gradient"))
        names = (name for name, _ in network.named_parameters())
        return {name: view.reshape(number.shape) for name, (number, view) in zip(names, pairs, strict=True)}

    def update(self, batch: Batch, rate: float | None, chosen: NDArray[np.int64] | None = None) -> float:
        """Do an update on a batch, or on the sequences ``chosen`` (n,) from it, and return the loss before it.

        Without a learning rate, it computes the gradient and changes no number.
        """
        places, memory = self._room
        if rate is not None:
            self._updates += 1
        step = (self._step, rate or 0.0, 0 if rate is None else self._updates)
        some = batch.chosen if chosen is None else chosen
        return self._kernels.update(None, memory, places.layers, places.shape, batch, some, *step)

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """The outputs (sequence, scored, output) for inputs (sequence, time, feature) with lengths (sequence,)."""
        answers = np.empty((len(inputs), self._setting.scored, self._setting.outputs), np.float32)
        (places, memory), batch = self._for(inputs, whole=lengths is not None), self.batch(inputs, answers, lengths)
        self._kernels.respond(None, memory, places.layers, places.shape, batch, answers)
        return answers

    def generate(self, prefix: Array, steps: int) -> Array:
        """The steps (sequence, step, output) after a prefix (sequence, time, feature), with outputs as next inputs."""
        made = np.empty((len(prefix), steps, self._setting.outputs), np.float32)
        unscored = np.empty((len(prefix), self._setting.scored, self._setting.outputs), np.float32)
        (places, memory), batch = self._for(prefix, whole=False), self.batch(prefix, unscored)
        self._kernels.generate(None, memory, places.layers, places.shape, batch, made)
        return made

    @property
    def _numbers(self) -> NDArray[np.float32]:
        return self._room.memory[: self._room.layout.value("count")]

    def batch(self, inputs: Array, targets: Array, lengths: Lengths | None = None) -> Batch:
        """Check sequences, and return them in the form that the kernels read, since the kernels check nothing.

        ``inputs`` is (sequence, time, feature), ``targets`` (sequence, scored, output) and ``lengths`` (sequence,).
        Raises ValueError where they do not fit the network.
        """
        setting, steps = self._setting, inputs.shape[1]
        wanted = (len(inputs), setting.scored, setting.outputs)
        if inputs.shape[2] != setting.inputs or targets.shape != wanted or steps < setting.scored:
            raise ValueError(
                f"inputs of shape {inputs.shape} and targets of shape {targets.shape} do not fit {setting}"
            )
        if lengths is not None and not setting.scored <= lengths.min() <= lengths.max() <= steps:
            raise ValueError(f"lengths must lie in {setting.scored}..{steps}")
        ends = _EQUAL if lengths is None else np.ascontiguousarray(lengths, np.int64)
        return Batch(inputs.astype(np.float32, copy=False), targets, ends, _first(len(inputs)))

    def _for(self, inputs: Array, *, whole: bool) -> _Room:
        """A room with the trained numbers, for sequences as long as these; if ``whole``, any step may be scored."""
        steps = inputs.shape[1]
        trained = self._room.layout
        if trained.value("steps") == steps and (not whole or trained.value("window") == steps):
            return self._room
        if (steps, whole) not in self._other:
            self._other = {(steps, whole): self._made_room(steps, whole=whole)}  # only one is kept
        room = self._other[steps, whole]
        room.memory[: len(self._numbers)] = self._numbers
        return room

    def _made_room(self, steps: int, *, whole: bool) -> _Room:
        setting, variant = self._setting, self._kernels.variant
        made = layout(
            variant,
            features=setting.inputs,
            units=max(setting.width, variant.tile),
            outputs=setting.outputs,
            layers=self._core.num_layers,
            learned_start=self._learned_start,
            steps=steps,
            window=steps if whole else setting.scored,
        )
        return _Room(made, made.memory())

    def _pairs(self, network: Network, start: int) -> Iterator[tuple[Tensor, NDArray[np.float32]]]:
        """Pairs of each parameter of the network and its part of the memory, without padding."""
        setting, (places, memory) = self._setting, self._room
        plain, _, _ = trained_numbers(
            self._kernels.variant,
            features=setting.inputs,
            units=setting.width,
            outputs=setting.outputs,
            layers=self._core.num_layers,
            learned_start=self._learned_start,
        )
        views = places.views(memory, start)
        for name, number in network.named_parameters():
            _, shape = plain[name]
            yield number.detach(), views[name][tuple(slice(0, size) for size in shape)]


@cache
def _first(count: int) -> NDArray[np.int64]:
    return np.arange(count)


def prepare(network: Network) -> Kernels:
    """The kernels for a network, compiled if the cache does not have them; UnsupportedError where there are none."""
    return kernels(_cell_of(_core_of(network)))


def _core_of(network: Network) -> nn.RNNBase:
    """The core of a network; UnsupportedError unless it is one of PyTorch's own that the kernels can carry out."""
    core = network.core
    if type(core) not in {nn.RNN, nn.GRU, nn.LSTM} or not isinstance(core, nn.RNNBase):
        raise UnsupportedError(
            "the engine numba carries out nn.RNN, nn.GRU and nn.LSTM, and this core is another module"
        )
    wrong = {
        "both directions": core.bidirectional,
        "a missing bias": not core.bias,
        "projections": core.proj_size,
    }
    for what, there in wrong.items():
        if there:
            raise UnsupportedError(f"the engine numba has no cores with {what}")
    return core


def _cell_of(core: nn.RNNBase) -> Cell:
    cells: dict[str, Cell] = {"RNN_TANH": "rnn_tanh", "RNN_RELU": "rnn_relu", "GRU": "gru", "LSTM": "lstm"}
    return cells[core.mode]
