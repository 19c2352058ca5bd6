"""The microscope: records a learner's states and weights before training and at each validation, as arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchbench.core.artifacts import Arrays
from benchbench.core.problem import Snapshot, Split


class Microscope:
    """Takes a snapshot of a learner at each call, on the first sequence of the validation split.

    ``message`` says why there is no snapshot: the learner has no method ``snapshot``, or it raised an exception.
    """

    def __init__(self, valid: Split) -> None:
        end = valid.inputs.shape[1] if valid.lengths is None else int(valid.lengths[0])
        self._inputs = valid.inputs[:1, :end].copy()
        self._learner: Any = None
        self._updates: list[int] = []
        self._taken: list[Arrays] = []
        self.message = ""

    def look_at(self, learner: Any) -> None:
        """Take snapshots of this learner from now on."""
        self._learner = learner
        if getattr(learner, "snapshot", None) is None:
            self.message = "the microscope saw nothing: the learner has no method snapshot"

    def __call__(self, updates: int) -> None:
        """Take a snapshot after so many updates; a second one after the same update replaces the first."""
        snapshot: Callable[..., Snapshot] | None = getattr(self._learner, "snapshot", None)
        if snapshot is None:
            return
        try:
            taken = _copied(snapshot(self._inputs), getattr(self._learner, "steps_back", _nothing)(self._inputs))
        except Exception as error:
            self.message = f"the microscope saw nothing: {type(error).__name__}: {error}"
            return
        if self._updates[-1:] == [updates]:
            self._updates.pop(), self._taken.pop()
        self._updates.append(updates)
        self._taken.append(taken)

    def arrays(self) -> Arrays:
        """``snapshot.updates`` (n,) and, for snapshot i, ``snapshot.i.states``, ``.back`` and ``.weights.NAME``."""
        if not self._taken:
            return {}
        found: Arrays = {"snapshot.updates": np.array(self._updates)}
        for i, taken in enumerate(self._taken):
            found |= {f"snapshot.{i}.{name}": array for name, array in taken.items()}
        return found


def _nothing(_inputs: Any) -> None:
    return None


def _copied(taken: Snapshot, back: Any) -> Arrays:
    """Copies of a snapshot's arrays, since the learner will change them; TypeError if one does not hold numbers."""
    states, weights = taken
    named = {f"weights.{name}": weight for name, weight in weights.items()}
    named |= {name: array for name, array in (("states", states), ("back", back)) if array is not None}
    arrays = {name: np.array(array) for name, array in named.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} in the snapshot must be an array of numbers, not of objects")
    return arrays
