"""A small language over LLVM's, in which the kernels are written: whole numbers, vectors of floats, loops.

A kernel works on one flat float32 array, the memory. Where things lie in it are whole numbers, and a vector holds as
many floats as the variant has lanes. What a kernel does with Python's own loops is written out; ``Code.loop`` is a loop
that runs. So a kernel costs no time but LLVM's to compile, and none to call.
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
_BIAS = 127 << 23  # of the exponent of 1.0


class Number:
    """A whole number of a running kernel."""

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
        """The smaller of two."""
        return Number(self.code, self.code.builder.select(self < other, self.value, self.code.number(other).value))

    def most(self, other: "Number | int") -> "Number":
        """The larger of two."""
        return Number(self.code, self.code.builder.select(self < other, self.code.number(other).value, self.value))


Whole = Number | int


class Vector:
    """As many floats as there are lanes."""

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
    """Whole numbers by name, read where they are used."""

    def __init__(self, code: "Code", pointer: Any, names: Sequence[str]) -> None:
        self._code, self._pointer, self._names = code, pointer, names

    def __getattr__(self, name: str) -> Number:
        at = self._code.builder.gep(self._pointer, [ir.Constant(_INDEX, self._names.index(name))])
        return Number(self._code, self._code.builder.load(at))


class Table:
    """Records, one behind the other."""

    def __init__(self, code: "Code", pointer: Any, names: Sequence[str]) -> None:
        self._code, self._pointer, self._names = code, pointer, names

    def __getitem__(self, i: Whole) -> Record:
        at = self._code.builder.gep(self._pointer, [(self._code.number(i) * len(self._names)).value])
        return Record(self._code, at, self._names)


class Code:
    """The code of a kernel while it is written: where it loads, stores, computes and loops."""

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
        """A whole number."""
        return value if isinstance(value, Number) else Number(self, ir.Constant(_INDEX, int(value)))

    @contextmanager
    def loop(self, stop: Whole, *, start: Whole = 0, step: int = 1) -> Iterator[Number]:
        """A loop that runs from ``start`` to before ``stop``; gives what counts it."""
        bounds = self.number(start).value, self.number(stop).value, self.number(step).value
        with cgutils.for_range_slice(self.builder, *bounds, intp=_INDEX) as (index, _):
            yield Number(self, index)

    @contextmanager
    def when(self, condition: Any) -> Iterator[None]:
        """What is done only if the comparison holds."""
        with self.builder.if_then(condition):
            yield

    # ---- memory

    def load(self, at: Whole) -> Vector:
        """The vector that lies at a place."""
        return Vector(self, self.builder.load(self._pointer(at), align=4))

    def store(self, value: Vector, at: Whole) -> None:
        """Lay a vector down at a place."""
        self.builder.store(value.value, self._pointer(at), align=4)

    def broadcast(self, at: Whole) -> Vector:
        """The one number at a place, in all lanes."""
        return self._splat(self.builder.load(self.builder.gep(self._memory, [self.number(at).value])))

    def copy(self, source: Whole, target: Whole) -> None:
        """Copy one number."""
        number = self.builder.load(self.builder.gep(self._memory, [self.number(source).value]))
        self.builder.store(number, self.builder.gep(self._memory, [self.number(target).value]))

    def put(self, value: Vector, at: Whole) -> None:
        """Lay the first number of a vector down at a place."""
        number = self.builder.extract_element(value.value, ir.Constant(_WORD, 0))
        self.builder.store(number, self.builder.gep(self._memory, [self.number(at).value]))

    def clear(self, start: Whole, size: Whole) -> None:
        """Set numbers to zero: whole vectors, the last of which may reach beyond ``size``."""
        with self.loop(size, step=self.lanes) as i:
            self.store(self.vector(0.0), start + i)

    # ---- vectors

    def vector(self, value: "Vector | float") -> Vector:
        """A number in all lanes."""
        if isinstance(value, Vector):
            return value
        return Vector(self, ir.Constant(self._floats, [ir.Constant(_FLOAT, float(np.float32(value)))] * self.lanes))

    def multiply_add(self, a: Vector | float, b: Vector | float, c: Vector | float) -> Vector:
        """``a * b + c``, in one instruction where there is one."""
        return self._call("fmuladd", a, b, c)

    def root(self, x: Vector) -> Vector:
        """The square root."""
        return self._call("sqrt", x)

    def logarithm(self, x: Vector) -> Vector:
        """The natural logarithm, lane by lane in the C library: for a few numbers."""
        return self._call("log", x)

    def where_below(self, a: Vector, b: Vector | float, then: Vector | float, other: Vector | float) -> Vector:
        """``then`` in the lanes where ``a < b``, and ``other`` elsewhere, also where one of them is not a number."""
        below = self.builder.fcmp_ordered("<", a.value, self.vector(b).value)
        return Vector(self, self.builder.select(below, self.vector(then).value, self.vector(other).value))

    def whole(self, x: Vector, factor: float) -> tuple[Vector, Vector]:
        """The whole number n nearest to ``factor x``, below 2^22, and 2^n, which is an exponent and no more."""
        shifted = self.multiply_add(x, factor, _ROUND)
        bits = self.builder.shl(self.builder.bitcast(shifted.value, self._words), self._word(23))
        power = self.builder.bitcast(self.builder.add(bits, self._word(_BIAS)), self._floats)
        return shifted - _ROUND, Vector(self, power)

    def shuffled(self, a: Vector, b: Vector, lanes: Sequence[int]) -> Vector:
        """Chosen lanes of two vectors; those of ``b`` are counted after those of ``a``."""
        mask = ir.Constant(self._words, [ir.Constant(_WORD, lane) for lane in lanes])
        return Vector(self, self.builder.shuffle_vector(a.value, b.value, mask))

    def sum_of_lanes(self, x: Vector) -> Vector:
        """The sum of all lanes, in each lane: halves are added to halves."""
        half = self.lanes // 2
        while half:
            x += self.shuffled(x, x, [lane ^ half for lane in range(self.lanes)])
            half //= 2
        return x

    def sums(self, values: Sequence[Sequence[Vector]]) -> "Sums":
        """Vectors that change in loops; LLVM keeps them in registers."""
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
    """A table of vectors (row, column) that grow in loops."""

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
        """Add the sum over k of number(k, row) * vectors(k, column), for ``rows`` of the table.

        ``numbers`` start at the first, follow each other over k with the second and over rows with the third;
        ``vectors`` start at the first and follow each other over k with the second, their columns side by side.
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
    """Make a function that writes code one that compiled functions call, as ``name(variant, memory, (...))``.

    What stands in the brackets ``write(code, ...)`` gets as whole numbers, vectors of one number, records or tables.
    """

    def typed(_context: Any, variant: Any, memory: Any, given: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            written = Code(context, builder, signature, arguments)
            write(written, *written.given)
            return context.get_dummy_value()

        return types.void(variant, memory, given), code

    typed.__name__ = write.__name__
    return intrinsic(typed)
