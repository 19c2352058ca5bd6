"""The layout of a network's memory, one array with its trained numbers, their gradient, and a workspace.

Sequences lie in blocks of ``BLOCK`` vectors, and all blocks use the same workspace, one after the other. A row holds
one number of each sequence of a block. docs/engine.md draws the layout.
"""

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchbench.learn.native.variant import BLOCK, Variant

CHUNK = 4  # steps whose errors are gathered before they are added to the weight gradient
FEW = 4  # most features for which the gradient of their weights is summed lane by lane
_LINE, _SKEW = 16, 80  # floats in a cache line, and floats between arrays, so that they do not compete for cache lines
_PAGE = 2**19  # floats in a huge page; the array begins at the border of one, since huge pages are faster

SHAPE = (
    "layers",
    "units",  # of a layer
    "rows",  # units up to a whole vector
    "steps",
    "window",  # the number of last steps in which all scored steps lie
    "outputs",
    "output_rows",  # outputs up to a whole tile
    "count",  # trained numbers; they lie in front
    "gradient",
    "memories",  # two numbers that the optimizer keeps for each trained number
    "head",  # the head's weights (output, unit), and its biases
    "head_packed",  # its weights (unit, output row)
    "head_sums",  # their gradient (output, unit, lane), then that of the biases (output, lane)
    "answers",  # (step of the window, output row, lane): outputs, and then their errors
    "targets",  # (step of the window, output, lane)
    "weights",  # (step of the window, lane): the weight of each step in the loss
    "starts",  # numbers of a learned initial state, 0 where it is zero
    "start",  # those numbers (kind of state, layer, unit)
    "start_sums",  # their gradient (kind of state, layer, unit, lane)
    "loss",  # (lane)
    "error",  # of the states of one step (row, lane)
    "cell_error",
    "chunk",  # errors of gates (step of the chunk, kind and unit, lane)
    "chunk_stride",
    "turned_states",  # (step of the chunk, lane, row)
    "turned_inputs",
    "passed",  # errors that a layer passes to the one below it (step, row, lane)
)
"""The names of sizes, and of places that belong to no single layer."""

LAYER = (
    "features",
    "feature_rows",  # features up to a whole vector
    "recurrent",  # its numbers, in PyTorch's order: weights (gate and unit, unit)
    "into",  # weights (gate and unit, feature)
    "input_bias",
    "state_bias",
    "packed",  # the same, tile by tile
    "inputs",  # (step, feature, lane)
    "states",  # (step + 1, row, lane)
    "cells",  # (step + 1, unit, lane), of an LSTM
    "kept",  # (step, unit, kept, lane)
    "recurrent_sums",  # gradients: (gate and unit, row)
    "into_sums",  # (kind and unit, feature row), a GRU's last kind on separate tiles; if few: (.., feature, lane)
    "bias_sums",  # (kind and unit, lane)
)
"""The names of sizes and places of a layer."""

Numbers = dict[str, tuple[int, tuple[int, ...]]]


class Layout(NamedTuple):
    """A layout: the values of SHAPE, (size,), and those of LAYER for each layer, (layers, size).

    ``numbers`` has place and shape of each parameter under PyTorch's name, and ``end`` the size of the memory. Shapes
    of parameters are any (...,).
    """

    shape: NDArray[np.int64]
    layers: NDArray[np.int64]
    numbers: Numbers
    end: int

    def value(self, name: str) -> int:
        """The value under a name of SHAPE."""
        return int(self.shape[SHAPE.index(name)])

    def memory(self) -> NDArray[np.float32]:
        """A memory (n,) of zeros for this layout; pages that are never used take no memory."""
        whole = np.zeros(self.end + _PAGE, np.float32)
        start = (-whole.ctypes.data // 4) % _PAGE
        return whole[start : start + self.end]

    def views(self, memory: NDArray[np.float32], start: int = 0) -> dict[str, NDArray[np.float32]]:
        """Views (...,) of a memory (n,) by the names of the parameters, which lie from ``start`` on."""
        return {
            name: memory[start + place : start + place + prod(shape)].reshape(shape)
            for name, (place, shape) in self.numbers.items()
        }


class _Places:
    """Allocates places, one after the other."""

    def __init__(self) -> None:
        self.end = 0

    def reserve(self, *sizes: int) -> int:
        start = self.end
        self.end = up(start + prod(sizes), _LINE) + _SKEW
        return start


def up(number: int, step: int) -> int:
    """The smallest multiple of ``step`` that is at least ``number``."""
    return -(-number // step) * step


def layout(
    variant: Variant,
    *,
    features: int,
    units: int,
    outputs: int,
    layers: int,
    learned_start: bool = False,
    steps: int,
    window: int,
) -> Layout:
    """The layout of a network for sequences of ``steps`` steps, whose scored steps lie in the last ``window``."""
    numbers, table, count = trained_numbers(
        variant, features=features, units=units, outputs=outputs, layers=layers, learned_start=learned_start
    )
    starts = variant.states * layers * units if learned_start else 0
    places, block, lanes = _Places(), BLOCK * variant.lanes, variant.lanes
    places.reserve(count + block)  # tiles read beyond the last number
    found = {"gradient": places.reserve(count + block), "memories": places.reserve(2 * up(count, block))}
    for layer in table:
        _place(variant, layer, places, units, steps)
    rows, output_rows = up(units, lanes), up(outputs, variant.tiles.rows)
    chunk_stride = up(variant.errors * units, variant.tiles.outer) * block + block
    found |= {
        "layers": layers, "units": units, "rows": rows, "steps": steps, "window": window, "outputs": outputs,
        "output_rows": output_rows, "count": count, "head": numbers["head.weight"][0], "chunk_stride": chunk_stride,
        "head_packed": places.reserve(units, output_rows),
        "head_sums": places.reserve(outputs, units + 1, lanes),
        "answers": places.reserve(window, output_rows, block),
        "targets": places.reserve(window, outputs, block),
        "weights": places.reserve(window, block),
        "starts": starts, "start": count - starts, "start_sums": places.reserve(starts, lanes),
        "loss": places.reserve(lanes),
        "error": places.reserve(rows, block),
        "cell_error": places.reserve(rows, block),
        "chunk": places.reserve(CHUNK, chunk_stride),
        "turned_states": places.reserve(CHUNK, block, rows),
        "turned_inputs": places.reserve(CHUNK, block, max(layer["feature_rows"] for layer in table)),
        "passed": places.reserve(steps if layers > 1 else 0, rows, block),
    }  # fmt: skip
    shape = np.array([found[name] for name in SHAPE])
    return Layout(shape, np.array([[layer[name] for name in LAYER] for layer in table]), numbers, places.end)


def trained_numbers(
    variant: Variant, *, features: int, units: int, outputs: int, layers: int, learned_start: bool = False
) -> tuple[Numbers, list[dict[str, int]], int]:
    """The places and shapes of the parameters by name, their places in each layer, and the count of all numbers."""
    found: Numbers = {}
    table: list[dict[str, int]] = []
    end, gates = 0, variant.gates
    for i in range(layers):
        inputs = units if i else features
        layer = {"features": inputs, "feature_rows": up(inputs, variant.lanes)}
        for field, name, shape in (
            ("recurrent", "weight_hh", (gates, units, units)),
            ("into", "weight_ih", (gates, units, inputs)),
            ("input_bias", "bias_ih", (gates, units)),
            ("state_bias", "bias_hh", (gates, units)),
        ):
            layer[field], found[f"core.{name}_l{i}"] = end, (end, shape)
            end += prod(shape)
        table.append(layer)
    found |= {"head.weight": (end, (outputs, units)), "head.bias": (end + outputs * units, (outputs,))}
    end += outputs * (units + 1)
    for kind in range(variant.states if learned_start else 0):
        found[f"start.{kind}"] = end, (layers, units)
        end += layers * units
    return found, table, end


def _place(variant: Variant, layer: dict[str, int], places: _Places, units: int, steps: int) -> None:
    block, rows, tile = BLOCK * variant.lanes, up(units, variant.lanes), variant.tile
    features, feature_rows = layer["features"], layer["feature_rows"]
    errors = up(variant.errors * units, variant.tiles.outer) + variant.tiles.outer
    layer |= {
        "packed": places.reserve(up(units, tile), variant.gates * (features + units + 1) + 1),
        "inputs": places.reserve(steps * features + feature_rows, block),
        "states": places.reserve(steps + 1, rows, block),
        "cells": places.reserve(steps + 1 if variant.cell == "lstm" else 0, units, block),
        "kept": places.reserve(steps, units, variant.kept, block),
        "recurrent_sums": places.reserve(errors, rows),
        "into_sums": places.reserve(errors, features * variant.lanes if features <= FEW else feature_rows),
        "bias_sums": places.reserve(errors, variant.lanes),
    }
