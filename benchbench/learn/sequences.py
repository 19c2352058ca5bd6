"""Sequences of different length in one array: each starts at step 0, and padding follows after its own length."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchbench.core.errors import UnsupportedError
from benchbench.core.problem import Array

Lengths = NDArray[np.int64]


def padding(lengths: Lengths, time: int) -> NDArray[np.bool_]:
    """A mask (sequence, time) of the steps after the end of each sequence, from lengths (sequence,)."""
    return np.asarray(np.arange(time) >= lengths[:, None])


def blanked(inputs: Array, lengths: Lengths) -> Array:
    """A copy of inputs (sequence, time, feature) with padding set to zero, so that no value there has an effect.

    ``lengths`` is (sequence,).
    """
    copy: Array = np.where(padding(lengths, inputs.shape[1])[:, :, None], np.float32(0), inputs)
    return copy


def last_steps(lengths: Lengths, scored: int) -> NDArray[np.int64]:
    """The indexes (sequence, scored) of the scored steps, which are the last before each sequence's end.

    ``lengths`` is (sequence,).
    """
    return np.asarray(lengths[:, None] - scored + np.arange(scored))


def last(inputs: Array, scored: int, lengths: Lengths | None = None) -> Array:
    """A copy (sequence, scored, feature) of the last ``scored`` steps of each sequence.

    ``inputs`` is (sequence, time, feature), ``lengths`` is (sequence,) or None where all sequences fill the array.
    """
    if lengths is None:
        return inputs[:, -scored:].copy()
    return np.take_along_axis(inputs, last_steps(lengths, scored)[:, :, None], axis=1)


def windows(inputs: Array, lengths: Lengths | None, taps: int, *, name: str, pad: bool) -> Array:
    """The windows of ``taps`` steps that end at the scored steps: (sequence, scored, feature, tap).

    ``inputs`` is (sequence, time, feature) and ``lengths`` (sequence,). Where sequences differ in length and ``pad`` is
    True, zeros are put before the shorter ones, so that all end together. Where ``pad`` is False, raises
    UnsupportedError, whose message names the architecture, ``name``.
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
    """Move sequences (sequence, time, feature) so that all end at the last step, with zeros before the shorter ones.

    ``lengths`` is (sequence,).
    """
    time = inputs.shape[1]
    steps = np.arange(time) - time + lengths[:, None]
    moved = np.take_along_axis(inputs, np.maximum(steps, 0)[:, :, None], axis=1)
    moved[steps < 0] = 0
    return moved
