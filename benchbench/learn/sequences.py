"""Sequences of different length in one array: each starts at step 0, ends at its own length, and is padded after it."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchbench.core.errors import UnsupportedError
from benchbench.core.problem import Array

Lengths = NDArray[np.int64]


def padding(lengths: Lengths, time: int) -> NDArray[np.bool_]:
    """Which of ``time`` steps stand behind the end of their sequence: (sequence, time)."""
    return np.asarray(np.arange(time) >= lengths[:, None])


def blanked(inputs: Array, lengths: Lengths) -> Array:
    """A copy of inputs (sequence, time, feature) with zeros for padding, so that nothing there can have an effect."""
    copy: Array = np.where(padding(lengths, inputs.shape[1])[:, :, None], np.float32(0), inputs)
    return copy


def last_steps(lengths: Lengths, scored: int) -> NDArray[np.int64]:
    """The steps that count, the last ``scored`` before each end: (sequence, scored)."""
    return np.asarray(lengths[:, None] - scored + np.arange(scored))


def last(inputs: Array, scored: int, lengths: Lengths | None = None) -> Array:
    """A copy of the last ``scored`` steps of each sequence: (sequence, scored, feature)."""
    if lengths is None:
        return inputs[:, -scored:].copy()
    return np.take_along_axis(inputs, last_steps(lengths, scored)[:, :, None], axis=1)


def windows(inputs: Array, lengths: Lengths | None, taps: int, *, name: str, pad: bool) -> Array:
    """The window of ``taps`` steps that ends at each scored one: (sequence, scored, feature, tap).

    Sequences that differ in length end together, zeros in front of the shorter ones, where ``pad`` allows it; else
    UnsupportedError, in which ``name`` is that of the architecture.
    """
    if lengths is not None and not pad:
        raise UnsupportedError(
            f"{name} has a window of one length, and these sequences differ in theirs: "
            'shorter_sequences = "pad_front" puts zeros before the shorter ones'
        )
    ending = inputs if lengths is None else ends_aligned(inputs, lengths)
    found: Array = sliding_window_view(ending, taps, axis=1)
    return found


def ends_aligned(inputs: Array, lengths: Lengths) -> Array:
    """The sequences moved so that all end at the last step, with zeros in front of those that are shorter."""
    time = inputs.shape[1]
    steps = np.arange(time) - time + lengths[:, None]
    moved = np.take_along_axis(inputs, np.maximum(steps, 0)[:, :, None], axis=1)
    moved[steps < 0] = 0
    return moved
