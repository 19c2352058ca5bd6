"""The arrays of free runs, from a trial's artifact or from the lists in older records."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchbench.core import artifacts
from benchbench.core.record import FreeRunOutcome, Record, Status
from benchbench.report.analysis.order import ordered
from benchbench.report.analysis.trials import Records

Array = NDArray[np.float64]
_DRAWN = ("free_run.true", "free_run.generated", "free_run.maxima_true", "free_run.maxima_generated")


@dataclass(frozen=True, kw_only=True)
class FreeRun:
    """The drawn part of a trial's free run: the first start (step,), and pairs of maxima (n, 2); ``facts``: scores."""

    facts: FreeRunOutcome
    true: Array
    generated: Array
    maxima_true: Array
    maxima_generated: Array


def longest(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials at the longest length whose free run ended ok, by seed."""
    shown = trials.sort_values("seed", kind="stable")
    found: pd.DataFrame = shown[(shown["outcome"] == Status.OK) & (shown["length"] == shown["length"].max())]
    return found


def one_seed(trials: pd.DataFrame, records: Records, results: Path) -> tuple[dict[str, FreeRun], list[str]]:
    """The run of each competitor's lowest seed, and sentences that name the runs whose arrays are missing."""
    shown, found, lacking = longest(trials), dict[str, FreeRun](), list[str]()
    first = shown[~shown["architecture"].duplicated()]
    by_name = dict(zip(first["architecture"], records.of(first), strict=True))
    for name in ordered(first):
        arrays, reason = _arrays(by_name[name], results)
        if reason:
            lacking.append(f"{name}: {reason}")
        elif run := by_name[name].free_run:
            found[name] = FreeRun(facts=run, **arrays)
    return found, lacking


def _arrays(record: Record, results: Path) -> tuple[dict[str, Array], str]:
    run = record.free_run
    if run is None:
        return {}, ""
    if record.artifact is None:
        return _of_lists(run), ""
    kept, reason = artifacts.read(results, record)
    return {
        name.removeprefix("free_run."): np.asarray(kept.get(name, _NOTHING[name]), float) for name in _DRAWN
    }, reason


def _of_lists(run: FreeRunOutcome) -> dict[str, Array]:
    pairs = {kind: _pairs(run.maxima.get(kind, ())) for kind in ("true", "generated")}
    series = {"true": np.array(run.true, float), "generated": np.array(run.generated, float)}
    return {**series, **{f"maxima_{kind}": found for kind, found in pairs.items()}}


def _pairs(maxima: Sequence[tuple[float, float]]) -> Array:
    return np.array(maxima, float).reshape(-1, 2)


_NOTHING = {name: np.empty((0, 2) if "maxima" in name else 0) for name in _DRAWN}
