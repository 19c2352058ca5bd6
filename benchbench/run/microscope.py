"""The microscope: what a learner's states and weights are before training and at each validation, as arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.problem import Problem, Snapshot

Arrays = dict[str, NDArray[Any]]


class Microscope:
    """Takes a snapshot of a learner at each call, from the states of the first test sequence.

    A learner without ``snapshot``, or one that raises in it, is not looked at: ``message`` says why.
    """

    def __init__(self, problem: Problem) -> None:
        self._inputs = problem.test.inputs[:1].copy()
        self._learner: Any = None
        self._updates: list[int] = []
        self._taken: list[Snapshot] = []
        self.message = ""

    def look_at(self, learner: Any) -> None:
        """Look at this learner from now on."""
        self._learner = learner

    def __call__(self, updates: int) -> None:
        """Take a snapshot after so many updates; a second look at the same update replaces the first."""
        snapshot: Callable[..., Snapshot] | None = getattr(self._learner, "snapshot", None)
        if snapshot is None:
            self.message = "the learner has no snapshot"
            return
        try:
            taken = snapshot(self._inputs)
        except Exception as error:
            self.message = f"snapshot: {type(error).__name__}: {error}"
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
            if taken.states is not None:
                found[f"snapshot.{i}.states"] = np.asarray(taken.states)
            found |= {f"snapshot.{i}.weights.{name}": np.asarray(w) for name, w in taken.weights.items()}
        return found
