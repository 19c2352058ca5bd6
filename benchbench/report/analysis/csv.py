"""The tables of the report as files, with every digit.

The columns of regression studies keep the names that they have always had; those of a study with other objectives are
named by its metrics.
"""

import pandas as pd

from benchbench.report.analysis.cells import COSTS, metrics, usual
from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.extrapolation import table as extrapolation
from benchbench.report.analysis.loop_sets import FREE_RUN
from benchbench.report.analysis.order import several
from benchbench.report.analysis.seen import table as seen
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.verdicts import PLACE, across_tasks

_USUAL = ["mse", "mse_min", "mse_max", "nrmse", "r2", "r2_min", "r2_max"]
_FAILURES = ["task", "task_set", "architecture", "set", "length", "seed", "budget", "device", "machine"]
_MADE_BY = ("engine", "kernel_cpu", "kernel_device")
_ANSWERS = ["fit_seconds", "predict_us", "peak_mib", "parameters", "disturbed"]
_SURE = ["pairs", "failures"]
_GAP = ["gap_from", "gap_closed", "gap_closed_min", "gap_closed_max"]


def tables(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The tables by file name, without ending."""
    selection, cells = numbers.selection, numbers.cells
    loops, pairs = numbers.closed_loop.cells, numbers.devices.cells
    engines = [*(["engine"] if several(cells, "engine") else []), *(["kernel"] if cells["kernel"].any() else [])]
    floor = ["floor_times"] if cells["floor_times"].notna().any() else []
    found = {
        "answers": _answers(numbers),
        "errors": _errors(numbers),
        "costs": cells[[*CELL, "width", "first_update_seconds", *COSTS, "disturbed", *engines, *floor]],
        "groups": numbers.groups,
        "option_sets": _options(selection.options),
        "failures": selection.failures[[*_FAILURES, "status", "message", *(["engine"] if engines else [])]],
    }
    if (selection.options["option_sets"] > 1).any():
        found["option_sets_all"] = _all_sets(numbers)
    further = {
        "pairs": numbers.pairs,
        "lenses": _lenses(numbers),
        "laws": numbers.laws,
        "across_tasks": across_tasks(numbers.pairs),
        "marks": numbers.marked,
        "undefined": numbers.undefined,
        "closed_loop": loops.drop(columns=["baseline", "trials"]),
        "closed_loop_sets": _loop_sets(numbers),
        "closed_loop_pairs": numbers.closed_loop.pairs,
        "extrapolation": extrapolation(numbers),
        "ladder": _ladder(numbers.ladders.cells),
        "ladder_leads": numbers.ladders.leads,
        "ladder_settled": numbers.ladders.settled,
        "tuning": numbers.tuning.drop(columns=["task", "task_set", "higher", "made"]),
        "microscope": seen(numbers),
        "engines": numbers.engines.cells,
        "engine_orders": numbers.engines.orders,
        "devices": pairs.drop(columns=["baseline", *([] if engines else _MADE_BY)], errors="ignore"),
    }
    return found | {name: table for name, table in further.items() if not table.empty}


def _ladder(cells: pd.DataFrame) -> pd.DataFrame:
    spread = ["primary", "score", "score_min", "score_max", "seeds", "ok", "fit_seconds", "rank_group"]
    return cells[["ladder", "limit", "variant", "architecture", "length", "rung", *spread]]


def _errors(numbers: Numbers) -> pd.DataFrame:
    cells, names = numbers.cells, metrics(numbers.selection.frame)
    gap = _GAP if cells["gap_closed"].notna().any() else []
    if usual(numbers.selection.frame):
        table = cells.assign(floor_mse=cells["floor"])
        return table.reindex(columns=[*CELL, "seeds", "ok", *_USUAL, "floor_mse", "failed", "rank_group", *gap])
    spread = [f"{name}{end}" for name in names for end in ("", "_min", "_max")]
    further = ["objective", "primary", "score", "score_min", "score_max", "floor", *spread]
    return cells[[*CELL, "seeds", "ok", "failed", *further, "rank_group", *gap]]


def _answers(numbers: Numbers) -> pd.DataFrame:
    frame = numbers.selection.frame
    regression = usual(frame)
    first = [*PLACE, "take", "verdict", *(["mse", "r2"] if regression else []), *_ANSWERS]
    further = [] if regression else ["objective", "primary", "score", "floor", *metrics(frame)]
    return numbers.answers.reindex(columns=[*first, *further, *_SURE])


def _lenses(numbers: Numbers) -> pd.DataFrame:
    table = numbers.lenses
    return table if several(table, "where") else table.drop(columns="where")


def _options(options: pd.DataFrame) -> pd.DataFrame:
    if set(options["objective"]) <= {"regression"} and set(options["choose"]) <= {"loss", "mse"}:
        return options[[*CELL, "option_sets", "set", "valid_choice"]].rename(columns={"valid_choice": "valid_mse"})
    return options[[*CELL, "option_sets", "set", "choose", "valid_choice"]]


def _loop_sets(numbers: Numbers) -> pd.DataFrame:
    """The option sets of the closed loop; nothing where the open loop chose all of them."""
    options = numbers.closed_loop.options
    return options if (options["chosen_by"] == FREE_RUN).any() else options[:0]


def _all_sets(numbers: Numbers) -> pd.DataFrame:
    """Every option set with its score on validation, which chooses, and on test, which does not."""
    sets = numbers.selection.sets
    chosen = pd.MultiIndex.from_frame(numbers.selection.options[[*CELL, "set"]])
    table = sets.assign(chosen=pd.MultiIndex.from_frame(sets[[*CELL, "set"]]).isin(chosen))
    columns = [*CELL, "set", "chosen", "seeds", "ok", "choose", "valid_choice", "primary", "test_score"]
    found: pd.DataFrame = table.sort_values([*CELL, "penalised", "valid", "set"], kind="stable")[columns]
    return found
