"""The figure of times against length as power laws: of an update, to a target loss, and of the whole fit."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchbench.report.analysis.curves import SECONDS, Curve, learning
from benchbench.report.analysis.order import ordered, parts, several
from benchbench.report.figures.place import Place
from benchbench.report.figures.style import Look, length_axis, log_if_wide, panels
from benchbench.statistics.laws import power

_FEWEST = 4  # the fewest lengths that a law is fitted to
_VALIDATION = 2


def power_law(place: Place) -> Figure | None:
    """Medians over seeds against length, and the fitted law of each competitor with its exponent."""
    part = place.rows[place.rows["timed"] & place.rows["ok"] & (place.rows["updates"] > 0) & ~place.rows["baseline"]]
    if len(set(part["length"])) < _FEWEST or several(part, "variant"):
        return None
    part = part.assign(update_ms=1e3 * part["fit_seconds"] / part["updates"])
    target, reached = _to_target(part, place)
    part = part.assign(target_seconds=part["key"].map(reached))
    columns = {"time of an update (ms)": "update_ms", f"to a loss of {target:.2g} (s)": "target_seconds"}
    columns["fit in all (s)"] = "fit_seconds"
    legend = {name: place.looks[name] for name in ordered(part)} | _KEY
    figure, axes = panels(list(columns), legend)
    for axis, (title, column) in zip(axes, columns.items(), strict=True):
        for row, (name, rows) in enumerate(parts(part, "architecture")):
            look = place.looks[name]
            middle = rows.groupby("length")[column].median().dropna()
            axis.plot(middle.index, middle, **{**look, "linestyle": ""})
            if len(middle) >= _FEWEST:
                law = power(middle.index.to_numpy(float), middle.to_numpy(float))
                axis.plot(middle.index, law.factor * middle.index**law.exponent, **{**look, "marker": ""})
                axis.text(
                    0.02, 0.98 - 0.065 * row, f"{name}: exponent {law.exponent:.2f}",
                    fontsize=6.5, color=look["color"], va="top", ha="left", transform=axis.transAxes,
                )  # fmt: skip
        axis.set_ylabel(title)
        log_if_wide(axis, "y", part[column].dropna())
        length_axis(axis, sorted(set(part["length"])))
    return figure


_KEY: dict[str, Look] = {"line: fitted power law": {"color": "#777777", "marker": ""}}


def _to_target(part: pd.DataFrame, place: Place) -> tuple[float, dict[str, float]]:
    """The lowest validation loss that every competitor reached on every seed, and the seconds that each trial took."""
    curves: dict[str, Curve] = {}
    for one in learning(part, place.numbers.records).values():
        curves |= one.curves
    target = max((float(curve[:, _VALIDATION].min()) for curve in curves.values()), default=np.nan)
    reached = {
        key: float(curve[np.argmax(curve[:, _VALIDATION] <= target), SECONDS])
        for key, curve in curves.items()
        if (curve[:, _VALIDATION] <= target).any()
    }
    return target, reached
