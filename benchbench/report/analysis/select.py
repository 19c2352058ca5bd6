"""The trials that the report compares: one option set a competitor, chosen on validation."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchbench.core.record import Status
from benchbench.report.analysis.comparable import (
    CELL,
    asked,
    conditions,
    current,
    gaps,
    looks,
    measured,
    one_kernel,
    one_machine,
    same_data,
    variants,
)  # fmt: skip
from benchbench.report.analysis.lines import changed

_SETS = [*CELL, "set"]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The trials that the report compares.

    ``frame`` has one row per trial and the columns of ``load`` plus ``variant`` (the task, with its options where it
    comes in several variants), ``condition`` (budget, device and engine where there are several, machine where these
    are compared), ``ok`` (it counts in rankings), ``rank_score`` (the primary metric on the test split, turned so that
    lower is better, infinite where it is not ok), ``timed`` (its costs may be compared), ``predict_us`` and memory in
    MiB. ``failures`` are all trials that did not end ok, of any option set. ``options`` has a row per cell: how many
    option sets, and which was chosen; ``sets`` has a row per option set, ``every`` the trials of all of them. ``notes``
    say what was left out.
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    options: pd.DataFrame
    sets: pd.DataFrame
    every: pd.DataFrame
    notes: tuple[str, ...]


def select(frame: pd.DataFrame) -> Selection:
    """The trials to compare, from the frame of ``load``; those of a tuning are none of them."""
    altered = changed(frame)
    tuned = frozenset(frame.loc[frame["tuning"], "architecture"])
    frame = frame[~frame["tuning"]]
    frame, notes = current(frame)
    frame, costs = measured(asked(frame))
    notes += same_data(frame)
    frame = frame.assign(variant=variants(frame), condition=conditions(frame))
    notes += [*gaps(frame, tuned), *looks(frame)]
    sets = _sets(frame)
    chosen, options = _tuned(frame, sets)
    chosen, mixed = one_kernel(chosen)
    chosen, pooled = one_machine(chosen)
    failures = frame[frame["status"] != Status.OK]
    return Selection(
        frame=chosen,
        failures=failures,
        options=options,
        sets=sets,
        every=frame,
        notes=(*altered, *notes, *costs, *mixed, *pooled),
    )


def _sets(frame: pd.DataFrame) -> pd.DataFrame:
    """Each option set of each cell with its median on validation, the best first; a seed without one is the worst.

    A trial that a mark keeps out of rankings has none.

    ``penalised`` and ``valid`` are lower where better; ``valid_choice`` is as the metric is.
    """
    valid = frame["valid_choice"].where(frame["ok"] & ~frame["unranked"])
    test = frame["test_score"].where(frame["ok"])
    found = (
        frame.assign(penalised=valid.fillna(np.inf), valid=valid, test=test)
        .groupby(_SETS, as_index=False)
        .agg(
            penalised=("penalised", "median"), valid=("valid", "median"), test_score=("test", "median"),
            seeds=("seed", "nunique"), ok=("ok", "sum"), choose=("choose", "first"), higher=("chosen_higher", "first"),
            primary=("primary", "first"), loss=("loss", "first"), objective=("objective", "first"),
            options=("architecture_options", "first"),
        )
        .sort_values(["penalised", "valid", "set"], kind="stable")
    )  # fmt: skip
    return found.assign(valid_choice=found["valid"].where(~found["higher"], -found["valid"]))


def _tuned(frame: pd.DataFrame, sets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    cell = sets.groupby(CELL)
    options = cell.head(1).assign(option_sets=cell["set"].transform("size")).sort_values(CELL)
    chosen = pd.MultiIndex.from_frame(options[_SETS])
    kept = pd.MultiIndex.from_frame(frame[_SETS]).isin(chosen)
    columns = [*CELL, "option_sets", "set", "valid_choice", "choose", "loss", "objective"]
    return frame[kept], options[columns].reset_index(drop=True)
