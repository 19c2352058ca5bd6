"""The cells: one step forward of a tile of units, and the errors of one unit in the backward pass.

Shapes are written (row, lane): a row holds one number of each sequence of the block. A tile is a group of units, whose
gates all stay in registers while their products are summed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from benchbench.learn.native.activations import relu, sigmoid, tanh
from benchbench.learn.native.language import Code, Number, Vector
from benchbench.learn.native.variant import BLOCK


class Places(NamedTuple):
    """The places where a step of a layer reads and writes.

    These are the states ``before`` and ``after`` (unit, lane), ``kept`` (unit, kept, lane) for the backward pass, and
    an LSTM's ``cells`` (step, unit, lane) from this step on.
    """

    before: Number
    after: Number
    kept: Number
    cells: Number


def tile_size(code: Code, features: Number, units: Number) -> Number:
    """The number of packed weights of a tile."""
    variant = code.variant
    return variant.tile * (variant.gates * (features + units + 1) + (variant.cell == "gru"))


def advance(code: Code, packed: Number, inputs: tuple[Number, Number], units: Number, unit: Number, at: Places) -> None:
    """Advance the tile of units that begins with ``unit`` by one step; ``inputs`` (feature, lane) are place and count.

    ``packed`` is the place of the tile's weights: first the biases (gate, unit), for a GRU also those of n from the
    state, then a row (gate, unit) for each feature, and one for each unit.
    """
    variant, width = code.variant, code.width
    tile, rows = variant.tile, variant.gates * variant.tile
    apart = tile if variant.cell == "gru" else 0  # rows for the part of n from the state, which r scales
    sums = code.sums([[code.broadcast(packed + r)] * BLOCK for r in range(rows + apart)])
    from_inputs = packed + (rows + apart)
    sums.add_products(inputs[1], (from_inputs, rows, 1), (inputs[0], width), range(rows))
    from_state = [*range(rows - apart), *range(rows, rows + apart)]
    sums.add_products(units, (from_inputs + inputs[1] * rows, rows, 1), (at.before, width), from_state)
    for j in range(tile):
        for v in range(BLOCK):
            place = (unit + j) * width + v * code.lanes
            gates = [sums[r, v] for r in range(j, rows + apart, tile)]
            new, kept = _new_state(code, gates, at, place, units)
            for k, value in enumerate(kept):
                code.store(value, at.kept + (unit + j) * (width * len(kept)) + (k * width + v * code.lanes))
            code.store(new, at.after + place)


def _new_state(
    code: Code, z: Sequence[Vector], at: Places, place: Number, units: Number
) -> tuple[Vector, list[Vector]]:
    """A unit's new state from the sums of its gates, and the values to keep for the backward pass."""
    if code.variant.cell == "rnn_tanh":
        return tanh(code, z[0]), []
    if code.variant.cell == "rnn_relu":
        return relu(code, z[0]), []
    if code.variant.cell == "gru":
        r, u, hidden = sigmoid(code, z[0]), sigmoid(code, z[1]), z[3]
        n = tanh(code, code.multiply_add(r, hidden, z[2]))
        return code.multiply_add(u, code.load(at.before + place) - n, n), [r, u, n, hidden]
    i, f, n, o = sigmoid(code, z[0]), sigmoid(code, z[1]), tanh(code, z[2]), sigmoid(code, z[3])
    c = code.multiply_add(f, code.load(at.cells + place), i * n)
    code.store(c, at.cells + units * code.width + place)
    t = tanh(code, c)
    return o * t, [i, f, n, o, t]


def errors_of_gates(
    code: Code, unit: Number, units: Number, at: Places, error: tuple[Number, Number], found: Number
) -> None:
    """Compute the errors of one unit's gates from the ``error`` of its state and its cell, and store them at ``found``.

    ``found`` is (kind, unit, lane); the kinds of a GRU are r, u, n from the state, and n from the inputs. The part that
    passes directly to the step before replaces the error.
    """
    variant, width = code.variant, code.width
    for v in range(BLOCK):
        place = unit * width + v * code.lanes
        kept = [
            code.load(at.kept + unit * (width * variant.kept) + (k * width + v * code.lanes))
            for k in range(variant.kept)
        ]
        e = code.load(error[0] + place)
        if variant.cell == "lstm":
            errors, passed = _lstm_errors(code, e, kept, code.load(error[1] + place), code.load(at.cells + place))
            code.store(passed, error[1] + place)
        elif variant.cell == "gru":
            errors, passed = _gru_errors(code, e, kept, code.load(at.before + place))
            code.store(passed, error[0] + place)
        else:
            h = code.load(at.after + place)
            relus = variant.cell == "rnn_relu"
            errors = [code.where_below(code.vector(0.0), h, e, 0.0) if relus else e * _slope(code, h)]
        for k, value in enumerate(errors):
            code.store(value, found + units * (width * k) + place)


def _slope(code: Code, t: Vector) -> Vector:
    """The derivative of tanh at the point where its value is t."""
    return code.multiply_add(t * -1.0, t, 1.0)


def _lstm_errors(
    code: Code, e: Vector, kept: Sequence[Vector], cell_error: Vector, cell: Vector
) -> tuple[list[Vector], Vector]:
    i, f, n, o, t = kept
    by_o = e * o
    into_cell = code.multiply_add(by_o, _slope(code, t), cell_error)
    by_i, by_f = into_cell * i, into_cell * f
    return [by_i * n * (1.0 - i), by_f * cell * (1.0 - f), by_i * _slope(code, n), by_o * t * (1.0 - o)], by_f


def _gru_errors(code: Code, e: Vector, kept: Sequence[Vector], before: Vector) -> tuple[list[Vector], Vector]:
    r, u, n, hidden = kept
    by_u = e * u
    of_n = (e - by_u) * _slope(code, n)
    from_state = of_n * r
    return [from_state * hidden * (1.0 - r), by_u * (before - n) * (1.0 - u), from_state, of_n], by_u
