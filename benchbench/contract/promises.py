"""Code that the promises of architectures and of tasks share."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchbench.core.problem import Problem

Promises = Iterator[tuple[str, Callable[[], None]]]


class BrokenPromiseError(Exception):
    """A promise is broken; the message says what the test found."""


class UntestableError(Exception):
    """A promise cannot be tested; the message says why."""


def require(holds: bool, broken: str) -> None:
    """Raise BrokenPromiseError with the text ``broken`` unless ``holds``."""
    if not holds:
        raise BrokenPromiseError(broken)


def untouched(use: Callable[[], object], source: str) -> None:
    """Require that ``use`` leaves the global random generators alone.

    ``source`` names, for the message, what to draw from instead.
    """
    before = _generators()
    use()
    for name, then, now in zip(("random", "numpy.random", "torch"), before, _generators(), strict=True):
        require(then == now, f"the global generator of {name} was used; draw from {source}")


def _generators() -> tuple[str, str, bytes]:
    return (
        repr(random.getstate()),
        repr(np.random.get_state(legacy=False)),  # noqa: NPY002  looked at, not used
        torch.random.get_rng_state().numpy().tobytes(),
    )


def content(problem: Problem) -> list[bytes]:
    """The bytes of every array of a problem."""
    arrays = [
        array
        for split in (problem.train, problem.valid, problem.test)
        for array in (split.inputs, split.targets, split.lengths, split.labels)
        if array is not None
    ]
    for run in (problem.free_run, problem.valid_run):
        arrays += [] if run is None else [run.prefix, run.truth]
    return [np.ascontiguousarray(array).tobytes() for array in arrays]
