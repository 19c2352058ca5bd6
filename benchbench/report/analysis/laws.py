"""Power laws of how time and memory grow with length and with width."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchbench.report.analysis.select import Selection
from benchbench.report.rows import plain
from benchbench.statistics.laws import FEWEST_SIZES, law

WHAT = {
    "update_ms": "time of an update",
    "fit_seconds": "time of a fit",
    "peak_mib": "memory of a fit",
    "device_peak_mib": "device memory of a fit",
}
_COLUMNS = [
    "condition", "variant", "architecture", "along", "at", "kernel", "what", "fitted_at", "checked_at", "seeds",
    "exponent", "exponent_low", "exponent_high", "predicted", "predicted_low", "predicted_high", "held",
]  # fmt: skip
_WHOLE = 0.95  # a solver that took more than this share of a budget's seconds may not have seen all the data
_ONE_WIDTH = ["condition", "machine", "variant", "architecture", "width", "kernel"]
_ONE_LENGTH = ["where", "machine", "batch", "variant", "architecture", "others", "length", "kernel"]


def laws(selection: Selection) -> pd.DataFrame:
    """One row for each law of a network: a cost as a power of length at one width, or of width at one length.

    ``fitted_at`` names the sizes at which the law was fitted, ``checked_at`` the largest size, at which it is checked.
    ``predicted`` is the ratio predicted / measured there, and ``held`` says whether it lies within 10 % of 1. Intervals
    are over ``seeds``, the number of seeds with every size. Networks that fit in steps have laws of the time of an
    update, solvers laws of the time of the fit. Disturbed times are left out. Empty with fewer than three sizes.
    """
    rows = [
        *_rows(_costs(selection.frame), _ONE_WIDTH, "length", "width"),
        *_rows(_by_width(_costs(selection.every)), _ONE_LENGTH, "width", "length"),
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _costs(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame[frame["ok"] & ~frame["baseline"]]
    steps = frame["points"] > 1
    seconds = frame["budget_limits"].map(lambda limits: limits.get("seconds", np.inf)).astype(float)
    whole = frame["fit_seconds"] < _WHOLE * seconds
    calm = ~frame["disturbed"]
    return frame.assign(
        update_ms=frame["update_ms"].where(steps & calm), fit_seconds=frame["fit_seconds"].where(~steps & calm & whole)
    )


def _by_width(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with columns that must be equal within a law of width: place, batch, and all options but the width."""
    where = [
        condition.removeprefix(budget) for condition, budget in zip(frame["condition"], frame["budget"], strict=True)
    ]
    others = frame["architecture_options"].map(
        lambda options: plain({k: v for k, v in options.items() if k != "width"})
    )
    batch = frame["budget_limits"].map(lambda limits: limits.get("batch", np.nan)).astype(float)
    return frame.assign(where=where, others=others, batch=batch)


def _rows(frame: pd.DataFrame, same: list[str], along: str, at: str) -> Iterator[tuple[Any, ...]]:
    sizes = frame.groupby(same, dropna=False)[along].transform("nunique")
    for _, part in frame[sizes >= FEWEST_SIZES].groupby(same, dropna=False):
        first = part.iloc[0]
        condition = "; ".join(sorted(set(part["condition"])))
        place = (condition, first["variant"], first["architecture"], along, first[at], first["kernel"])
        for what in WHAT:
            if found := _law(part, along, what):
                yield (*place, what, *found)


def _law(part: pd.DataFrame, along: str, what: str) -> tuple[Any, ...] | None:
    known = part[part[what] > 0]
    table = known.pivot_table(index=along, columns="seed", values=what, aggfunc="median").dropna(axis="columns")
    if len(table) < FEWEST_SIZES or table.columns.empty:
        return None
    found = law(table.index.to_numpy(float), table.to_numpy(float))
    sizes = [f"{size:g}" for size in table.index]
    ends = (*found.exponent[:3], *found.predicted[:3])
    return (", ".join(sizes[: found.fitted]), sizes[-1], len(table.columns), *ends, found.held)
