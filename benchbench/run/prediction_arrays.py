"""All predictions of a trial as arrays, for figures of a whole series, confusion matrices and ROC curves."""

from collections.abc import Mapping

from benchbench.core.artifacts import Arrays
from benchbench.core.problem import Array, Problem

MOST = 2_000_000  # numbers of a split that are kept; further sequences are left out


def prediction_arrays(problem: Problem, made: Mapping[str, Array]) -> Arrays:
    """The arrays ``predictions.SPLIT.true`` and ``.made`` (sequence, scored, output), ``.labels``, and ``data.NAME``.

    ``made`` has the checked predictions of train, valid and test; ``data.NAME`` are the arrays in ``problem.shown``.
    """
    found: Arrays = {f"data.{name}": array for name, array in problem.shown.items()}
    for name, predictions in made.items():
        split = getattr(problem, name)
        most = max(1, MOST // split.targets[0].size)
        found |= {f"predictions.{name}.true": split.targets[:most].copy()}
        found |= {f"predictions.{name}.made": predictions[:most].copy()}
        if split.labels is not None:
            found[f"predictions.{name}.labels"] = split.labels[:most].copy()
    return found
