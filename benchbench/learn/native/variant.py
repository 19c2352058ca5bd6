"""Which kernels are meant: the cell and the vector width, as a type, so that each is compiled on its own."""

from typing import Any, Literal, NamedTuple

import numba
from llvmlite import binding
from numba import types
from numba.extending import NativeValue, intrinsic, models, register_model, unbox

Cell = Literal["rnn_tanh", "rnn_relu", "gru", "lstm"]

BLOCK = 2  # vectors of sequences that are driven side by side


class Gates(NamedTuple):
    """Of a cell: its gates; what it keeps of each unit for the way back; the kinds of error that its gates have.

    The n-gate of a GRU has two: that of what comes from the state and that of what comes from the inputs.
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
    """Rows that a kernel takes at a time, so that their sums stay in registers.

    ``units`` of a forward step by the number of gates, ``rows`` of a product, ``outer`` rows of a weight gradient.
    """

    units: dict[int, int]
    rows: int
    outer: int


# By lanes: a vector of 16 has 32 registers (AVX-512), one of 8 has 16 (AVX2). Rows divide the lanes.
TILES = {16: Tiles({1: 8, 3: 2, 4: 2}, 8, 8), 8: Tiles({1: 4, 3: 2, 4: 1}, 4, 4)}


class Variant(types.Type):
    """The type of kernels for one cell and so many lanes in a vector; its value says nothing."""

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
"""The sequences of a block of a variant, a number when the kernel is compiled."""


def host_lanes() -> int:
    """How many lanes this machine's vectors have: 16 with AVX-512, else 8, which LLVM makes of what there is."""
    return 16 if binding.get_host_cpu_features().get("avx512f") else 8


def instructions(lanes: int) -> str:
    """The name of the vector instructions, for the record."""
    if lanes == 16:
        return "avx512"
    features = binding.get_host_cpu_features()
    return next((name for name in ("avx2", "neon") if features.get(name)), f"{lanes} lanes")


_ENTRY: Any = {
    "fastmath": {"contract", "nsz", "arcp"},  # not nnan: what is no number must show; not reassoc: rounding is meant
    "error_model": "numpy",
    "nogil": True,
    "no_cfunc_wrapper": True,
}
_PART: Any = {**_ENTRY, "no_cpython_wrapper": True}  # Python does not call it


def compiled(function: Any) -> Any:
    """A function that others of the kernels call, compiled with each of them."""
    return numba.njit(**_PART)(function)


def entry(function: Any) -> Any:
    """A function that Python calls, compiled as a whole."""
    return numba.njit(**_ENTRY)(function)
