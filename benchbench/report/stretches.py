"""True against predicted test values of one task: first stretch, best and worst, a row a competitor."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchbench.core.record import Record, Segment
from benchbench.report.panels import Looks
from benchbench.report.select import order
from benchbench.report.tables import number

_TITLES = {"first": "first stretch of the test split", "best": "best prediction", "worst": "worst prediction"}
_STEPS = 150  # at most, a panel
_Rows = dict[str, dict[str, Segment]]


def stretches(frame: pd.DataFrame, looks: Looks, records: list[Record]) -> Figure | None:
    """The figure of one condition and task at its longest length, from each competitor's lowest seed that ended ok.

    All rows have one scale: the range of the true values that are shown takes two thirds of a row. Predictions are cut
    off where they leave their row.
    """
    rows = _rows(frame, records)
    kinds = [kind for kind in _TITLES if any(kind in samples for samples in rows.values())]
    if not kinds:
        return None
    height = 0.85 + 0.48 * len(rows)
    figure = Figure(figsize=(9.6, height))
    left = 0.25 + 0.075 * max(len(name) for name in rows)
    figure.subplots_adjust(left=left / 9.6, right=0.99, bottom=0.46 / height, top=1 - 0.3 / height, wspace=0.06)
    true = np.concatenate([segment.true for samples in rows.values() for segment in samples.values()])
    low, high = float(true.min()), float(true.max())
    for i, kind in enumerate(kinds):
        axis = figure.add_subplot(1, len(kinds), i + 1)
        _draw(
            axis,
            looks,
            {name: samples.get(kind) for name, samples in rows.items()},
            (low + high) / 2,
            (high - low) or 1.0,
        )
        axis.set_title(_TITLES[kind])
        axis.set_yticks(range(len(rows)), list(rows) if i == 0 else [""] * len(rows))
    return figure


def _rows(frame: pd.DataFrame, records: list[Record]) -> _Rows:
    shown = frame[frame["ok"] & (frame["length"] == frame["length"].max())].sort_values("seed", kind="stable")
    found: _Rows = {}
    for row in shown.itertuples():
        samples = {kind: segment for kind, segment in records[row.Index].samples.items() if segment.true}
        if samples:
            found.setdefault(str(row.architecture), samples)
    return {name: found[name] for name in reversed(order(frame["architecture"])) if name in found}


def _draw(axis: Axes, looks: Looks, segments: dict[str, Segment | None], middle: float, span: float) -> None:
    for row, (name, segment) in enumerate(segments.items()):
        if segment is None:
            continue
        draw_row(
            axis, row, true=segment.true[:_STEPS], made=segment.predicted[:_STEPS], colour=looks[name]["color"],
            scale=(middle, span), text=f"MSE {number(segment.mse)}",
        )  # fmt: skip
    axis.set_ylim(-0.6, len(segments) - 0.4)
    axis.grid(visible=False)
    axis.set_xlabel("scored step")


def draw_row(
    axis: Axes, row: int, *, true: list[float], made: list[float], colour: str, scale: tuple[float, float], text: str,
    step: float = 1.0,
) -> None:  # fmt: skip
    """Draw what was made (``colour``) over what was true (grey) into one row, a ``text`` above its right end.

    ``scale``: the middle of the row and the span that takes two thirds of it. ``step``: the time between two values.
    """
    middle, span = scale
    for values, shade, width in ((true, "#c4c4c4", 2.6), (made, colour, 1.0)):
        heights = row + np.clip(0.68 * (np.array(values) - middle) / span, -0.47, 0.47)
        marker = "." if len(heights) < 3 else ""
        axis.plot(step * np.arange(len(heights)), heights, marker=marker, color=shade, linewidth=width)
    box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
    axis.annotate(text, (1, row + 0.53), xycoords=("axes fraction", "data"), ha="right", va="top", fontsize=7, bbox=box)
