"""A torch network's numbers in the engine's layout: updated there, and asked there."""

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

_EQUAL = np.zeros(0, np.int64)  # the lengths of sequences that are equally long


class _Room(NamedTuple):
    """A memory for sequences of so many steps, all of which may be scored, or only the last."""

    layout: Layout
    memory: NDArray[np.float32]


class Engine:
    """Holds, updates and asks the numbers of a torch network, which must be one that the kernels know.

    ``steps`` of the sequences to be learnt from, and whether they differ in their ``lengths``; ``lanes`` of a vector,
    by default the host's. UnsupportedError names what the kernels do not do.
    """

    def __init__(
        self, network: Network, setting: Setting, step: Step, *, steps: int, lengths: bool, lanes: int | None = None
    ) -> None:
        self._core, self._learned_start = _core_of(network), len(network.start) > 0
        self._setting, self._step, self._updates = setting, step, 0
        self._kernels = kernels(_cell_of(self._core), lanes)
        self._room = self._made_room(steps, whole=lengths)
        self._other: dict[tuple[int, bool], _Room] = {}
        self.take(network)

    @property
    def kernel(self) -> str:
        """The name of the code, for the record."""
        variant = self._kernels.variant
        return f"numba {variant.cell.partition('_')[0]} v{VERSION} {instructions(variant.lanes)}"

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""
        return bool(np.isfinite(self._numbers).all())

    def take(self, network: Network) -> None:
        """Take the numbers of a network."""
        for number, view in self._pairs(network, 0):
            view[...] = number.numpy().reshape(view.shape)

    def give(self, network: Network) -> None:
        """Give a network the numbers."""
        for number, view in self._pairs(network, 0):
            number.copy_(torch.from_numpy(view.reshape(number.shape)))

    def gradient(self, network: Network) -> dict[str, Array]:
        """The gradient that the last update found, by the names and in the shapes of the network's numbers."""
        pairs = self._pairs(network, self._room.layout.value("gradient"))
        names = (name for name, _ in network.named_parameters())
        return {name: view.reshape(number.shape) for name, (number, view) in zip(names, pairs, strict=True)}

    def update(self, batch: Batch, rate: float | None, chosen: NDArray[np.int64] | None = None) -> float:
        """Do an update on a batch, or on sequences ``chosen`` from it; gives the loss before it.

        Without a rate it computes the gradient alone.
        """
        places, memory = self._room
        if rate is not None:
            self._updates += 1
        step = (self._step, rate or 0.0, 0 if rate is None else self._updates)
        some = batch.chosen if chosen is None else chosen
        return self._kernels.update(None, memory, places.layers, places.shape, batch, some, *step)

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """The outputs for sequences: (sequence, scored, output)."""
        answers = np.empty((len(inputs), self._setting.scored, self._setting.outputs), np.float32)
        (places, memory), batch = self._for(inputs, whole=lengths is not None), self.batch(inputs, answers, lengths)
        self._kernels.respond(None, memory, places.layers, places.shape, batch, answers)
        return answers

    def generate(self, prefix: Array, steps: int) -> Array:
        """What follows on sequences when outputs are the next inputs: (sequence, step, output)."""
        made = np.empty((len(prefix), steps, self._setting.outputs), np.float32)
        unscored = np.empty((len(prefix), self._setting.scored, self._setting.outputs), np.float32)
        (places, memory), batch = self._for(prefix, whole=False), self.batch(prefix, unscored)
        self._kernels.generate(None, memory, places.layers, places.shape, batch, made)
        return made

    @property
    def _numbers(self) -> NDArray[np.float32]:
        return self._room.memory[: self._room.layout.value("count")]

    def batch(self, inputs: Array, targets: Array, lengths: Lengths | None = None) -> Batch:
        """All of these sequences as the kernels read them, which look at nothing themselves.

        ValueError where they do not fit.
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
        """A room for sequences as long as these, with the numbers in it; ``whole``: any step may be scored."""
        steps = inputs.shape[1]
        trained = self._room.layout
        if trained.value("steps") == steps and (not whole or trained.value("window") == steps):
            return self._room
        if (steps, whole) not in self._other:
            self._other = {(steps, whole): self._made_room(steps, whole=whole)}  # one such at a time
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
        """Each number array of the network, and the part of it in the memory that is not padding."""
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
    """The kernels for a network, compiled where nobody has done that yet; UnsupportedError where there are none."""
    return kernels(_cell_of(_core_of(network)))


def _core_of(network: Network) -> nn.RNNBase:
    """The core, which must be one of PyTorch's own that the kernels know as it is."""
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
