"""A small language on top of LLVM's, in which the kernels are written: whole numbers, vectors of floats, loops.

A kernel works on one flat float32 array, the memory. Places in the memory are whole numbers, and a vector holds as many
floats as the variant has lanes. Python's own loops are unrolled when a kernel is compiled; ``Code.loop`` makes a loop
in the compiled code. Compiling a kernel therefore takes only LLVM's time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from benchbench.learn.native.layout import LAYER, SHAPE
from benchbench.learn.native.variant import BLOCK, Variant

_FLOAT, _WORD, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_ROUND = 12582912.0  # 1.5 * 2^23: adding it rounds to a whole number, which then stands in the low bits
_BIAS = 127 << 23  # the bits of 1.0, which hold the bias of the exponent


class Number:
    """A whole number in a running kernel."""

    def __init__(self, code: "Code", value: Any) -> None:
        self.code, self.value = code, value

    def __add__(self, other: "Number | int") -> "Number":
        return Number(self.code, self.code.builder.add(self.value, self.code.number(other).value))

    def __radd__(self, other: int) -> "Number":
        return self + other

    def __sub__(self, other: "Number | int") -> "Number":
        return Number(self.code, self.code.builder.sub(self.value, self.code.number(other).value))

    def __rsub__(self, other: int) -> "Number":
        return self.code.number(other) - self

    def __mul__(self, other: "Number | int") -> "Number":
        return Number(self.code, self.code.builder.mul(self.value, self.code.number(other).value))

    def __rmul__(self, other: int) -> "Number":
        return self * other

    def __floordiv__(self, other: int) -> "Number":
        return Number(self.code, self.code.builder.sdiv(self.value, self.code.number(other).value))

    def __lt__(self, other: "Number | int") -> Any:
        return self.code.builder.icmp_signed("<", self.value, self.code.number(other).value)

    def least(self, other: "Number | int") -> "Number":
        """The smaller of two numbers."""
        return Number(self.code, self.code.builder.select(self < other, self.value, self.code.number(other).value))

    def most(self, other: "Number | int") -> "Number":
        """The larger of two numbers."""
        return Number(self.code, self.code.builder.select(self < other, self.code.number(other).value, self.value))


Whole = Number | int


class Vector:
    """A vector of floats, one for each lane."""

    def __init__(self, code: "Code", value: Any) -> None:
        self.code, self.value = code, value

    def __add__(self, other: "Vector | float") -> "Vector":
        return Vector(self.code, self.code.builder.fadd(self.value, self.code.vector(other).value))

    def __sub__(self, other: "Vector | float") -> "Vector":
        return Vector(self.code, self.code.builder.fsub(self.value, self.code.vector(other).value))

    def __rsub__(self, other: float) -> "Vector":
        return self.code.vector(other) - self

    def __mul__(self, other: "Vector | float") -> "Vector":
        return Vector(self.code, self.code.builder.fmul(self.value, self.code.vector(other).value))

    def __truediv__(self, other: "Vector | float") -> "Vector":
        return Vector(self.code, self.code.builder.fdiv(self.value, self.code.vector(other).value))


class Record:
    """Whole numbers by name, which are read from memory where they are used."""

    def __init__(self, code: "Code", pointer: Any, names: Sequence[str]) -> None:
        self._code, self._pointer, self._names = code, pointer, names

    def __getattr__(self, name: str) -> Number:
        at = self._code.builder.gep(self._pointer, [ir.Constant(_INDEX, self._names.index(name))])
        return Number(self._code, self._code.builder.load(at))


class Table:
    """Records that lie one after the other."""

    def __init__(self, code: "Code", pointer: Any, names: Sequence[str]) -> None:
        self._code, self._pointer, self._names = code, pointer, names

    def __getitem__(self, i: Whole) -> Record:
        at = self._code.builder.gep(self._pointer, [(self._code.number(i) * len(self._names)).value])
        return Record(self._code, at, self._names)


class Code:
    """The code of a kernel while it is being written: methods that add loads, stores, arithmetic and loops to it."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.variant: Variant = signature.args[0]
        self.lanes, self.width = self.variant.lanes, BLOCK * self.variant.lanes
        self.builder = builder
        self._floats, self._words = ir.VectorType(_FLOAT, self.lanes), ir.VectorType(_WORD, self.lanes)
        self._memory = context.make_array(signature.args[1])(context, builder, arguments[1]).data
        self.given = [
            self._argument(context, kind, builder.extract_value(arguments[2], i))
            for i, kind in enumerate(signature.args[2].types)
        ]

    def _argument(self, context: Any, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.Array):
            data = context.make_array(kind)(context, self.builder, value).data
            return Table(self, data, LAYER) if kind.ndim == 2 else Record(self, data, SHAPE)
        if isinstance(kind, types.Float):
            return self._splat(context.cast(self.builder, value, kind, types.float32))
        return Number(self, context.cast(self.builder, value, kind, types.int64))

    # ---- whole numbers and loops

    def number(self, value: Whole) -> Number:
        """Convert a value to a Number."""
        return value if isinstance(value, Number) else Number(self, ir.Constant(_INDEX, int(value)))

    @contextmanager
    def loop(self, stop: Whole, *, start: Whole = 0, step: int = 1) -> Iterator[Number]:
        """A loop in the compiled code, from ``start`` to below ``stop``; yields its counter."""
        bounds = self.number(start).value, self.number(stop).value, self.number(step).value
        with cgutils.for_range_slice(self.builder, *bounds, intp=_INDEX) as (index, _):
            yield Number(self, index)

    @contextmanager
    def when(self, condition: Any) -> Iterator[None]:
        """A context whose code runs only if the comparison holds."""
        with self.builder.if_then(condition):
            yield

    # ---- memory

    def load(self, at: Whole) -> Vector:
        """Load the vector at a place."""
        return Vector(self, self.builder.load(self._pointer(at), align=4))

    def store(self, value: Vector, at: Whole) -> None:
        """Store a vector at a place."""
        self.builder.store(value.value, self._pointer(at), align=4)

    def broadcast(self, at: Whole) -> Vector:
        """Load the number at a place into all lanes."""
        return self._splat(self.builder.load(self.builder.gep(self._memory, [self.number(at).value])))

    def copy(self, source: Whole, target: Whole) -> None:
        """Copy the number at one place to another."""
        number = self.builder.load(self.builder.gep(self._memory, [self.number(source).value]))
        self.builder.store(number, self.builder.gep(self._memory, [self.number(target).value]))

    def put(self, value: Vector, at: Whole) -> None:
        """Store the first number of a vector at a place."""
        number = self.builder.extract_element(value.value, ir.Constant(_WORD, 0))
        self.builder.store(number, self.builder.gep(self._memory, [self.number(at).value]))

    def clear(self, start: Whole, size: Whole) -> None:
        """Set ``size`` numbers to zero, in whole vectors, the last of which may reach beyond them."""
        with self.loop(size, step=self.lanes) as i:
            self.store(self.vector(0.0), start + i)

    # ---- vectors

    def vector(self, value: "Vector | float") -> Vector:
        """Convert a value to a Vector with the value in all lanes."""
        if isinstance(value, Vector):
            return value
        return Vector(self, ir.Constant(self._floats, [ir.Constant(_FLOAT, float(np.float32(value)))] * self.lanes))

    def multiply_add(self, a: Vector | float, b: Vector | float, c: Vector | float) -> Vector:
        """``a * b + c``, in one instruction where the processor has one."""
        return self._call("fmuladd", a, b, c)

    def root(self, x: Vector) -> Vector:
        """The square root."""
        return self._call("sqrt", x)

    def logarithm(self, x: Vector) -> Vector:
        """The natural logarithm, which the C library computes lane by lane, so that it is slow."""
        return self._call("log", x)

    def where_below(self, a: Vector, b: Vector | float, then: Vector | float, other: Vector | float) -> Vector:
        """``then`` in the lanes where ``a < b``, and ``other`` in all others, those with NaN included."""
        below = self.builder.fcmp_ordered("<", a.value, self.vector(b).value)
        return Vector(self, self.builder.select(below, self.vector(then).value, self.vector(other).value))

    def whole(self, x: Vector, factor: float) -> tuple[Vector, Vector]:
        """The whole number n nearest to ``factor x``, which must be below 2^22, and 2^n, made from its exponent."""
        shifted = self.multiply_add(x, factor, _ROUND)
        bits = self.builder.shl(self.builder.bitcast(shifted.value, self._words), self._word(23))
        power = self.builder.bitcast(self.builder.add(bits, self._word(_BIAS)), self._floats)
        return shifted - _ROUND, Vector(self, power)

    def shuffled(self, a: Vector, b: Vector, lanes: Sequence[int]) -> Vector:
        """A vector of chosen lanes of two vectors; the lanes of ``b`` are counted after those of ``a``."""
        mask = ir.Constant(self._words, [ir.Constant(_WORD, lane) for lane in lanes])
        return Vector(self, self.builder.shuffle_vector(a.value, b.value, mask))

    def sum_of_lanes(self, x: Vector) -> Vector:
        """The sum of all lanes, in every lane, by adding halves to halves."""
        half = self.lanes // 2
        while half:
            x += self.shuffled(x, x, [lane ^ half for lane in range(self.lanes)])
            half //= 2
        return x

    def sums(self, values: Sequence[Sequence[Vector]]) -> "Sums":
        """A table of vectors that loops can change, which LLVM keeps in registers."""
        return Sums(self, values)

    def _call(self, name: str, *arguments: Vector | float) -> Vector:
        kind = ir.FunctionType(self._floats, [self._floats] * len(arguments))
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.{name}.v{self.lanes}f32")
        return Vector(self, self.builder.call(function, [self.vector(x).value for x in arguments]))

    def _splat(self, number: Any) -> Vector:
        nothing = ir.Constant(self._floats, ir.Undefined)
        first = self.builder.insert_element(nothing, number, ir.Constant(_WORD, 0))
        return self.shuffled(Vector(self, first), Vector(self, nothing), [0] * self.lanes)

    def _pointer(self, at: Whole) -> Any:
        return self.builder.bitcast(self.builder.gep(self._memory, [self.number(at).value]), self._floats.as_pointer())

    def _word(self, value: int) -> Any:
        return ir.Constant(self._words, [ir.Constant(_WORD, value)] * self.lanes)


class Sums:
    """A table of vectors (row, column) that loops can change."""

    def __init__(self, code: Code, values: Sequence[Sequence[Vector]]) -> None:
        self._code = code
        self._places = [[self._place(value) for value in row] for row in values]

    def _place(self, value: Vector) -> Any:
        place = cgutils.alloca_once(self._code.builder, value.value.type)
        self._code.builder.store(value.value, place)
        return place

    def __getitem__(self, at: tuple[int, int]) -> Vector:
        return Vector(self._code, self._code.builder.load(self._places[at[0]][at[1]]))

    def __setitem__(self, at: tuple[int, int], value: Vector) -> None:
        self._code.builder.store(value.value, self._places[at[0]][at[1]])

    def add_products(
        self, count: Whole, numbers: tuple[Whole, Whole, Whole], vectors: tuple[Whole, Whole], rows: Sequence[int]
    ) -> None:
        """Add the sum over k < ``count`` of number(k, row) * vectors(k, column) to the ``rows`` of the table.

        ``numbers`` is the place of the first number, the stride over k, and the stride over rows. ``vectors`` is the
        place of the first vector and the stride over k; their columns lie next to each other.
        """
        code = self._code
        with code.loop(count) as k:
            number, vector = numbers[0] + k * numbers[1], vectors[0] + k * vectors[1]
            columns = [code.load(vector + c * code.lanes) for c in range(len(self._places[0]))]
            for i, row in enumerate(rows):
                factor = code.broadcast(number + i * numbers[2])
                for c, column in enumerate(columns):
                    self[row, c] = code.multiply_add(factor, column, self[row, c])


def kernel(write: Callable[..., None]) -> Any:
    """Turn a function that writes code into one that compiled functions call, as ``name(variant, memory, (...))``.

    ``write(code, ...)`` gets the values in the inner brackets as Number, Vector (with one number), Record or Table.
    """

    def typed(_context: Any, variant: Any, memory: Any, given: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            written = Code(context, builder, signature, arguments)
            write(written, *written.given)
            return context.get_dummy_value()

        return types.void(variant, memory, given), code

    typed.__name__ = write.__name__
    return intrinsic(typed)
