"""The numbers that the page's charts draw, thinned to fit into one file: cells, learning curves, series."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchbench.report.analysis.curves import SECONDS, UPDATES, Learning, learning, predictions
from benchbench.report.analysis.free_runs import one_seed
from benchbench.report.analysis.order import baselines, ordered
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows
from benchbench.report.analysis.verdicts import PLACE
from benchbench.report.charts.places import Places
from benchbench.report.page.texts import metric

_COSTS = {"fit_seconds": "fit (s)", "peak_mib": "peak memory (MiB)", "device_peak_mib": "peak on the device (MiB)",
          "predict_us": "prediction (µs a window)", "parameters": "parameters"}  # fmt: skip
_GRID = 40  # points of a learning curve
_POINTS = 120_000  # points of all series of predictions together
_LONGEST, _FEWEST = 120, 30  # most and fewest points of one series of predictions
_RUN = 600  # points of a free run
_VALIDATION = 2
_LOSSES = {"squared_error": "MSE", "cross_entropy": "cross-entropy (nats)"}
_TRIAL = [*PLACE, "architecture", "baseline", "seed", "key", "machine", "ok", "timed", "loss", "budget_limits"]
Row = dict[str, Any]


def explored(numbers: Numbers, where: Places) -> dict[str, Any]:
    """All numbers by name; ``a`` is the number of a competitor in the report's order, ``p`` the number of a place."""
    names = {name: i for i, name in enumerate(ordered(numbers.selection.frame))}
    curves, grids = _curves(numbers, where, names)
    measures = {"score": _scores(numbers, where, names), "valid": _valid_times(numbers, where, names)}
    return {
        "names": list(names),
        "baselines": sorted(names[name] for name in baselines(numbers.selection.frame)),
        "places": where.facts,
        "controls": where.controls,
        "costs": {name: label for name, label in _COSTS.items() if _known(measures["score"], name)},
        "cells": {name: found for name, found in measures.items() if found},
        "grids": grids,
        "curves": curves,
        "predictions": list(_predictions(numbers, where, names)),
        "runs": list(_runs(numbers, where, names)),
    }


def _known(cells: list[Row], name: str) -> bool:
    return any(name in row["costs"] for row in cells)


def _scores(numbers: Numbers, where: Places, names: dict[str, int]) -> list[Row]:
    """The primary metric and the costs of each cell, with the lowest and highest over seeds."""
    costs = _spread(numbers.selection.frame)
    found = []
    for row in rows(numbers.cells[numbers.cells["score"].notna()]):
        place = (row["condition"], row["variant"], row["length"])
        found.append(
            _at(row, where, names)
            | {"y": _short(row["score"]), "low": _short(row["score_min"]), "high": _short(row["score_max"])}
            | {"metric": metric(row["primary"]), "better": row["better"], "floor": _short(row["floor"])}
            | {"costs": costs.get((*place, row["architecture"]), {}), "seeds": int(row["ok"]), "failed": row["failed"]}
        )
    return found


def _spread(frame: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, list[float | None]]]:
    """The median, lowest and highest of each cost by cell, if it is known and above zero."""
    parameters = frame["trained_parameters"] + frame["fixed_parameters"].fillna(0)
    by = frame.assign(parameters=parameters)[frame["ok"]].groupby([*PLACE, "architecture"])
    found: dict[tuple[Any, ...], dict[str, list[float | None]]] = {}
    for name in _COSTS:
        for cell, *values in by[name].agg(["median", "min", "max"]).itertuples(name=None):
            if values[0] > 0:
                found.setdefault(cell, {})[name] = [_short(value) for value in values]
    return found


def _valid_times(numbers: Numbers, where: Places, names: dict[str, int]) -> list[Row]:
    """The valid time of free runs with the quartiles over all starts, and the costs of the fit."""
    loops = numbers.closed_loop
    if loops.cells.empty:
        return []
    costs = _spread(loops.trials)
    found = []
    for row in rows(loops.cells[loops.cells["valid_time"].notna()]):
        cell = (row["condition"], row["variant"], row["length"], row["architecture"])
        unit = f"{str(row['unit']).removesuffix('s')}s"
        found.append(
            _at(row, where, names)
            | {"y": _short(row["valid_time"]), "low": _short(row["valid_time_q1"])}
            | {"high": _short(row["valid_time_q3"]), "metric": f"valid time ({unit})", "better": "higher"}
            | {"costs": costs.get(cell, {}), "seeds": int(row["ok"]), "failed": row["failed"], "floor": None}
        )
    return found


def _curves(numbers: Numbers, where: Places, names: dict[str, int]) -> tuple[list[Row], dict[int, Row]]:
    """The loss on validation along the budget (median, lowest and highest seed) of each cell, and each place's grid."""
    frame, found, grids = numbers.selection.frame[_TRIAL], list[Row](), dict[int, Row]()
    for place, part in _by_place(frame[frame["ok"]]):
        at = where.numbers[place]
        column = UPDATES if part["budget_limits"].iloc[0].keys() & {"updates", "epochs"} else SECONDS
        shown = part[part["timed"] | (column == UPDATES)]
        known = learning(shown, numbers.records)
        ends = [curve[-1, column] for one in known.values() for curve in one.curves.values()]
        if not ends:
            continue
        grid = np.linspace(0, max(ends), _GRID + 1)[1:]
        loss = _LOSSES.get(str(part["loss"].iloc[0]), "loss")
        grids[at] = {"x": [_short(x) for x in grid], "unit": ("updates", "s of the fit")[column], "loss": loss}
        found += [{"p": at, "a": names[name], **_along(one, grid, column)} for name, one in known.items()]
    return found, grids


def _along(one: Learning, grid: NDArray[np.float64], column: int) -> Row:
    """A competitor's loss along a grid; a seed that has ended keeps its last loss. A solver has one number."""
    if not one.curves:
        return {"end": _short(one.end)}
    along = [np.interp(grid, c[:, column], c[:, _VALIDATION], left=np.nan) for c in one.curves.values()]
    table = np.array(along)
    whole = [bool(np.isfinite(point).all()) for point in table.T]
    sides = {"y": np.median(table, axis=0), "low": table.min(axis=0), "high": table.max(axis=0)}
    return {
        name: [_short(v) if ok else None for v, ok in zip(side, whole, strict=True)] for name, side in sides.items()
    }


def _predictions(numbers: Numbers, where: Places, names: dict[str, int]) -> Iterator[Row]:
    """The first segment of the test split for one seed of each cell, true and predicted."""
    frame = numbers.selection.frame[_TRIAL]
    most = int(np.clip(_POINTS // max(1, len(numbers.cells)), _FEWEST, _LONGEST))
    truths: dict[tuple[float | None, ...], int] = {}
    for place, part in _by_place(frame):
        at = where.numbers[place]
        for name, samples in predictions(part, numbers.records).items():
            if "first" not in samples:
                continue
            segment = samples["first"]
            true = tuple(_short(v) for v in segment.true[:most])
            row: Row = {"p": at, "a": names[name], "made": [_short(v) for v in segment.predicted[:most]]}
            first = {} if true in truths else {"true": true}  # the competitors of a place share one truth
            dots = {"dots": True} if part["loss"].iloc[0] == "cross_entropy" else {}
            yield row | {"t": truths.setdefault(true, len(truths))} | first | dots


def _runs(numbers: Numbers, where: Places, names: dict[str, int]) -> Iterator[Row]:
    """The first start of one seed's free run at the longest length, true and generated."""
    trials = numbers.closed_loop.trials
    longest = trials[trials["length"] == trials.groupby(["condition", "variant"])["length"].transform("max")]
    for place, part in _by_place(longest) if len(trials) else ():
        found, _ = one_seed(part, numbers.records, numbers.results)
        at = where.numbers[place]
        for name, run in found.items():
            step = max(1, -(-len(run.true) // _RUN))
            time = np.arange(len(run.true))[::step] / run.facts.unit_steps
            valid = run.facts.valid_steps[0] / run.facts.unit_steps if run.facts.valid_steps else None
            made = [_short(v) for v in run.generated[::step]]
            yield {
                "p": at, "a": names[name],
                "x": [_short(x) for x in time], "true": [_short(v) for v in run.true[::step]],
                "made": made + [None] * (len(time) - len(made)), "valid": _short(valid), "unit": run.facts.unit,
            }  # fmt: skip


def _by_place(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str, int], pd.DataFrame]]:
    for (condition, variant, length), part in frame.groupby(PLACE):
        yield (str(condition), str(variant), int(str(length))), part


def _at(row: Row, where: Places, names: dict[str, int]) -> Row:
    return {"p": where.numbers[row["condition"], row["variant"], row["length"]], "a": names[row["architecture"]]}


def _short(value: float | None) -> float | None:
    """A number with four significant digits; None if it is not finite."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.4g}")
