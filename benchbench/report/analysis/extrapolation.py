"""What trials predicted beyond the known values of a series, for the figure and the table."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from benchbench.report.analysis.arrays import Floats, Kept, each_kept
from benchbench.report.analysis.study import Numbers


class Extrapolated(NamedTuple):
    """One trial's extrapolation, in units of the signal.

    ``x`` and ``values`` (time,) are the whole series; ``ahead`` and ``true`` (step,) are the part beyond the known
    values. ``predicted`` (step,) comes from true inputs, ``generated`` (step,) from a free run, None if there is none.
    """

    x: Floats
    values: Floats
    ahead: Floats
    true: Floats
    predicted: Floats
    generated: Floats | None


def extrapolates(run: Kept) -> bool:
    """Whether the data of a trial are a series of which only the first values are known."""
    return "x" in run.facts and "data.values" in run.arrays


def extrapolated(run: Kept) -> Extrapolated:
    """The extrapolation of a trial."""
    values, place = run.arrays["data.values"].astype(float), run.facts["x"]
    x = place["start"] + place["step"] * np.arange(len(values))
    true, predicted = (run.restored(run.arrays[f"predictions.test.{kind}"])[:, 0, 0] for kind in ("true", "made"))
    made = run.arrays.get("free_run.generated")
    generated = None if made is None or len(made) != len(true) else run.restored(made[:, None])[:, 0]
    return Extrapolated(x, values, x[-len(true) :], true, predicted, generated)


def table(numbers: Numbers) -> pd.DataFrame:
    """One row for each value, seed and competitor; empty if nothing is extrapolated."""
    rows = []
    for place, run in each_kept(numbers, "data.values"):
        if extrapolates(run):
            one = extrapolated(run)
            columns = {"x": one.ahead, "true": one.true, "predicted": one.predicted, "generated": one.generated}
            rows.append(pd.DataFrame({**place, "seed": run.record.trial.seed, **columns}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
