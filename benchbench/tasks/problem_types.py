"""Six kinds of sequence problems (one-to-one .. encoder-decoder) in small. Karpathy 2015; the course's lectures."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from benchbench.core.errors import InputError
from benchbench.core.options import Positive
from benchbench.core.problem import Array, Problem, Split
from benchbench.core.registry import task

Kind = Literal["one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder", "different_length"]
_SHORTEST = 4


class Drawn(NamedTuple):
    """A drawn split: inputs (sequence, time), targets (sequence, scored), and lengths (sequence,) where they differ."""

    inputs: np.ndarray
    targets: np.ndarray
    lengths: np.ndarray | None = None


@task("problem_types", version=1)
def problem_types(
    rng: np.random.Generator,
    length: int,
    *,
    kind: Kind = "many_to_one",
    train_series: Positive = 700,
    valid_series: Positive = 150,
    test_series: Positive = 500,
) -> Problem:
    """Map numbers or sequences to numbers or sequences; at steps without an input, the input is zero.

    ``one_to_one``: sin(pi x) of a number x, at the last step. ``one_to_many``: a sine, whose frequency is the number at
    the first step. ``many_to_one``: the largest of all numbers; ``different_length``: the same for sequences that
    differ in length. ``many_to_many``: the largest number so far, at each step. ``encoder_decoder``: the wave of the
    first half, backward in the second half. Raises InputError for sequences shorter than four steps.
    """
    if length < _SHORTEST:
        raise InputError(f"problem_types: length {length} is too short; give at least {_SHORTEST} steps")
    sizes = (train_series, valid_series, test_series)
    drawn = [_DRAW[kind](rng, size, length) for size in sizes]
    mean, std = float(drawn[0].targets.mean()), float(drawn[0].targets.std())
    train, valid, test = (_split(one, mean, std) for one in drawn)
    return Problem(
        train=train, valid=valid, test=test, floor=0.0,
        asks="label", causal=True,
        provenance={"source": f"{kind}: made up", "mean": [mean], "std": [std], "kind": kind},
    )  # fmt: skip


def _split(one: Drawn, mean: float, std: float) -> Split:
    targets: Array = ((one.targets - mean) / std).astype(np.float32)
    return Split(
        inputs=one.inputs.astype(np.float32)[:, :, None],
        targets=targets.reshape(len(targets), -1, 1),
        lengths=one.lengths,
    )


def _one_to_one(rng: np.random.Generator, count: int, length: int) -> Drawn:
    inputs = np.zeros((count, length))
    inputs[:, -1] = rng.uniform(-1, 1, count)
    return Drawn(inputs, np.sin(np.pi * inputs[:, -1:]))


def _one_to_many(rng: np.random.Generator, count: int, length: int) -> Drawn:
    inputs = np.zeros((count, length))
    inputs[:, 0] = rng.uniform(-1, 1, count)
    frequency = 0.4 + 0.2 * inputs[:, :1]  # rad/step
    return Drawn(inputs, np.sin(frequency * np.arange(length)))


def _many_to_one(rng: np.random.Generator, count: int, length: int) -> Drawn:
    inputs = rng.uniform(-1, 1, (count, length))
    return Drawn(inputs, inputs.max(axis=1, keepdims=True))


def _many_to_many(rng: np.random.Generator, count: int, length: int) -> Drawn:
    inputs = rng.uniform(-1, 1, (count, length))
    return Drawn(inputs, np.maximum.accumulate(inputs, axis=1))


def _encoder_decoder(rng: np.random.Generator, count: int, length: int) -> Drawn:
    half = length // 2
    frequency, phase = rng.uniform(0.2, 0.8, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
    wave = np.sin(frequency * np.arange(half) + phase)
    inputs = np.concatenate([np.zeros((count, length - 2 * half)), wave, np.zeros((count, half))], axis=1)
    return Drawn(inputs, wave[:, ::-1])


def _different_length(rng: np.random.Generator, count: int, length: int) -> Drawn:
    inputs, lengths = rng.uniform(-1, 1, (count, length)), rng.integers(length // 4, length + 1, count)
    inside = np.arange(length) < lengths[:, None]
    largest = np.where(inside, inputs, -np.inf).max(axis=1, keepdims=True)
    return Drawn(np.where(inside, inputs, 0.0), largest, lengths)


_DRAW: dict[Kind, Callable[[np.random.Generator, int, int], Drawn]] = {
    "one_to_one": _one_to_one,
    "one_to_many": _one_to_many,
    "many_to_one": _many_to_one,
    "many_to_many": _many_to_many,
    "encoder_decoder": _encoder_decoder,
    "different_length": _different_length,
}
