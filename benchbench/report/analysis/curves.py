"""Learning curves and segments of predictions, from the records."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchbench.core.objective import LOSS, ObjectiveFacts
from benchbench.core.record import Segment
from benchbench.report.analysis.order import ordered
from benchbench.report.analysis.trials import Records

UPDATES, SECONDS = 0, 1  # columns of a curve
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Learning:
    """One competitor's learning curves on one task, by trial key: arrays (point, 4).

    The columns are updates, seconds, validation loss and training loss. ``end``: the median over seeds of the final
    validation loss, for a competitor without a curve.
    """

    curves: dict[str, Curve]
    end: float


def learning(part: pd.DataFrame, records: Records) -> dict[str, Learning]:
    """The curves of each architecture in the rows of one task."""
    found = {}
    for name in ordered(part):
        mine = part[part["architecture"] == name]
        curves = {
            record.trial.key: np.array(record.curve, dtype=float)  # None becomes NaN
            for record in records.of(mine)
            if len(record.curve) > 1
        }
        ends = [_end(record.scores, record.objective) for record in records.of(mine)]
        known = [value for value in ends if value is not None]
        found[name] = Learning(curves, float(np.median(known)) if known else np.nan)
    return found


def _end(scores: dict[str, float | None], facts: ObjectiveFacts) -> float | None:
    """The final validation loss, which records of the first schema call the MSE."""
    return scores.get(f"valid_{LOSS}", scores.get("valid_mse") if facts.loss == "squared_error" else None)


def predictions(part: pd.DataFrame, records: Records) -> dict[str, dict[str, Segment]]:
    """Segments of the test split by architecture and kind, at the longest length, of the lowest seed that ended ok."""
    shown = part[part["ok"] & (part["length"] == part["length"].max())].sort_values("seed", kind="stable")
    found: dict[str, dict[str, Segment]] = {}
    for (name,), record in records.rows(shown, ["architecture"]):
        samples = {kind: segment for kind, segment in record.samples.items() if segment.true}
        if samples:
            found.setdefault(str(name), samples)
    return {name: found[name] for name in ordered(part) if name in found}
