"""The figure of sequences that are flagged by their error, in the signal that they are cut from."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchbench.report.analysis.arrays import Floats, Kept, kept
from benchbench.report.figures.place import Place
from benchbench.report.figures.style import Look

_QUANTILE = 0.95  # a sequence is flagged if its error is above this quantile of those on validation
_BEFORE, _AFTER = 4.0, 6.0  # seconds that are shown before and after an anomaly
_TRUE: Look = {"color": "#777777", "linewidth": 2.0}
_FLAGGED = "#f2c9b5"


class _Beats(NamedTuple):
    """The test sequences (sequence,): times of their first targets in s, which are anomalies, which are flagged."""

    seconds: Floats
    labels: NDArray[np.bool_]
    flagged: NDArray[np.bool_]


def flagged(place: Place) -> Figure | str | None:
    """A part of the signal with an anomaly, one panel for each competitor: true, predicted, and flagged (shaded)."""
    found, lacking = kept(place.rows, place.numbers, "data.sequence_seconds")
    if not found:
        return lacking or None
    runs = {name: one[0] for name, one in found.items()}
    figure = Figure(figsize=(8.4, 0.7 + 1.6 * len(runs)), layout="constrained")
    axes = figure.subplots(len(runs), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axis, (name, run) in zip(axes, runs.items(), strict=True):
        _panel(axis, name, run, place.looks[name]["color"])
        axis.set_ylabel(f"signal ({run.facts.get('unit', '')})")
    axes[-1].set_xlabel("time from the start of the record (s)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
    return figure


def _panel(axis: Axes, name: str, run: Kept, colour: str) -> None:
    beats = _beats(run)
    true, made = (run.restored(run.arrays[f"predictions.test.{kind}"])[:, :, 0] for kind in ("true", "made"))
    steps = np.arange(true.shape[1]) / run.facts["rate_hz"]
    said: Look = {"color": _FLAGGED, "linewidth": 0, "zorder": 0, "label": "flagged by its error"}
    axis.axvspan(np.nan, np.nan, **said)
    shown = _shown(beats)
    for i in shown:
        time, first = beats.seconds[i] + steps, i == shown[0]
        axis.plot(time, true[i], **_TRUE, label="true" if first else None)
        axis.plot(time, made[i], color=colour, linewidth=1.0, label="predicted" if first else None)
        middle = time[0] + run.facts["peak_seconds"]
        if beats.flagged[i]:
            axis.axvspan(middle - 0.25, middle + 0.35, **{**said, "label": None})
        if beats.labels[i]:
            axis.text(middle, 1.0, "V", ha="center", va="bottom", fontsize=9, transform=axis.get_xaxis_transform())
    share = [float(beats.flagged[beats.labels == kind].mean()) for kind in (True, False)]
    told = f"{name}: flags {share[0]:.0%} of premature beats (V), {share[1]:.0%} of the others"
    axis.set_title(told, fontsize=9, pad=14)


def _beats(run: Kept) -> _Beats:
    errors = {
        split: np.square(run.arrays[f"predictions.{split}.made"] - run.arrays[f"predictions.{split}.true"]).mean((1, 2))
        for split in ("valid", "test")
    }
    labels = run.arrays["predictions.test.labels"].astype(bool)
    limit = np.quantile(errors["valid"], _QUANTILE)
    return _Beats(run.arrays["data.sequence_seconds"], labels, errors["test"] > limit)


def _shown(beats: _Beats) -> list[int]:
    """The sequences around the middle one of all anomalies, from the same record."""
    anomalies = np.flatnonzero(beats.labels)
    here = int(anomalies[len(anomalies) // 2])
    records = np.cumsum(np.diff(beats.seconds, prepend=0) < 0)  # time jumps back when the next record begins
    away = beats.seconds - beats.seconds[here]
    return [int(i) for i in np.flatnonzero((records == records[here]) & (away > -_BEFORE) & (away < _AFTER))]
