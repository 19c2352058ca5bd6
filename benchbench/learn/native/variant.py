"""Variants of the kernels: the cell and the vector width as a type, so that numba compiles each variant separately."""

from typing import Any, Literal, NamedTuple

import numba
from llvmlite import binding
from numba import types
from numba.extending import NativeValue, intrinsic, models, register_model, unbox

Cell = Literal["rnn_tanh", "rnn_relu", "gru", "lstm"]

BLOCK = 2  # vectors of sequences that are processed together


class Gates(NamedTuple):
    """Counts for a cell: its gates, the values kept of each unit for the backward pass, and the errors of its gates.

    The n-gate of a GRU has two errors, one for its part from the state and one for its part from the inputs.
    """

    gates: int
    kept: int
    errors: int


CELLS: dict[Cell, Gates] = {
    "rnn_tanh": Gates(1, 0, 1),
    "rnn_relu": Gates(1, 0, 1),
    "gru": Gates(3, 4, 4),
    "lstm": Gates(4, 5, 4),
}


class Tiles(NamedTuple):
    """The numbers of rows that a kernel processes at a time, so that their sums stay in registers.

    ``units`` are the units of a forward step, by the number of gates; ``rows`` the rows of a product; ``outer`` the
    rows of a weight gradient.
    """

    units: dict[int, int]
    rows: int
    outer: int


# By lanes: there are 32 registers for vectors of 16 (AVX-512), and 16 for vectors of 8 (AVX2). Rows divide the lanes.
TILES = {16: Tiles({1: 8, 3: 2, 4: 2}, 8, 8), 8: Tiles({1: 4, 3: 2, 4: 1}, 4, 4)}


class Variant(types.Type):
    """The numba type of kernels for one cell and a number of lanes in a vector; its value holds no information."""

    def __init__(self, cell: Cell, lanes: int) -> None:
        self.cell, self.lanes = cell, lanes
        self.gates, self.kept, self.errors = CELLS[cell]
        self.states = 2 if cell == "lstm" else 1  # kinds of state: an LSTM has its cells too
        self.tiles = TILES[lanes]
        self.tile = self.tiles.units[self.gates]
        super().__init__(name=f"Variant({cell}, {lanes})")


register_model(Variant)(models.OpaqueModel)


@unbox(Variant)  # type: ignore[untyped-decorator]
def _unbox(_type: Any, _value: Any, c: Any) -> Any:
    return NativeValue(c.context.get_dummy_value())


def _block(_context: Any, variant: Any) -> Any:

    def code(context: Any, _builder: Any, signature: Any, _arguments: Any) -> Any:
        return context.get_constant(types.int64, BLOCK * signature.args[0].lanes)

    return types.int64(variant), code


block: Any = intrinsic(_block)
"""The number of sequences in a block of a variant, a constant when the kernel is compiled."""


def host_lanes() -> int:
    """The number of lanes of this machine's vectors: 16 with AVX-512, else 8, which LLVM builds from what there is."""
    return 16 if binding.get_host_cpu_features().get("avx512f") else 8


def instructions(lanes: int) -> str:
    """The name of the vector instructions, for the record."""
    if lanes == 16:
        return "avx512"
    features = binding.get_host_cpu_features()
    return next((name for name in ("avx2", "neon") if features.get(name)), f"{lanes} lanes")


_ENTRY: Any = {
    # without nnan, as NaN must show, and without reassoc, as the order of sums is chosen
    "fastmath": {"contract", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
    "no_cfunc_wrapper": True,
}
_PART: Any = {**_ENTRY, "no_cpython_wrapper": True}  # Python does not call it


def compiled(function: Any) -> Any:
    """Compile a function that other kernels call, together with each of them."""
    return numba.njit(**_PART)(function)


def entry(function: Any) -> Any:
    """Compile a function that Python calls, as a whole."""
    return numba.njit(**_ENTRY)(function)
