"""Figures of the closed loop of one condition and task at its longest length."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchbench.core.record import Generated, Record, Status
from benchbench.report.closed_loop import starts
from benchbench.report.panels import Look, Looks, panels
from benchbench.report.select import order, parts
from benchbench.report.stretches import draw_row
from benchbench.report.tables import number

_PLAIN = ("persistence", "mean")  # floors that generate a straight line
_BEYOND = 0.15  # of the range of the truth that a return map shows on each side


def survival(trials: pd.DataFrame, looks: Looks, records: list[Record]) -> Figure | None:
    """The share of starts that are still valid against time, all seeds pooled, a line a competitor."""
    shown = _longest(trials)
    if shown.empty:
        return None
    pooled = dict(parts(starts(shown, records), "architecture"))
    names = order(pooled)
    figure, (axis,) = panels([_title(shown)], {name: looks[name] for name in names})
    for name in names:
        times = pooled[name].sort_values("time", kind="stable")
        lost = times.loc[~times["to_end"], "time"].to_numpy()
        x = np.concatenate([[0.0], lost, times.loc[times["to_end"], "time"].tail(1)])
        y = 1 - np.minimum(np.arange(len(x)), len(lost)) / len(times)
        axis.step(x, 100 * y, where="post", label=name, **looks[name], markevery=max(1, len(x) // 6))
    axis.set_ylim(0, 104)
    axis.set_xlim(left=0)
    axis.set_xlabel(_time(shown))
    axis.set_ylabel("starts still valid (%)")
    return figure


def generated(trials: pd.DataFrame, looks: Looks, records: list[Record]) -> Figure | None:
    """The first start of one seed, generated over true, a row a competitor; a line ends the time that it is valid."""
    runs = {name: run for name, run in _one_seed(trials, records).items() if run.true}
    if not runs:
        return None
    height = 0.85 + 0.48 * len(runs)
    figure = Figure(figsize=(9.6, height))
    left = 0.5 + 0.075 * max(len(name) for name in runs)
    figure.subplots_adjust(left=left / 9.6, right=0.99, bottom=0.46 / height, top=1 - 0.3 / height)
    axis = figure.add_subplot()
    true = np.concatenate([run.true for run in runs.values()])
    low, high = float(true.min()), float(true.max())
    for row, (name, run) in enumerate(reversed(runs.items())):
        scale, step = ((low + high) / 2, (high - low) or 1.0), 1 / run.unit_steps
        draw_row(
            axis, row, true=run.true, made=run.generated, colour=looks[name]["color"],
            scale=scale, text=_valid(run), step=step,
        )  # fmt: skip
        if run.valid_steps[0] < len(run.true):
            axis.vlines(run.valid_steps[0] * step, row - 0.45, row + 0.45, color="black", linewidth=1.5)
    axis.set_ylim(-0.6, len(runs) - 0.4)
    axis.set_yticks(range(len(runs)), list(reversed(runs)))
    axis.grid(visible=False)
    axis.set_title(f"{_title(trials)}, first start: true (grey), generated (colour), end of the valid time (black)")
    axis.set_ylabel("input units, one scale")
    axis.set_xlabel(_time(trials))
    return figure


def return_map(trials: pd.DataFrame, looks: Looks, records: list[Record]) -> Figure | None:
    """Each maximum with the one that follows it, of one seed: true grey, generated coloured, a panel a competitor.

    All panels show the range of the true maxima and a little more. None where nothing has maxima.
    """
    runs = {name: run for name, run in _one_seed(trials, records).items() if run.maxima.get("true")}
    if not any(run.maxima.get("generated") for run in runs.values()):
        return None
    figure, axes = panels(list(runs), {"true": _TRUE} | {name: _dots(looks[name]["color"]) for name in runs})
    true = np.concatenate([run.maxima["true"] for run in runs.values()])
    low, high = float(true.min()), float(true.max())
    margin = _BEYOND * ((high - low) or 1.0)
    for axis, (name, run) in zip(axes, runs.items(), strict=True):
        for kind, look in (("true", _TRUE), ("generated", _dots(looks[name]["color"]))):
            x, y = np.array(run.maxima.get(kind) or np.empty((0, 2))).T
            axis.plot(x, y, label=kind, **look)
        axis.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
        axis.set_xlabel("maximum (input units)")
        axis.set_ylabel("next maximum (input units)")
    return figure


def _longest(trials: pd.DataFrame) -> pd.DataFrame:
    shown = trials.sort_values("seed", kind="stable")
    longest: pd.DataFrame = shown[(shown["outcome"] == Status.OK) & (shown["length"] == shown["length"].max())]
    return longest


def _one_seed(trials: pd.DataFrame, records: list[Record]) -> dict[str, Generated]:
    """The run of each competitor's lowest seed."""
    found: dict[str, Generated] = {}
    for i, name in _longest(trials)[["architecture"]].itertuples():
        run = records[i].free_run
        if run and name not in _PLAIN:
            found.setdefault(name, run)
    return {name: found[name] for name in order(found)}


def _title(trials: pd.DataFrame) -> str:
    return f"{trials['variant'].iloc[0]}, length {trials['length'].max()}"


def _time(trials: pd.DataFrame) -> str:
    return f"time ({trials['valid_time_unit'].max()}s)"


def _valid(run: Generated) -> str:
    bound = "≥ " if run.valid_steps[0] >= run.steps else ""
    return f"valid {bound}{number(run.valid_steps[0] / run.unit_steps)}"


def _dots(colour: str) -> Look:
    return {"color": colour, "marker": "o", "markersize": 2.5, "markeredgewidth": 0, "linestyle": ""}


_TRUE = _dots("#b0b0b0")
