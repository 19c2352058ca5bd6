"""The heat map of validation scores over two options: one panel for each competitor, at a task's longest length."""

from math import prod

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from benchbench.report.analysis.order import natural
from benchbench.report.figures.place import Place
from benchbench.report.page.texts import metric, number

_FILLED = 0.5  # the least share of a grid that option sets must fill
_DECADES, _LONG = 2.5, 1e5  # decades that the shades span; numbers from here on are written with an exponent
_WIDTH = 4.8  # inches that the title needs


def option_heat_map(place: Place) -> Figure | None:
    """Every option set's median score on validation, with a black frame around the chosen one.

    If more than two options vary, a cell shows the best score over the others.
    """
    sets = place.numbers.selection.sets
    here = sets[(sets["condition"] == place.condition) & (sets["variant"] == place.variant)]
    here = here[here["length"] == here["length"].max()]
    grids = {str(name): _axes(part) for name, part in here.groupby("architecture")}
    counts = here["architecture"].value_counts()
    grids = {name: axes for name, axes in grids.items() if _is_grid(axes, int(counts[name]))}
    if not grids:
        return None
    sizes = {name: [len(values) for values in axes.values()] for name, axes in grids.items()}
    width = max(2.4, 0.62 * max(size[1] for size in sizes.values()) + 1.3) * len(grids)
    height = 1.15 + 0.34 * max(size[0] for size in sizes.values())
    figure = Figure(figsize=(max(width, _WIDTH), height), layout="constrained")
    for i, (name, axes) in enumerate(grids.items()):
        _panel(figure.add_subplot(1, len(grids), i + 1), here[here["architecture"] == name], axes, name)
    first = here.iloc[0]
    what = f"median over seeds of the validation {metric(first['choose'])}"
    title = f"{place.variant}, length {first['length']}: {what}\n(black frame: chosen; darker is worse)"
    figure.suptitle(title, fontsize=9)
    return figure


def _is_grid(axes: dict[str, list[object]], sets: int) -> bool:
    """Whether two or more options vary independently; a mere list of option sets fills little of its grid."""
    return len(axes) > 1 and sets > _FILLED * prod(len(values) for values in axes.values())


def _axes(part: pd.DataFrame) -> dict[str, list[object]]:
    """The options that vary and their values, those with the most values first."""
    names = sorted({name for options in part["options"] for name in options})
    values = {name: sorted({_value(options, name) for options in part["options"]}, key=natural) for name in names}
    found = {name: listed for name, listed in values.items() if len(listed) > 1}
    return dict(sorted(found.items(), key=lambda item: (len(item[1]), item[0])))


def _value(options: dict[str, object], name: str) -> object:
    """The value of an option in the grid; a list or table becomes text."""
    value = options.get(name, "default")
    return str(value) if isinstance(value, (list, dict)) else value


def _panel(axis: Axes, part: pd.DataFrame, axes: dict[str, list[object]], name: str) -> None:
    (down, rows), (across, columns) = list(axes.items())[-2:]
    grid = np.full((len(rows), len(columns)), np.nan)
    for options, value in zip(part["options"][::-1], part["valid"][::-1], strict=True):  # the best comes last
        grid[rows.index(_value(options, down)), columns.index(_value(options, across))] = value
    turned = -1 if part["higher"].iloc[0] else 1
    positive = np.isfinite(grid) & (grid > 0)
    shades = np.log10(np.where(positive, grid, np.nan)) if positive.sum() == np.isfinite(grid).sum() else grid
    if shades is not grid:
        shades = np.minimum(shades, np.nanmin(shades) + _DECADES)  # so that a diverged set does not use up all shades
    axis.imshow(shades, cmap="YlGnBu", aspect="auto")
    middle = np.nanmean([np.nanmin(shades), np.nanmax(shades)]) if np.isfinite(shades).any() else 0.0
    for (i, j), value in np.ndenumerate(grid):
        dark = np.isfinite(shades[i, j]) and shades[i, j] > middle
        axis.text(
            j, i, _short(turned * value), ha="center", va="center", fontsize=7, color="white" if dark else "black"
        )
    best = part["options"].iloc[0]
    i, j = rows.index(_value(best, down)), columns.index(_value(best, across))
    axis.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=2.0))
    axis.set(title=name, xlabel=across, ylabel=down)
    axis.set_xticks(range(len(columns)), [str(value) for value in columns])
    axis.set_yticks(range(len(rows)), [str(value) for value in rows])
    axis.grid(visible=False)
    axis.tick_params(length=0)


def _short(value: float) -> str:
    return f"{value:.0e}" if abs(value) >= _LONG else number(value)
