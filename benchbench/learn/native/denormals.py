"""Flush denormals to zero while a kernel runs, and restore the processor's switches afterwards.

Otherwise an Intel processor takes 30 to 60 times as long for states that decay. Only x86 processors have these
switches; on others the kernels run with denormals.
"""

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD, _NOTHING, _BYTES = ir.IntType(32), ir.VoidType(), ir.IntType(8).as_pointer()
_FLUSH = 0x8040  # flushes results (FTZ) and operands (DAZ)
_X86 = "sse2" in binding.get_host_cpu_features()


def _flush(_context: Any) -> Any:

    def code(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        if not _X86:
            return context.get_constant(types.int32, 0)
        before = cgutils.alloca_once(builder, _WORD)
        _call(builder, "llvm.x86.sse.stmxcsr", before)
        found = builder.load(before)
        _set(builder, builder.or_(found, ir.Constant(_WORD, _FLUSH)))
        return found

    return types.int32(), code


def _restore(_context: Any, _before: Any) -> Any:

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        if _X86:
            _set(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int32), code


def _set(builder: Any, switches: Any) -> None:
    place = cgutils.alloca_once(builder, _WORD)
    builder.store(switches, place)
    _call(builder, "llvm.x86.sse.ldmxcsr", place)


def _call(builder: Any, name: str, place: Any) -> None:
    kind = ir.FunctionType(_NOTHING, [_BYTES])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(place, _BYTES)])


flush: Any = intrinsic(_flush)
"""Flush denormals from now on, and return the previous switches."""

restore: Any = intrinsic(_restore)
"""Set the switches to those that ``flush`` returned."""
