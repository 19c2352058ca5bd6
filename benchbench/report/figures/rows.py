"""Draws series in rows, one for each competitor: the true one in grey, the predicted one in colour over it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

GREY = "#c4c4c4"
_ROW, _HEAD, _WIDTH = 0.62, 1.1, 9.6  # inches
TOP = 0.34  # of a row's height; the text is above it


def figure_of_rows(names: Sequence[str], left: float, legend: dict[str, str]) -> Figure:
    """A figure with room for a row for each name, and a legend that explains colours by texts."""
    height = _HEAD + _ROW * len(names)
    figure = Figure(figsize=(_WIDTH, height))
    margin = left + 0.075 * max(len(name) for name in names)
    figure.subplots_adjust(left=margin / _WIDTH, right=0.99, bottom=0.46 / height, top=1 - 0.55 / height, wspace=0.06)
    handles = [Line2D([], [], label=text, color=colour, linewidth=2.0) for text, colour in legend.items()]
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), borderaxespad=0.3, fontsize=8)
    return figure


def name_rows(axis: Axes, names: Sequence[str], *, shown: bool) -> None:
    """Write each name next to its row."""
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.set_yticks(range(len(names)), list(names) if shown else [""] * len(names))
    axis.grid(visible=False)


def draw_row(
    axis: Axes, row: int, *, true: Any, made: Any, colour: str, scale: tuple[float, float], text: str,
    step: float = 1.0, dots: bool = False,
) -> None:  # fmt: skip
    """Draw predicted values (``colour``) over true ones (grey) into one row, with a ``text`` above its right end.

    ``scale``: the value at the middle of the row, and the span that takes three fifths of it. ``step``: the time
    between two values. ``dots``: draw points instead of lines, for classes.
    """
    middle, span = scale
    for values, shade, width in ((true, GREY, 2.6), (made, colour, 1.0)):
        heights = row + np.clip(0.6 * (np.asarray(values, float) - middle) / span, -0.47, TOP)
        look: dict[str, Any] = (
            {"marker": "o", "markersize": 2 * width, "linestyle": ""} if dots else {"linewidth": width}
        )
        look |= {"marker": "."} if len(heights) < 3 else {}
        axis.plot(step * np.arange(len(heights)), heights, color=shade, **look)
    box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
    axis.annotate(text, (1, row + 0.53), xycoords=("axes fraction", "data"), ha="right", va="top", fontsize=7, bbox=box)


def scale_of(series: Sequence[Any]) -> tuple[float, float]:
    """The middle and the span of the values of several series."""
    values = np.concatenate([np.asarray(one, float) for one in series])
    low, high = float(values.min()), float(values.max())
    return (low + high) / 2, (high - low) or 1.0
