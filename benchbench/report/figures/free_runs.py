"""Figures of the closed loop of one condition and task at its longest length."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchbench.core.record import FreeRunOutcome
from benchbench.report.analysis.closed_loop import starts
from benchbench.report.analysis.free_runs import FreeRun, longest, one_seed
from benchbench.report.analysis.order import baselines, ordered, parts
from benchbench.report.figures.place import Place
from benchbench.report.figures.rows import GREY, TOP, draw_row, figure_of_rows, name_rows, scale_of
from benchbench.report.figures.style import Look, panels
from benchbench.report.page.texts import number

_BEYOND = 0.15  # margin of a return map on each side, as a share of the range of the truth


def survival(place: Place) -> Figure | None:
    """The share of starts that are still valid against time, over all seeds, one line for each competitor."""
    shown = longest(place.rows)
    if shown.empty:
        return None
    pooled = dict(parts(starts(shown, place.numbers.records), "architecture"))
    names = [name for name in ordered(shown) if name in pooled]
    figure, (axis,) = panels([_title(shown)], {name: place.looks[name] for name in names})
    for name in names:
        times = pooled[name].sort_values("time", kind="stable")
        lost = times.loc[~times["to_end"], "time"].to_numpy()
        x = np.concatenate([[0.0], lost, times.loc[times["to_end"], "time"].tail(1)])
        y = 1 - np.minimum(np.arange(len(x)), len(lost)) / len(times)
        axis.step(x, 100 * y, where="post", label=name, **place.looks[name], markevery=max(1, len(x) // 6))
    axis.set_ylim(0, 104)
    axis.set_xlim(left=0)
    axis.set_xlabel(_time(shown))
    axis.set_ylabel("starts still valid (%)")
    return figure


def free_runs(place: Place) -> Figure | str | None:
    """The first start of one seed, generated over true, one row for each competitor; a line ends the valid time."""
    found, lacking = _runs(place)
    runs = {name: run for name, run in reversed(found.items()) if len(run.true)}
    if not runs:
        return _said(lacking)
    legend = {"true": GREY, "generated (colour of the competitor)": "#0072B2", "end of the valid time": "black"}
    figure = figure_of_rows(list(runs), 0.5, legend)
    axis = figure.add_subplot()
    scale = scale_of([run.true for run in runs.values()])
    for row, (name, run) in enumerate(runs.items()):
        step, valid = 1 / run.facts.unit_steps, run.facts.valid_steps[0]
        draw_row(
            axis, row, true=run.true, made=run.generated, colour=place.looks[name]["color"],
            scale=scale, text=_valid(run.facts), step=step,
        )  # fmt: skip
        if valid < len(run.true):
            axis.vlines(valid * step, row - 0.45, row + TOP, color="black", linewidth=1.5)
    name_rows(axis, list(runs), shown=True)
    axis.set_title(f"{_title(place.rows)}: the first start of one seed{', first feature' if _several(place) else ''}")
    axis.set_ylabel("input units, one scale")
    axis.set_xlabel(_time(place.rows))
    return figure


def return_map(place: Place) -> Figure | str | None:
    """Each maximum and the next one, for one seed: true in grey, generated in colour, one panel for each competitor.

    All panels show the range of the true maxima and a margin. None if no run has maxima.
    """
    found, lacking = _runs(place)
    runs = {name: run for name, run in found.items() if len(run.maxima_true)}
    if not any(len(run.maxima_generated) for run in runs.values()):
        return _said(lacking)
    coloured = {f"{name}, generated": _dots(place.looks[name]["color"]) for name in runs}
    figure, axes = panels(list(runs), {"true": _TRUE} | coloured)
    which = ", last feature" if _several(place) else ""
    true = np.concatenate([run.maxima_true for run in runs.values()])
    low, high = float(true.min()), float(true.max())
    margin = _BEYOND * ((high - low) or 1.0)
    for axis, (name, run) in zip(axes, runs.items(), strict=True):
        axis.plot(*run.maxima_true.T, label="true", zorder=3, **_TRUE)  # on top and smaller, so that both are visible
        axis.plot(*run.maxima_generated.T, label="generated", **_dots(place.looks[name]["color"]))
        axis.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
        axis.set_xlabel(f"maximum{which} (input units)")
        axis.set_ylabel("next maximum (input units)")
    return figure


def _runs(place: Place) -> tuple[dict[str, FreeRun], list[str]]:
    """The networks, and the baselines whose free runs are not constant."""
    found, lacking = one_seed(place.rows, place.numbers.records, place.numbers.results)
    plain = {name for name in baselines(place.rows) if name in found and np.ptp(found[name].generated, axis=0) == 0}
    return {name: run for name, run in found.items() if name not in plain}, lacking


def _several(place: Place) -> bool:
    """Whether the series has several features, according to the records."""
    return any(len(record.data.get("mean") or ()) > 1 for record in place.numbers.records.of(place.rows))


def _said(lacking: list[str]) -> str | None:
    return f"There is no figure of free runs here. {' '.join(lacking)}" if lacking else None


def _title(trials: pd.DataFrame) -> str:
    return f"{trials['variant'].iloc[0]}, length {trials['length'].max()}"


def _time(trials: pd.DataFrame) -> str:
    return f"time ({trials['valid_time_unit'].max()}s)"


def _valid(run: FreeRunOutcome) -> str:
    bound = "≥ " if run.valid_steps[0] >= run.steps else ""
    text = f"valid {bound}{number(run.valid_steps[0] / run.unit_steps)} {run.unit.removesuffix('s')}s"
    at = run.diverged_at[0] if run.diverged_at else None
    return text if at is None else f"{text}, diverged at {number(at / run.unit_steps)}"


def _dots(colour: str) -> Look:
    return {"color": colour, "marker": "o", "markersize": 2.5, "markeredgewidth": 0, "linestyle": ""}


_TRUE = {**_dots("#555555"), "markersize": 1.8, "alpha": 0.8}
