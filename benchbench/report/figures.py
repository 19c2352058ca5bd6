"""Figures of one condition, from its cells and records: one panel a task."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchbench.core.record import Record
from benchbench.report.devices import OPEN
from benchbench.report.panels import FRONTIER, POSSIBLE, Look, Looks, length_axis, log_if_wide, panels
from benchbench.report.select import order, parts, several

_SEEDS = 10  # thin lines a competitor, at most


def error_by_length(cells: pd.DataFrame, looks: Looks) -> Figure | None:
    """Median test MSE against window length, bars from the lowest to the highest seed."""
    scored = cells[cells["mse"].notna()]
    figure, axes = _grid(scored, looks, {"lowest possible": POSSIBLE} if scored["floor_mse"].notna().any() else {})
    for axis, (_, part) in zip(axes, parts(scored, "variant"), strict=True):
        lengths = sorted(part["length"].unique())
        names = order(part["architecture"])
        for i, (name, look, mine) in enumerate(_lines(part, looks)):
            aside = mine["length"] * 1.02 ** (i - (len(names) - 1) / 2)
            axis.plot(aside, mine["mse"], label=name, **look)
            axis.vlines(aside, mine["mse_min"], mine["mse_max"], color=look["color"], linewidth=1.0, alpha=0.6)
        floor = part.groupby("length")["floor_mse"].median().dropna()
        _across(axis, list(floor.index), list(floor))
        axis.set_ylabel("test MSE (standardised)")
        log_if_wide(axis, "y", [*part["mse_min"], *part["mse_max"], *floor])
        length_axis(axis, lengths)
    return figure


def cost_by_length(cells: pd.DataFrame, looks: Looks, column: str, label: str) -> Figure | None:
    """The median of a cost against window length."""
    known = cells[cells[column] > 0]
    figure, axes = _grid(known, looks)
    for axis, (_, part) in zip(axes, parts(known, "variant"), strict=True):
        for name, look, mine in _lines(part, looks):
            axis.plot(mine["length"], mine[column], label=name, **look)
        axis.set_ylabel(label)
        log_if_wide(axis, "y", part[column])
        length_axis(axis, sorted(part["length"].unique()))
    return figure


def error_by_time(cells: pd.DataFrame, looks: Looks) -> Figure | None:
    """Median test MSE against median fit time, a marker a length that grows with it; grey steps: the frontier."""
    known = cells[(cells["fit_seconds"] > 0) & cells["mse"].notna()]
    figure, axes = _grid(known, looks, {"frontier": FRONTIER})
    for axis, (_, part) in zip(axes, parts(known, "variant"), strict=True):
        best = part.sort_values(["fit_seconds", "mse"])
        best = best[best["mse"] < best["mse"].shift().cummin().fillna(np.inf)]
        axis.step(best["fit_seconds"], best["mse"], where="post", zorder=0, **FRONTIER)
        for name, look, mine in _lines(part, looks):
            axis.plot(mine["fit_seconds"], mine["mse"], label=name, **{**look, "marker": "", "linewidth": 0.7})
            size = 14 * (1 + np.arange(len(mine)))
            axis.scatter(mine["fit_seconds"], mine["mse"], s=size, color=look["color"], marker=look["marker"])
        axis.set_xlabel("fit (s)")
        axis.set_ylabel("test MSE (standardised)")
        log_if_wide(axis, "x", part["fit_seconds"])
        log_if_wide(axis, "y", part["mse"])
    return figure


def times_by_batch(cells: pd.DataFrame, looks: Looks) -> Figure | None:
    """An update's time on the CPU over the device's against batch, a panel a length; against length if one batch.

    From the cells of one comparison and task. Median over seeds, bars from the lowest to the highest; grey: equal;
    hollow: open.
    """
    known = cells[cells["update_times"].notna()]
    if known.empty:
        return None
    along, across = ("batch", "length") if several(known, "batch") else ("length", "batch")
    by_panel = list(known.sort_values(along, kind="stable").groupby(across))
    legend = {name: looks[name] for name in order(known["architecture"])} | {"equal": POSSIBLE}
    figure, axes = panels([f"{known['variant'].iloc[0]}, {across} {value}" for value, _ in by_panel], legend)
    for axis in axes[1:]:
        axis.sharey(axes[0])
    for axis, (_, part) in zip(axes, by_panel, strict=True):
        for name, look, mine in _lines(part, looks):
            axis.plot(mine[along], mine["update_times"], label=name, **look)
            axis.vlines(
                mine[along],
                mine["update_times_min"],
                mine["update_times_max"],
                color=look["color"],
                linewidth=1.0,
                alpha=0.6,
            )
            if len(hollow := mine[mine["update_verdict"] == OPEN]):
                line = {**look, "linestyle": "", "markerfacecolor": "white"}
                axis.plot(hollow[along], hollow["update_times"], **line)
        axis.axhline(1, zorder=0, **POSSIBLE)
        axis.set_ylabel(f"time of an update: cpu / {known['device'].iloc[0]}")
        log_if_wide(axis, "y", [*known["update_times_min"], *known["update_times_max"], 1.0])
        length_axis(axis, sorted(set(part[along])))
        if along == "batch":
            axis.set_xlabel("batch (windows)")
    return figure


def learning_curves(frame: pd.DataFrame, looks: Looks, records: list[Record]) -> Figure | None:
    """Validation MSE at the longest length against updates, or seconds where these are the only limit.

    Bold: median over seeds; thin: seeds. Who has no curve, or one point, is a line across at its median.
    """
    column = 0 if frame["budget_limits"].iloc[0].keys() & {"updates", "epochs"} else 1
    longest = frame["length"] == frame.groupby("variant")["length"].transform("max")
    shown = frame[frame["ok"] & longest & (frame["timed"] | (column == 0))]
    if not any(records[i].curve for i in shown.index):
        return None
    figure, axes = _grid(shown, looks)
    for axis, (_, part) in zip(axes, parts(shown, "variant"), strict=True):
        values: list[float] = []
        for _, look, mine in _lines(part, looks):
            values += _curves(axis, [records[i].curve for i in mine.index], mine["valid_mse"], look, column)
        axis.set_xlabel(f"{('updates', 'fit (s)')[column]} at length {part['length'].iloc[0]}")
        axis.set_ylabel("validation MSE")
        log_if_wide(axis, "y", values)
    return figure


def _grid(part: pd.DataFrame, looks: Looks, extra: Looks | None = None) -> tuple[Figure | None, list[Axes]]:
    if part.empty:
        return None, []
    legend = {name: looks[name] for name in order(part["architecture"])} | (extra or {})
    return panels([variant for variant, _ in parts(part, "variant")], legend)


def _lines(part: pd.DataFrame, looks: Looks) -> list[tuple[str, Look, pd.DataFrame]]:
    by_name = dict(parts(part.sort_values("length", kind="stable"), "architecture"))
    return [(name, looks[name], by_name[name]) for name in order(part["architecture"])]


def _across(axis: Axes, lengths: list[int], values: list[float]) -> None:
    if len(lengths) == 1:
        axis.axhline(values[0], zorder=0, **POSSIBLE)
    else:
        axis.plot(lengths, values, zorder=0, **POSSIBLE)


def _curves(axis: Axes, curves: list[Any], valid: "pd.Series[float]", look: Look, column: int) -> list[float]:
    """Draw one competitor's curves; the values that the axis has to hold."""
    several = [curve for curve in curves if len(curve) > 1]
    drawn = [np.array([(point[column], point[2]) for point in curve], dtype=float).T for curve in several]
    line = {**look, "marker": ""}
    if not drawn:
        axis.axhline(valid.median(), **line)
        return [float(valid.median())]
    for x, y in drawn[:_SEEDS]:
        axis.plot(x, y, **{**line, "linewidth": 0.5, "alpha": 0.4})
    grid = np.linspace(max(x[0] for x, _ in drawn), min(x[-1] for x, _ in drawn), 60)
    middle = np.median([np.interp(grid, x, y) for x, y in drawn], axis=0)
    axis.plot(grid, middle, **look, markevery=(5, 12))
    return [float(value) for _, y in drawn for value in y]
