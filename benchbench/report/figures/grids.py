"""Figures of the effect of options: learning curves of each option set, and the score against a task's option."""

import json
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchbench.report.analysis.curves import UPDATES, learning
from benchbench.report.analysis.order import natural, ordered
from benchbench.report.figures.place import Place
from benchbench.report.figures.scores import score_label
from benchbench.report.figures.style import Look, log_if_wide, panels

_MOST = 8  # with more option sets, there is no panel
_VALIDATION, _TRAINING = 2, 3
_SHADES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#333333")
_DASHES = ("-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def option_curves(place: Place) -> Figure | None:
    """Learning curves of each option set, one panel for each competitor: medians over seeds, validation bold."""
    every = place.numbers.selection.every
    here = every[(every["condition"] == place.condition) & (every["variant"] == place.variant) & every["ok"]]
    here = here[here["length"] == here["length"].max()]
    shown = {name: names for name in ordered(here) if 1 < len(names := _sets(here, name)) <= _MOST}
    curves = {
        (name, key): list(learning(part, place.numbers.records)[name].curves.values())
        for (name, key), part in here[here["architecture"].isin(shown)].groupby(["architecture", "set"])
    }
    shown = {name: names for name, names in shown.items() if any(curves[name, key] for key in names)}
    if not shown:
        return None
    texts = sorted({text for names in shown.values() for text in names.values()}, key=natural)
    looks: dict[str, Look] = {
        text: {"color": _SHADES[i % len(_SHADES)], "linestyle": _DASHES[i % 4], "marker": ""}
        for i, text in enumerate(texts)
    }
    thin: dict[str, Look] = {"thin: training": {"color": "#777777", "linewidth": 0.7, "marker": ""}}
    figure, axes = panels(list(shown), looks | thin)
    chosen = place.rows.groupby("architecture")["set"].first()
    for axis, (name, names) in zip(axes, shown.items(), strict=True):
        values: list[float] = []
        for key, text in names.items():
            if not (seeds := curves[name, key]):
                continue
            points = min(map(len, seeds))
            updates = seeds[0][:points, UPDATES]
            for kind, width in ((_VALIDATION, 1.6), (_TRAINING, 0.7)):
                middle = np.median([curve[:points, kind] for curve in seeds], axis=0)
                alone = np.isfinite(middle).sum() == 1  # a point without a neighbour has no line
                point: Look = {"marker": "o", "markersize": 4 * width} if alone else {}
                axis.plot(updates, middle, **{**looks[text], **point, "linewidth": width})
                values += [float(value) for value in middle if np.isfinite(value)]
        axis.set_title(fill(f"{name} (chosen: {names[chosen[name]]})", 44) if chosen.get(name) in names else name)
        axis.set(xlabel="updates", ylabel="loss")
        log_if_wide(axis, "y", values)
    return figure


def _sets(here: pd.DataFrame, name: str) -> dict[str, str]:
    """The option sets of a competitor, each with the options that distinguish it."""
    found = {text: json.loads(text) for text in here.loc[here["architecture"] == name, "set"].unique()}
    names = sorted({option for options in found.values() for option in options})
    differ = [o for o in names if len({str(options.get(o)) for options in found.values()}) > 1]
    said = {text: ", ".join(f"{o} {options.get(o, 'default')}" for o in differ) for text, options in found.items()}
    return dict(sorted(said.items(), key=lambda item: natural(item[1])))


def score_by_option(place: Place) -> Figure | None:
    """The test score against a numeric option of the task; None unless at least three variants differ in it."""
    scored = place.cells[place.cells["score"].notna()]
    frame = place.numbers.selection.frame
    tasks = dict(zip(frame["variant"], frame["task"], strict=True))
    options = dict(zip(frame["variant"], frame["task_options"], strict=True))
    found = _varied({variant: (tasks[variant], options[variant]) for variant in sorted(set(scored["variant"]))})
    if found is None:
        return None
    name, values = found
    part = scored[scored["variant"].isin(values)]
    part = part[part["length"] == part["length"].max()]
    legend = {label: place.looks[label] for label in ordered(part)}
    figure, (axis,) = panels([f"{tasks[next(iter(values))]}, length {part['length'].iloc[0]}"], legend)
    for label, look in legend.items():
        mine = part[part["architecture"] == label].assign(at=lambda rows: rows["variant"].map(values)).sort_values("at")
        axis.plot(mine["at"], mine["score"], **look)
        axis.vlines(mine["at"], mine["score_min"], mine["score_max"], color=look["color"], alpha=0.5, linewidth=1)
    log_if_wide(axis, "x", values.values())
    if part["better"].iloc[0] != "higher":
        log_if_wide(axis, "y", [*part["score_min"], *part["score_max"]])
    axis.set(xlabel=name.replace("_", " "), ylabel=score_label(part))
    return figure


def _varied(options: dict[str, tuple[str, dict[str, object]]]) -> tuple[str, dict[str, float]] | None:
    """The option in which most variants of a task differ while all others are equal, and its value by variant.

    ``options`` has the task and its options by variant.
    """
    best: tuple[str, dict[str, float]] | None = None
    for name in sorted({option for _, one in options.values() for option in one}):
        groups: dict[str, dict[str, float]] = {}
        for variant, (task, one) in options.items():
            value = one.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                rest = json.dumps([task, {k: v for k, v in one.items() if k != name}], sort_keys=True)
                groups.setdefault(rest, {})[variant] = float(value)
        largest = max(groups.values(), key=len, default={})
        if len(set(largest.values())) >= 3 and len(largest) > len(best[1] if best else ()):
            best = name, largest
    return best
