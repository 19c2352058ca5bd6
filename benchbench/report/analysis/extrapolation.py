"""What trials made of values beyond the known ones: for the figure and the table."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from benchbench.report.analysis.arrays import Floats, Kept, each_kept
from benchbench.report.analysis.study import Numbers


class Extrapolated(NamedTuple):
    """Of one trial, in units of the signal: all places and values, and those beyond the known ones.

    ``predicted`` from true values, ``generated`` in a free run; None where there is none.
    """

    x: Floats
    values: Floats
    ahead: Floats
    true: Floats
    predicted: Floats
    generated: Floats | None


def extrapolates(run: Kept) -> bool:
    """Whether the data of a trial are values in a row of which the first are known."""
    return "x" in run.facts and "data.values" in run.arrays


def extrapolated(run: Kept) -> Extrapolated:
    """What a trial made."""
    values, place = run.arrays["data.values"].astype(float), run.facts["x"]
    x = place["start"] + place["step"] * np.arange(len(values))
    true, predicted = (run.restored(run.arrays[f"predictions.test.{kind}"])[:, 0, 0] for kind in ("true", "made"))
    made = run.arrays.get("free_run.generated")
    generated = None if made is None or len(made) != len(true) else run.restored(made[:, None])[:, 0]
    return Extrapolated(x, values, x[-len(true) :], true, predicted, generated)


def table(numbers: Numbers) -> pd.DataFrame:
    """A row a value, seed and competitor; empty where nothing is extrapolated."""
    rows = []
    for place, run in each_kept(numbers, "data.values"):
        if extrapolates(run):
            one = extrapolated(run)
            columns = {"x": one.ahead, "true": one.true, "predicted": one.predicted, "generated": one.generated}
            rows.append(pd.DataFrame({**place, "seed": run.record.trial.seed, **columns}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
