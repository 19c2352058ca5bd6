"""The promise of a learner that says with ``keep`` and ``restore`` how it is kept."""

import numpy as np

from benchbench.contract.promises import UntestableError, require
from benchbench.core.problem import Learner, Setting, Split
from benchbench.run.keeping import SILENT, kept
from benchbench.run.scoring import given


def same_when_restored(learner: Learner, another: Learner, setting: Setting, split: Split) -> None:
    """Require that ``another``, restored from the bytes of the fitted learner, predicts a split bit by bit the same.

    UntestableError for a learner that does not say how it is kept.
    """
    facts, _ = kept(learner, setting, lambda: another, split)
    if facts.message == SILENT:
        raise UntestableError(f"{SILENT}, so run --keep keeps no fit of it, and predict cannot apply one")
    require(not facts.message, facts.message)
    first, second = (np.asarray(one.predict(*given(split.inputs, split.lengths))) for one in (learner, another))
    gap = float(np.abs(first - second).max())
    require(np.array_equal(first, second), f"predictions differ by up to {gap:.3g}")
