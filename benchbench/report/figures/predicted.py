"""The figure of a kept learner's predictions for a new signal: the signal with its forecasts or its continuation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchbench.report.figures.style import ABOVE, Look, settings

_MOST = 4_000  # points of a line; more could not be distinguished
_BEFORE = 3  # so many times the generated steps are shown of the signal
_TRUE: Look = {"color": "#9a9a9a", "linewidth": 1.8}
_MADE: Look = {"color": "#0072B2", "linewidth": 1.0}
Floats = NDArray[np.float64]


class Points(NamedTuple):
    """Sample numbers (time,), and values (time, column) in their own units."""

    samples: Floats
    values: Floats


def predicted_figure(
    title: str, names: Sequence[str], signal: Points, made: Points, *, rate: float | None, closed: bool
) -> Figure:  # fmt: skip
    """A panel for each column, with the signal and the predictions.

    The axis is in seconds if the ``rate`` in Hz is known. Only the end of a continued signal is shown.
    """
    if closed:
        shown = signal.samples >= made.samples[0] - _BEFORE * len(made.samples)
        signal = Points(signal.samples[shown], signal.values[shown])
    with settings():
        figure = Figure(figsize=(8.0, 2.4 * len(names) + 0.4), layout="constrained")
        axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for column, (axis, name) in enumerate(zip(axes, names, strict=True)):
            for points, look, label in (
                (signal, _TRUE, "signal"),
                (made, _MADE, "generated" if closed else "predicted"),
            ):
                step = -(-len(points.samples) // _MOST) or 1
                times = points.samples[::step] / (rate or 1.0)
                axis.plot(times, points.values[::step, column], **look, label=label)
            axis.set_ylabel(name)
            axis.legend(ncols=2, **ABOVE)
        axes[0].set_title(title, fontsize=9)
        axes[-1].set_xlabel("sample" if rate is None else "time (s)")
    return figure
