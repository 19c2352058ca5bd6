"""Copies between the arrays of a split and the lanes of a block: sequences in, outputs out, and dropout.

``lanes`` is the number of sequences in a block; ``first`` is the index in the batch of the block's first sequence.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchbench.learn.native.variant import compiled


class Batch(NamedTuple):
    """Sequences of a split: inputs (sequence, time, feature), targets (sequence, scored, output), lengths (sequence,).

    ``chosen`` (n,) are the indexes of the sequences in use; ``lengths`` is empty where all are equally long.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    lengths: NDArray[np.int64]
    chosen: NDArray[np.int64]


@compiled
def lay_inputs(memory: Any, at: Any, batch: Any, first: Any, lanes: Any) -> None:
    """Copy inputs to (step, feature, lane), with zeros for padding and for lanes without a sequence."""
    steps, features = batch.inputs.shape[1], batch.inputs.shape[2]
    for b in range(lanes):
        inside = 0
        if first + b < batch.chosen.size:
            s = batch.chosen[first + b]
            inside = batch.lengths[s] if batch.lengths.size else steps
            for t in range(inside):
                for f in range(features):
                    memory[at + (t * features + f) * lanes + b] = batch.inputs[s, t, f]
        for i in range(inside * features, steps * features):
            memory[at + i * lanes + b] = 0


@compiled
def lay_targets(memory: Any, places: Any, window: Any, batch: Any, first: Any, lanes: Any) -> None:
    """Copy targets to (step of the window, output, lane); write 1 for scored steps and 0 for others to (step, lane)."""
    targets, weights = places
    steps, scored, outputs = batch.inputs.shape[1], batch.targets.shape[1], batch.targets.shape[2]
    memory[weights : weights + window * lanes] = 0
    memory[targets : targets + window * outputs * lanes] = 0
    for b in range(min(lanes, batch.chosen.size - first)):
        s = batch.chosen[first + b]
        end = batch.lengths[s] if batch.lengths.size else steps
        for k in range(scored):
            step = end - scored + k - steps + window
            memory[weights + step * lanes + b] = 1
            for o in range(outputs):
                memory[targets + (step * outputs + o) * lanes + b] = batch.targets[s, k, o]


@compiled
def take_answers(memory: Any, places: Any, batch: Any, first: Any, lanes: Any, answers: Any) -> None:
    """Fill ``answers`` (sequence, scored, output) from (step of the window, output row, lane)."""
    at, window, output_rows = places
    scored, steps = answers.shape[1], batch.inputs.shape[1]
    for b in range(min(lanes, batch.chosen.size - first)):
        s = batch.chosen[first + b]
        end = batch.lengths[s] if batch.lengths.size else steps
        for k in range(scored):
            step = end - scored + k - steps + window
            for o in range(answers.shape[2]):
                answers[first + b, k, o] = memory[at + (step * output_rows + o) * lanes + b]


@compiled
def take_step(memory: Any, at: Any, first: Any, lanes: Any, made: Any, t: Any) -> None:
    """Fill step ``t`` of ``made`` (sequence, step, output) from (output, lane)."""
    for b in range(min(lanes, made.shape[0] - first)):
        for o in range(made.shape[2]):
            made[first + b, t, o] = memory[at + o * lanes + b]


_STEP, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@compiled
def thin(memory: Any, source: Any, target: Any, size: Any, share: Any, key: Any) -> None:
    """Dropout: copy rows, with each number set to zero with probability ``share``, or scaled by 1 / (1 - share).

    ``source`` and ``target`` are each a place and a stride, ``size`` is the number of rows and their length, which is
    even. Which numbers are kept depends on key and place alone, so that the backward pass keeps the same ones: each
    output of SplitMix64 (Steele et al. 2014, OOPSLA) decides on two numbers.
    """
    rows, length = size
    if share == 0:
        for t in range(rows):
            for i in range(length):
                memory[target[0] + t * target[1] + i] = memory[source[0] + t * source[1] + i]
        return
    scale, limit = np.float32(1 / (1 - share)), np.uint64((1 - share) * 2.0**32)
    for t in range(rows):
        a, b = source[0] + t * source[1], target[0] + t * target[1]
        for i in range(length // 2):
            z = (np.uint64(key) + np.uint64(t * (length // 2) + i)) * _STEP
            z = (z ^ (z >> np.uint64(30))) * _FIRST
            z = (z ^ (z >> np.uint64(27))) * _SECOND
            z ^= z >> np.uint64(31)
            left, right = z & np.uint64(0xFFFFFFFF) < limit, z >> np.uint64(32) < limit
            memory[b + 2 * i] = memory[a + 2 * i] * scale if left else np.float32(0)
            memory[b + 2 * i + 1] = memory[a + 2 * i + 1] * scale if right else np.float32(0)
