"""The figure of learning curves under one condition at the longest length, with one panel for each task."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchbench.report.analysis.curves import SECONDS, UPDATES, Curve, Learning, learning
from benchbench.report.analysis.order import ordered
from benchbench.report.figures.place import Place, grid
from benchbench.report.figures.style import Look, log_if_wide

_SEEDS = 10  # the most thin lines for one competitor
_VALIDATION, _TRAINING = 2, 3
_LOSSES = {"squared_error": "loss: MSE (standardised)", "cross_entropy": "loss: cross-entropy (nats)"}
_GREY = "#777777"
_KINDS = {
    "validation, median": {"color": _GREY, "linestyle": "-", "linewidth": 1.6, "marker": ""},
    "validation, one seed": {"color": _GREY, "linestyle": "-", "linewidth": 0.5, "marker": ""},
}
_TRAINED: dict[str, Look] = {
    "training, median": {"color": _GREY, "linestyle": (0, (2, 1.5)), "linewidth": 0.9, "marker": ""}
}


def learning_curves(place: Place) -> Figure | None:
    """The loss against updates, or against seconds if these are the only limit.

    Validation: the median over seeds is bold, single seeds are thin. Training: the median over seeds is dashed. A
    competitor without a curve is a horizontal line at its score.
    """
    shown, column = _shown(place)
    found = {variant: learning(part, place.numbers.records) for variant, part in shown.groupby("variant")}
    curves = [curve for by_name in found.values() for one in by_name.values() for curve in one.curves.values()]
    if not curves:
        return None
    trained = any(np.isfinite(curve[:, _TRAINING]).any() for curve in curves)
    figure, panels = grid(shown, place.looks, _KINDS | (_TRAINED if trained else {}))
    for axis, part in panels:
        mine = found[part["variant"].iloc[0]]
        values = [value for name in ordered(part) for value in _draw(axis, mine[name], place.looks[name], column)]
        axis.set_xlabel(f"{('updates', 'fit (s)')[column]} at length {part['length'].iloc[0]}")
        axis.set_ylabel(_LOSSES.get(part["loss"].iloc[0], "loss"))
        log_if_wide(axis, "y", values)
    return figure


def level(place: Place) -> bool:
    """Whether the figure draws some competitor as a horizontal line."""
    shown, _ = _shown(place)
    return bool((shown.groupby(["variant", "architecture"])["points"].max() <= 1).any())


def _shown(place: Place) -> tuple[pd.DataFrame, int]:
    """The rows that are drawn, and the column of the horizontal axis."""
    rows = place.rows
    column = UPDATES if rows["budget_limits"].iloc[0].keys() & {"updates", "epochs"} else SECONDS
    longest = rows["length"] == rows.groupby("variant")["length"].transform("max")
    return rows[rows["ok"] & longest & (rows["timed"] | (column == UPDATES))], column


def _draw(axis: Axes, one: Learning, look: Look, column: int) -> list[float]:
    """Draw one competitor, and return the values that the axis must cover."""
    line = {**look, "marker": ""}
    if not one.curves:
        axis.axhline(one.end, **line)
        return [one.end]
    curves = list(one.curves.values())
    for curve in curves[:_SEEDS]:
        axis.plot(curve[:, column], curve[:, _VALIDATION], **{**line, "linewidth": 0.5, "alpha": 0.4})
    values = [float(value) for curve in curves for value in curve[:, _VALIDATION]]
    trained = [curve for curve in curves if np.isfinite(curve[:, _TRAINING]).all()]
    if trained:
        grid, middle = _median(trained, column, _TRAINING)
        axis.plot(grid, middle, **{**line, "linestyle": (0, (2, 1.5)), "linewidth": 0.9, "alpha": 0.8})
        values += middle.tolist()
    axis.plot(*_median(curves, column, _VALIDATION), **look, markevery=(5, 12))
    return values


def _median(curves: list[Curve], column: int, kind: int) -> tuple[Any, Any]:
    """The median of the curves over the range that all of them cover."""
    grid = np.linspace(max(c[0, column] for c in curves), min(c[-1, column] for c in curves), 60)
    return grid, np.median([np.interp(grid, c[:, column], c[:, kind]) for c in curves], axis=0)
