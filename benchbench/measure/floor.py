"""The least time of an update of a recurrent network: that of its matrix products alone, in the fastest library."""

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch

Work = Callable[[], object]
_KEPT = 4  # arrays that steps use in turn, so that caches hold as much as they do in a network


def products(gates: int, units: int, *, batch: int, steps: int) -> dict[str, Work]:
    """Functions, by library, that compute the matrix products of one update.

    These are one product forward and one backward for each step, and one for the weight gradient. ``gates`` is 1 for a
    simple cell, 3 for a GRU and 4 for an LSTM. The products of inputs and of the head are left out.
    """
    rng = np.random.default_rng(0)
    rows = gates * units

    def some(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    states, errors = [some(batch, units) for _ in range(_KEPT)], [some(batch, rows) for _ in range(_KEPT)]
    weights, all_errors, all_states = some(rows, units), some(steps * batch, rows), some(steps * batch, units)
    turned = np.ascontiguousarray(weights.T)
    into = [np.empty(shape, np.float32) for shape in ((batch, rows), (batch, units), (rows, units))]

    def by_numpy() -> None:
        for t in range(steps):
            np.dot(states[t % _KEPT], turned, out=into[0])
        for t in range(steps):
            np.dot(errors[t % _KEPT], weights, out=into[1])
        np.dot(all_errors.T, all_states, out=into[2])

    tensors = [[torch.from_numpy(array) for array in arrays] for arrays in (states, errors, into)]
    weight, whole = torch.from_numpy(weights), (torch.from_numpy(all_errors), torch.from_numpy(all_states))

    def by_torch() -> None:
        for t in range(steps):
            torch.mm(tensors[0][t % _KEPT], weight.t(), out=tensors[2][0])
        for t in range(steps):
            torch.mm(tensors[1][t % _KEPT], weight, out=tensors[2][1])
        torch.mm(whole[0].t(), whole[1], out=tensors[2][2])

    return {"numpy": by_numpy, "torch": by_torch}


def minima(
    works: Mapping[str, Work], rounds: int = 9, seconds: float = 0.02, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """The least seconds that a call of each function took.

    The functions are called in turn, so that a disturbance hits all of them. In each round, a function is called as
    often as fits into ``seconds``, and at least once.
    """
    calls = {}
    for name, work in works.items():
        work()  # warms up
        start = clock()
        work()
        calls[name] = max(1, int(seconds / max(clock() - start, 1e-9)))
    found = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = clock()
            for _ in range(calls[name]):
                work()
            found[name] = min(found[name], (clock() - start) / calls[name])
    return found
