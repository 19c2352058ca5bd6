"""The compiled step of a sparse reservoir: it advances many sequences at once and reads each link once for all.

numba compiles it once on each machine and keeps it on disk. It is 25 to 150 times as fast as SciPy's sparse products.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit, types
from numba.extending import overload

Function = TypeVar("Function", bound=Callable[..., None])

_OPTIONS: Any = {
    "fastmath": {"contract", "reassoc", "nsz", "arcp", "nnan", "ninf"},  # tanh keeps states finite
    "error_model": "numpy",  # no branch for a division by zero, so that loops can use SIMD
}
_FLAT = np.float32(7.90531110763549805)  # beyond this tanh is 1 in float32


def _rational(x: Any) -> Any:
    """Approximate tanh in float32, with an error below 2e-7, by the coefficients of Eigen's ptanh_float."""
    x = min(max(x, -_FLAT), _FLAT)
    s = x * x
    p = np.float32(-2.76076847742355e-16)
    p = p * s + np.float32(2.00018790482477e-13)
    p = p * s + np.float32(-8.60467152213735e-11)
    p = p * s + np.float32(5.12229709037114e-08)
    p = p * s + np.float32(1.48572235717979e-05)
    p = p * s + np.float32(6.37261928935756e-04)
    p = p * s + np.float32(4.89352455891786e-03)
    q = np.float32(1.19825839466702e-06)
    q = q * s + np.float32(1.18534705686654e-04)
    q = q * s + np.float32(2.26843463243900e-03)
    q = q * s + np.float32(4.89352518554385e-03)
    return x * p / q


def _library(x: Any) -> Any:
    return math.tanh(x)


def _tanh(x: Any) -> Any:
    """Stand for tanh: when this is compiled, the type of ``x`` chooses one of the two functions above."""
    raise NotImplementedError


@overload(_tanh, inline="always", jit_options=_OPTIONS)
def _tanh_of(x: Any) -> Any:
    return _rational if x is types.float32 else _library


_SIGNATURES = [
    f"void({n}[:,:,::1], {n}[:,:,::1], Tuple((uint32[::1], uint32[::1], {n}[::1], {n}[:,::1], {n}[::1])), "
    f"{n}[:,:,::1], {n}, {n}[:,:,::1])"
    for n in ("float32", "float64")
]


def _kept(function: Function) -> Function:
    """Compile a function, and keep the code on disk where a folder can be written."""
    try:
        compiled: Any = njit(_SIGNATURES, cache=True, **_OPTIONS)(function)
    except RuntimeError:  # no folder can be written: every process that is not forked compiles anew
        compiled = njit(_SIGNATURES, **_OPTIONS)(function)
    made: Function = compiled
    return made


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _add_inputs(total: Any, inputs: Any, into: Any, t: Any, i: Any) -> None:
    for c in range(into.shape[0]):
        v = into[c, i]
        for k in range(total.size):
            total[k] += v * inputs[t, c, k]


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def _add_links(total: Any, state: Any, now: Any, rows: Any, i: Any) -> None:
    """Add the links into unit ``i``, four in each pass, which takes a quarter of the stores."""
    first, source, weight, _, _ = rows
    j, end = first[i], first[i + 1]
    while j + 4 <= end:
        w0, w1, w2, w3 = weight[j], weight[j + 1], weight[j + 2], weight[j + 3]
        s0, s1, s2, s3 = source[j], source[j + 1], source[j + 2], source[j + 3]
        for k in range(total.size):
            total[k] += (
                w0 * state[now, s0, k] + w1 * state[now, s1, k] + w2 * state[now, s2, k] + w3 * state[now, s3, k]
            )
        j += 4
    while j < end:
        w0, s0 = weight[j], source[j]
        for k in range(total.size):
            total[k] += w0 * state[now, s0, k]
        j += 1


@_kept
def steps(state: Any, inputs: Any, rows: Any, noise: Any, leak: Any, kept: Any) -> None:  # noqa: PLR0917  numba has no keywords
    """Advance all sequences by x <- x + leak (tanh(W x + V u + b + noise) - x), step by step.

    ``state`` (2, unit, sequence) holds the state in its first half, before and after. ``inputs`` is (time, channel,
    sequence). ``rows`` holds W in CSR form: the start of the links into each unit (unit + 1,), the unit from which each
    link comes (link,) and its weight (link,); then V (channel, unit) and b (unit,). ``noise`` is (time, unit, sequence)
    or empty. ``kept`` (steps, unit, sequence) is filled with the last states.
    """
    _, _, _, into, offset = rows
    times, _, lanes = inputs.shape
    skipped = times - kept.shape[0]
    total = np.empty(lanes, state.dtype)
    now = 0
    for t in range(times):
        for i in range(offset.size):
            total[:] = offset[i]
            _add_inputs(total, inputs, into, t, i)
            if noise.shape[0]:
                total += noise[t, i]
            _add_links(total, state, now, rows, i)
            for k in range(lanes):
                x = state[now, i, k]
                state[1 - now, i, k] = x + leak * (_tanh(total[k]) - x)
        now = 1 - now
        if t >= skipped:
            kept[t - skipped] = state[now]
    if now:
        state[0] = state[1]


@_kept
def steps_of_one(state: Any, inputs: Any, rows: Any, noise: Any, leak: Any, kept: Any) -> None:  # noqa: PLR0917
    """As ``steps``, with arrays of the same shapes, for a single sequence: here SIMD runs over the links of a unit."""
    first, source, weight, into, offset = rows
    times, channels, _ = inputs.shape
    skipped = times - kept.shape[0]
    x, total = state[0, :, 0].copy(), np.empty(offset.size, state.dtype)
    for t in range(times):
        for i in range(offset.size):
            s = offset[i]
            for c in range(channels):
                s += into[c, i] * inputs[t, c, 0]
            for j in range(first[i], first[i + 1]):
                s += weight[j] * x[source[j]]
            total[i] = s
        if noise.shape[0]:
            total += noise[t, :, 0]
        for i in range(offset.size):
            x[i] += leak * (_tanh(total[i]) - x[i])
        if t >= skipped:
            kept[t - skipped, :, 0] = x
    state[0, :, 0] = x
