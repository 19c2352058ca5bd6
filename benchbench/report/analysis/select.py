"""Selects the trials that the report compares: one option set of each competitor, chosen on validation."""

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
from benchbench.report.strings import python_strings

_SETS = [*CELL, "set"]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The trials that the report compares.

    ``frame`` has one row for each trial and the columns of ``load``, and further: ``variant`` (the task, with options
    if it has several variants), ``condition`` (the budget, with device, engine and machine where these are compared),
    ``ok`` (it counts in rankings), ``rank_score`` (the primary metric on the test split, negated if higher is better,
    infinite if not ok), ``timed`` (its costs may be compared), ``predict_us``, and memory in MiB. ``failures`` are all
    trials that did not end ok, with any option set. ``options`` has a row for each cell: the number of option sets and
    the chosen one. ``sets`` has a row for each option set; ``every`` has the trials of all of them. ``notes`` say what
    is left out.
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    options: pd.DataFrame
    sets: pd.DataFrame
    every: pd.DataFrame
    notes: tuple[str, ...]


@python_strings
def select(frame: pd.DataFrame) -> Selection:
    """The trials to compare, from the frame of ``load``, without those of a tuning."""
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
    """Each option set of each cell with its median on validation, the best first.

    A seed without a score, or with a mark that keeps it out of rankings, counts as the worst. Of ``penalised`` and
    ``valid`` lower is better; ``valid_choice`` has the sign of the metric.
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
