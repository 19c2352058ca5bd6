"""The share of the achievable gap that is closed: 0 at the simplest baseline, 1 at the floor."""

import pandas as pd

from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.verdicts import PLACE

SIMPLEST = ("mean", "majority", "persistence")  # ordered by how much of the input they use: nothing, its last value
_DATA = [*PLACE, "seed"]


def gaps_closed(frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each cell with a floor and a baseline: (baseline - score) / (baseline - floor), seed by seed.

    ``gap_from`` is the baseline: the first of ``SIMPLEST`` that ended ok at this task, length and condition.
    ``gap_closed`` is the median over the seeds on which both ended ok, with ``_min`` and ``_max``. It is 1 at the floor
    and 0 at the baseline; a finite test split may even give more than 1. It is NaN if the baseline is not worse than
    the floor.
    """
    ok = frame[frame["ok"]]
    rank = {name: i for i, name in enumerate(SIMPLEST)}
    simple = ok[ok["made_by"].isin(SIMPLEST)].assign(rank=lambda part: part["made_by"].map(rank))
    simple = simple[simple["rank"] == simple.groupby(PLACE)["rank"].transform("min")]
    simple = simple.drop_duplicates(_DATA).rename(columns={"architecture": "gap_from", "test_score": "start"})
    both = ok.dropna(subset="floor").merge(simple[[*_DATA, "gap_from", "start"]], on=_DATA)
    whole = both["start"] - both["floor"]
    achievable = whole.where(both["better"] != "higher", -whole) > 0
    both["gap"] = ((both["start"] - both["test_score"]) / whole).where(achievable)
    cells = both.groupby(CELL)
    found = pd.DataFrame({"gap_from": cells["gap_from"].first()})
    for suffix, how in (("", "median"), ("_min", "min"), ("_max", "max")):
        found[f"gap_closed{suffix}"] = cells["gap"].agg(how)
    return found.reset_index()
