"""The microscope: what a learner's states and weights are before training and at each validation, as arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.artifacts import Arrays
from benchbench.core.problem import Snapshot, Split


class Microscope:
    """Takes a snapshot of a learner at each call, from the states of the first sequence of the validation split.

    ``message`` says why there is none: the learner has no ``snapshot``, or raised in it.
    """

    def __init__(self, valid: Split) -> None:
        end = valid.inputs.shape[1] if valid.lengths is None else int(valid.lengths[0])
        self._inputs = valid.inputs[:1, :end].copy()
        self._learner: Any = None
        self._updates: list[int] = []
        self._taken: list[Arrays] = []
        self.message = ""

    def look_at(self, learner: Any) -> None:
        """Look at this learner from now on."""
        self._learner = learner
        if getattr(learner, "snapshot", None) is None:
            self.message = "the microscope saw nothing: the learner has no snapshot"

    def __call__(self, updates: int) -> None:
        """Take a snapshot after so many updates; a second look at the same update replaces the first."""
        snapshot: Callable[..., Snapshot] | None = getattr(self._learner, "snapshot", None)
        if snapshot is None:
            return
        try:
            taken = _copied(snapshot(self._inputs))
        except Exception as error:
            self.message = f"the microscope saw nothing: {type(error).__name__}: {error}"
            return
        if self._updates[-1:] == [updates]:
            self._updates.pop(), self._taken.pop()
        self._updates.append(updates)
        self._taken.append(taken)

    def arrays(self) -> Arrays:
        """``snapshot.updates``, and of each snapshot i ``snapshot.i.states`` and ``snapshot.i.weights.NAME``."""
        if not self._taken:
            return {}
        found: Arrays = {"snapshot.updates": np.array(self._updates)}
        for i, taken in enumerate(self._taken):
            found |= {f"snapshot.{i}.{name}": array for name, array in taken.items()}
        return found


def _copied(taken: Snapshot) -> Arrays:
    """The arrays of a snapshot, copied, since a learner goes on changing its own; TypeError for what are no numbers."""
    states, weights = taken
    named = {f"weights.{name}": weight for name, weight in weights.items()}
    if states is not None:
        named["states"] = states
    arrays = {name: np.array(array) for name, array in named.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} is no array of numbers")
    return arrays
