"""Figures of scores and costs under one condition, against length and against each other, one panel for each task."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchbench.report.analysis.order import ordered, several
from benchbench.report.figures.place import Place, grid, lines
from benchbench.report.figures.style import FRONTIER, POSSIBLE, Looks, length_axis, log_if_wide
from benchbench.report.page.texts import metric

FLOOR = "best possible (floor)"
FASTEST = "nothing is both faster and better"

_KEY = {"color": "#777777", "marker": "o", "linestyle": ""}
_BARS: Looks = {
    "median over seeds, bars: lowest to highest": {**_KEY, "marker": "|", "linestyle": "-", "markersize": 9.0}
}
_LARGER: Looks = {"larger marker: longer window": _KEY}


def score_by_length(place: Place) -> Figure | None:
    """The median of the primary metric against window length, bars from the lowest to the highest seed."""
    scored = place.cells[place.cells["score"].notna()]
    if scored.empty or not several(scored, "length"):
        return None
    floor_key: Looks = {FLOOR: POSSIBLE} if scored["floor"].notna().any() else {}
    figure, panels = grid(scored, place.looks, floor_key | _BARS, directed=True)
    for axis, part in panels:
        names = ordered(part)
        for i, (name, look, mine) in enumerate(lines(part, place.looks)):
            aside = mine["length"] * 1.02 ** (i - (len(names) - 1) / 2)
            axis.plot(aside, mine["score"], label=name, **look)
            axis.vlines(aside, mine["score_min"], mine["score_max"], color=look["color"], linewidth=1.0, alpha=0.6)
        floor = part.groupby("length")["floor"].median().dropna()
        _across(axis, list(floor.index), list(floor))
        axis.set_ylabel(score_label(part))
        _scale(axis, part, [*part["score_min"], *part["score_max"], *floor])
        length_axis(axis, sorted(part["length"].unique()))
    return figure


def time_by_length(place: Place) -> Figure | None:
    """The median fit time against window length."""
    return _cost_by_length(place.cells, place.looks, "fit_seconds", "fit (s)")


def memory_by_length(place: Place) -> Figure | None:
    """The median peak memory against window length, on the device if there is one."""
    known = place.cells["device_peak_mib"].notna().any()
    column, label = ("device_peak_mib", "peak on the device (MiB)") if known else ("peak_mib", "peak memory (MiB)")
    return _cost_by_length(place.cells, place.looks, column, label)


def _cost_by_length(cells: pd.DataFrame, looks: Looks, column: str, label: str) -> Figure | None:
    known = cells[cells[column] > 0]
    if known.empty or not several(known, "length"):
        return None
    figure, panels = grid(known, looks)
    for axis, part in panels:
        for name, look, mine in lines(part, looks):
            axis.plot(mine["length"], mine[column], label=name, **look)
        axis.set_ylabel(label)
        log_if_wide(axis, "y", part[column])
        length_axis(axis, sorted(part["length"].unique()))
    return figure


def score_by_time(place: Place) -> Figure | None:
    """The median of the primary metric against the median fit time, with markers that grow with length."""
    known = place.cells[(place.cells["fit_seconds"] > 0) & place.cells["score"].notna()]
    if known.empty:
        return None
    larger = _LARGER if len(known[["variant", "length"]].drop_duplicates()) > len(set(known["variant"])) else {}
    figure, panels = grid(known, place.looks, {FASTEST: FRONTIER} | larger, directed=True)
    for axis, part in panels:
        rank = part["score"].where(part["better"] != "higher", -part["score"])
        best = part.assign(rank=rank).sort_values(["fit_seconds", "rank"])
        best = best[best["rank"] < best["rank"].shift().cummin().fillna(np.inf)]
        axis.step(best["fit_seconds"], best["score"], where="post", zorder=0, **FRONTIER)
        for name, look, mine in lines(part, place.looks):
            axis.plot(mine["fit_seconds"], mine["score"], label=name, **{**look, "marker": "", "linewidth": 0.7})
            size = 14 * (1 + np.arange(len(mine)))
            axis.scatter(mine["fit_seconds"], mine["score"], s=size, color=look["color"], marker=look["marker"])
        axis.set_xlabel("fit (s)")
        axis.set_ylabel(score_label(part))
        log_if_wide(axis, "x", part["fit_seconds"])
        _scale(axis, part, part["score"])
    return figure


def score_label(part: pd.DataFrame) -> str:
    """The axis label of a task's primary metric: its name and unit, with an arrow if higher is better."""
    name, better = part["primary"].iloc[0], part["better"].iloc[0]
    if name in {"mse", "rmse"}:
        return f"test {metric(name)} (standardised)"
    return f"{'↑ ' if better == 'higher' else ''}test {metric(name)}"


def _scale(axis: Axes, part: pd.DataFrame, values: "pd.Series[float] | list[float]") -> None:
    """Set a log scale unless higher is better: such metrics are bounded by 1, where a log scale hides differences."""
    if part["better"].iloc[0] != "higher":
        log_if_wide(axis, "y", values)


def _across(axis: Axes, lengths: list[int], values: list[float]) -> None:
    if len(lengths) == 1:
        axis.axhline(values[0], zorder=0, **POSSIBLE)
    else:
        axis.plot(lengths, values, zorder=0, **POSSIBLE)
