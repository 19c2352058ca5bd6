"""Numbers of the closed loop: how long free runs stay valid, and which competitors' runs stay valid longest."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchbench.core.record import Status
from benchbench.report.analysis.cells import failed, trials_of
from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.loop_sets import chosen
from benchbench.report.analysis.select import Selection
from benchbench.report.analysis.trials import Records
from benchbench.report.analysis.verdicts import VALID_TIME, judged, verdicts

NO_RUN = "free run failed"
_ENDED = {Status.TIMEOUT: "free run timeout", Status.OUT_OF_MEMORY: "free run out_of_memory"}
MSE = "free_run_mse"
_MEDIANS = ("nrmse_84", "spectrum_distance", "diverged_share", "step_us")
_SHARES = {"": 0.5, "_q1": 0.25, "_q3": 0.75}


@dataclass(frozen=True, kw_only=True)
class ClosedLoop:
    """The free runs of a Selection.

    ``trials`` are the rows that asked for a free run, with ``outcome``: the status, or that the free run failed.
    ``cells``, ``pairs`` and ``verdicts`` have a row for each cell, pair and place. ``missing`` counts, by condition and
    variant, the records without a free run where other records have one. ``options`` has a row for each cell: the
    number of option sets, the chosen set, and what chose it.
    """

    trials: pd.DataFrame
    cells: pd.DataFrame
    pairs: pd.DataFrame
    verdicts: pd.DataFrame
    missing: Counter[tuple[str, str]]
    options: pd.DataFrame


def closed_loop(selection: Selection, records: Records) -> ClosedLoop:
    """The free runs of a Selection; empty if there are none."""
    frame, options = chosen(selection)
    ran = frame["free_run_status"] != ""
    scored = frame["status"].isin([Status.OK, Status.OVER_BUDGET])
    # a trial whose fit failed never reached its free run: that is an outcome, not a record that lacks one
    lost = frame[~ran & ~scored]
    asked = pd.Series([one.trial.closed_loop for one in records.of(lost)], lost.index, bool)
    kept = ran | asked.reindex(frame.index, fill_value=False)
    places = [frame["condition"], frame["variant"]]
    somewhere = ran.groupby(places).transform("any")
    trials = _measured(frame[kept & somewhere], records)
    timed = trials.assign(rank_score=trials["rank_time"], better="higher", primary=VALID_TIME)
    pairs, ranks = judged(timed)
    cells = _cells(trials, records).merge(ranks, on=CELL, how="left")
    return ClosedLoop(
        trials=trials,
        cells=cells,
        pairs=pairs,
        verdicts=verdicts(timed, pairs),
        missing=Counter(frame.loc[~kept & somewhere, ["condition", "variant"]].itertuples(index=False, name=None)),
        options=options.merge(cells[CELL], on=CELL),
    )


def _measured(trials: pd.DataFrame, records: Records) -> pd.DataFrame:
    runs = [record.free_run for record in records.of(trials)]
    declined = [run is not None and run.status == Status.UNSUPPORTED for run in runs]
    trials = trials.assign(status=trials["status"].mask(np.array(declined, bool), Status.UNSUPPORTED))
    ended = [NO_RUN if run is None else _ENDED.get(run.status, NO_RUN) for run in runs]
    nothing = (trials["status"] == Status.OK) & trials["valid_time"].isna()
    outcome = trials["status"].mask(nothing, pd.Series(ended, trials.index, str))
    made = [len(run.valid_steps) * run.steps if run else 0 for run in runs]
    return trials.assign(
        outcome=outcome,
        rank_time=(-trials["valid_time"]).where((outcome == Status.OK) & ~trials["unranked"], np.inf),  # longest first
        cap=np.array([run.steps / run.unit_steps if run else np.nan for run in runs], float),
        sliding=np.array([run is not None and run.sliding for run in runs], bool),
        step_us=trials["generate_seconds"].where(trials["timed"]) / pd.Series(made, trials.index, float) * 1e6,
    )


def _cells(trials: pd.DataFrame, records: Records) -> pd.DataFrame:
    """One row for each cell: valid times pooled over all starts of all seeds, and medians over seeds of the rest."""
    good = trials[trials["outcome"] == Status.OK]
    every, scored = trials.groupby(CELL), good.groupby(CELL)
    pooled = starts(good, records).groupby(CELL)
    table = pd.DataFrame({"unit": every["valid_time_unit"].max(), "seeds": every["seed"].nunique()})
    table["ok"] = scored.size().reindex(table.index, fill_value=0)
    table["starts"] = pooled.size().reindex(table.index, fill_value=0)
    table["cap"] = every["cap"].min()
    for suffix, share in _SHARES.items():
        table[f"valid_time{suffix}"] = pooled["time"].quantile(share)
    table["to_end"] = pooled["to_end"].mean()
    for column in (*_MEDIANS, *([MSE] if trials[MSE].notna().any() else [])):  # older records have none
        table[column] = scored[column].median()
        table[f"{column}_seeds"] = scored[column].count().reindex(table.index, fill_value=0)
    table["sliding"] = every["sliding"].any()
    table["failed"] = every["outcome"].agg(failed)
    table["baseline"] = every["baseline"].first()
    table["trials"] = trials_of(trials)
    return table.reset_index()


def starts(trials: pd.DataFrame, records: Records) -> pd.DataFrame:
    """One row for each start: its cell, its valid ``time``, and whether it stays valid ``to_end`` of the run."""
    rows = [
        (*cell, steps / run.unit_steps, steps >= run.steps)
        for cell, record in records.rows(trials, CELL)
        if (run := record.free_run)
        for steps in run.valid_steps
    ]
    return pd.DataFrame(rows, columns=[*CELL, "time", "to_end"]).astype({"time": float, "to_end": bool})


def divergences(trials: pd.DataFrame, records: Records) -> pd.DataFrame:
    """One row for each cell in which starts diverged: how many of all, and the ``first`` and the ``last`` time.

    The times are NaN if the records do not give them.
    """
    rows = []
    for cell, record in records.rows(trials, CELL):
        run = record.free_run
        if run and run.valid_steps:
            count = len(run.valid_steps)
            times = [step / run.unit_steps for step in run.diverged_at if step is not None] or [np.nan]
            rows.append((*cell, run.unit, round((run.diverged or 0) * count), count, min(times), max(times)))
    table = pd.DataFrame(rows, columns=[*CELL, "unit", "diverged", "starts", "first", "last"])
    how = {"unit": "first", "diverged": "sum", "starts": "sum", "first": "min", "last": "max"}
    found = table.groupby(CELL, as_index=False).agg(how)
    return found[found["diverged"] > 0]
