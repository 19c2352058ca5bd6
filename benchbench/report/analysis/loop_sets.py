"""Chooses each competitor's option set for the closed loop: the one whose validation runs stay valid longest."""

import numpy as np
import pandas as pd

from benchbench.core.record import Status
from benchbench.report.analysis.comparable import CELL, one_kernel, one_machine
from benchbench.report.analysis.select import Selection

FREE_RUN, ONE_STEP = "free run", "one step"
"""What chose an option set: the valid time of free runs from other starts, or the validation error in open loop."""

_SETS = [*CELL, "set"]


def chosen(selection: Selection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The trials to compare in closed loop, and one row for each cell: its option sets, the chosen one, what chose it.

    Free runs choose if every scored trial of a cell has one for this purpose: the longest median valid time over seeds
    wins, where a seed without a run counts as the worst. Among equals, and in other cells, the validation error chooses
    as in open loop.
    """
    every, options = selection.every, selection.options
    ok = (every["ok"] & ~every["unranked"]).to_numpy(bool)
    ended = every["free_run_status"]
    times = every["validation_time"].where(ended == Status.OK)
    silent = (ended == Status.OK) & times.isna() & (every["validation_message"] == "")
    lacking = ((ended == "") | silent) & ok  # where a free run failed, that is known
    timed = every.assign(time=times.where(ok).fillna(-np.inf), lacking=lacking, known=times.notna() & ok)
    whole = timed.groupby(CELL).agg(lacking=("lacking", "any"), known=("known", "any")).reset_index()
    found = selection.sets.merge(timed.groupby(_SETS, as_index=False)["time"].median(), on=_SETS, how="left")
    best = found.sort_values("time", ascending=False, kind="stable").groupby(CELL).head(1)
    table = options[[*CELL, "option_sets", "set"]].merge(whole, on=CELL, how="left")
    table = table.merge(best[[*_SETS, "time"]].rename(columns={"set": "longest"}), on=CELL, how="left")
    freely = (table["option_sets"] > 1) & ~table["lacking"] & table["known"]
    table = table.assign(
        set=table["set"].where(~freely, table["longest"]),
        chosen_by=np.where(freely, FREE_RUN, ONE_STEP),
        validation_time=table["time"].where(freely & np.isfinite(table["time"])),
    )
    kept = pd.MultiIndex.from_frame(every[_SETS]).isin(pd.MultiIndex.from_frame(table[_SETS]))
    frame, _ = one_machine(one_kernel(every[kept])[0])
    return frame, table[[*CELL, "option_sets", "set", "chosen_by", "validation_time"]]
