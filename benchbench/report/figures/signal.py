"""Figures of true and predicted signals on a time axis."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchbench.report.analysis.arrays import Floats, Kept, kept
from benchbench.report.analysis.extrapolation import extrapolated, extrapolates
from benchbench.report.analysis.order import baselines
from benchbench.report.figures.place import Place
from benchbench.report.figures.style import ABOVE, Look

_SECONDS, _STEPS = 4.0, 300  # seconds, or steps, that are shown: at least three heartbeats
_PANELS = 5  # the most competitors
_TRUE: Look = {"color": "#9a9a9a", "linewidth": 2.4}
_TRAIN, _TEST = "#56B4E9", "#D55E00"
_CLEAN, _GAP = "#0072B2", "#f0d9c0"


class _Axis(NamedTuple):
    """The axes of the figure: the time of a step, and both labels."""

    step: float
    time: str
    values: str


def signal(place: Place) -> Figure | str | None:
    """Consecutive samples of the test split, one panel for each competitor with the range over seeds; errors below."""
    found, lacking = kept(place.rows, place.numbers, "predictions.test.made")
    found = {name: runs for name, runs in found.items() if _consecutive(runs[0])}
    if not found:
        return lacking or None
    known = baselines(place.rows)
    names = [name for name in found if name not in known][:_PANELS]
    names += [name for name in found if name in known][: max(1, _PANELS - len(names))]
    layout = _layout(next(iter(found.values()))[0])
    figure = Figure(figsize=(8.4, 1.25 * len(names) + 1.9), layout="constrained")
    axes = figure.subplots(len(names) + 1, 1, sharex=True, squeeze=False)[:, 0]
    for axis, name in zip(axes, names, strict=False):
        true, made = _stretch(found[name], layout.step)
        time, colour = layout.step * np.arange(len(true)), place.looks[name]["color"]
        axis.plot(time, true, **_TRUE)
        axis.fill_between(time, made.min(axis=0), made.max(axis=0), color=colour, alpha=0.25, linewidth=0)
        axis.plot(time, np.median(made, axis=0), color=colour, linewidth=1.2)
        axis.set_title(f"{name}: predicted (colour) over true (grey)", fontsize=9)
        axis.sharey(axes[0])
        axis.set_ylabel(layout.values)
        error = np.abs(np.median(made, axis=0) - true)
        axes[-1].plot(time, error, label=name, color=colour, linestyle=place.looks[name]["linestyle"], linewidth=1.0)
    axes[-1].set(xlabel=layout.time, ylabel="|error|")
    axes[-1].legend(ncols=len(names), fontsize=8, **ABOVE)
    return figure


def _consecutive(run: Kept) -> bool:
    """Whether the kept predictions are numbers for consecutive samples."""
    targets = run.record.artifact.arrays["predictions.test.true"].shape if run.record.artifact else [0]
    strided = run.facts.get("stride", 0) == 1 and targets[1] == 1
    sequence = targets[1] > 20
    return run.record.objective.loss == "squared_error" and (strided or sequence)


def _layout(run: Kept) -> _Axis:
    rate = run.facts.get("rate_hz")
    unit = run.facts.get("unit") or ("mV" if rate and "ecg" in run.record.trial.task else "")
    value = f"signal ({unit})" if unit else "signal"
    return _Axis(1 / rate, "time (s)", value) if rate else _Axis(1.0, "time (samples)", value)


def _stretch(runs: list[Kept], step: float) -> tuple[Floats, Floats]:
    """The true values (time,) and each seed's predictions (seed, time) of the first output, in its own unit.

    If the data differ between seeds, only those with the first seed's data.
    """
    count = round(_SECONDS / step) if step < 1 else _STEPS
    parts = []
    for run in runs:
        true, made = (run.restored(run.arrays[f"predictions.test.{kind}"]) for kind in ("true", "made"))
        rows = [values[:, 0, 0] if true.shape[1] == 1 else values[0, :, 0] for values in (true, made)]
        parts.append(tuple(_in_time(run, row, step)[:count] for row in rows))
    same = [made for true, made in parts if np.array_equal(true, parts[0][0], equal_nan=True)]
    return parts[0][0], np.array(same)


def _in_time(run: Kept, row: Floats, step: float) -> Floats:
    """One value for each step, NaN where the kept samples have a gap."""
    if "data.test_seconds" not in run.arrays:
        return row
    places = np.rint((run.arrays["data.test_seconds"] - run.arrays["data.test_seconds"][0]) / step).astype(int)
    found = np.full(places[-1] + 1, np.nan)
    found[places] = row
    return found


def raw_and_clean(place: Place) -> Figure | str | None:
    """The raw signal above the cleaned one."""
    found, lacking = kept(place.rows, place.numbers, "data.raw")
    if not found:
        return lacking or None
    run = next(iter(found.values()))[0]
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    raw, clean = (run.arrays[f"data.{name}"] for name in ("raw", "clean"))
    steps = run.facts.get("clean", {}).get("steps", [])
    for axis, (seconds, values), colour in zip(axes, (raw.T, clean.T), ("#555555", _CLEAN), strict=True):
        axis.plot(seconds, values, color=colour, linewidth=1.1)
    lost = np.isnan(raw[:, 1])
    for axis in axes:
        behind = axis.get_xaxis_transform()
        axis.fill_between(raw[:, 0], 0, 1, where=_wider(lost), color=_GAP, transform=behind, linewidth=0)
        axis.set_ylabel(f"signal ({run.facts.get('unit', '')})")
    axes[0].set_title("raw; gaps are shaded", fontsize=9)
    axes[1].set_title(f"after {', '.join(steps) or 'no step'}", fontsize=9)
    axes[1].set_xlabel("time (s)")
    return figure


def _wider(lost: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Gaps (time,) with the samples beside them, so that a gap of a single sample is visible."""
    return lost | np.roll(lost, 1) | np.roll(lost, -1)


def whole_series(place: Place) -> Figure | str | None:
    """The whole series with the predictions for its training and test parts, one panel for each competitor."""
    found, lacking = kept(place.rows, place.numbers, "predictions.test.made")
    found = {name: runs for name, runs in found.items() if "times" in runs[0].facts}
    if not found:
        return lacking or None
    figure = Figure(figsize=(8.4, 0.6 + 1.6 * len(found)), layout="constrained")
    axes = figure.subplots(len(found), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axis, (name, runs) in zip(axes, found.items(), strict=True):
        run = runs[0]
        for split, colour in (("train", _TRAIN), ("test", _TEST)):
            time, true, made = _placed(run, split)
            axis.plot(time, true, ".", color="#b5b5b5", markersize=2.5, zorder=0)
            axis.plot(time, made, color=colour, linewidth=1.2, label=f"predicted, {split}")
            if split == "test":
                axis.axvline(time[0], color="black", linewidth=0.8)
        axis.set_title(f"{name} (seed {run.record.trial.seed}): true (dots), predicted (lines)", fontsize=9)
        axis.set_ylabel("signal")
    axes[0].legend(ncols=2, fontsize=8, **ABOVE)
    axes[-1].set_xlabel("time (samples)")
    return figure


def _placed(run: Kept, split: str) -> tuple[Floats, Floats, Floats]:
    """The times, the true values and the predictions (time,) of a split."""
    true, made = (run.restored(run.arrays[f"predictions.{split}.{kind}"])[:, 0, 0] for kind in ("true", "made"))
    first = run.facts["times"][split][0] + run.record.trial.length + run.facts["horizon"] - 1
    return first + np.arange(len(true), dtype=float), true, made


def extrapolation(place: Place) -> Figure | str | None:
    """The values beyond the known ones, which are shaded: the free runs of all seeds, or else their predictions."""
    found, lacking = kept(place.rows, place.numbers, "data.values")
    found = {name: runs for name, runs in found.items() if extrapolates(runs[0])}
    if not found:
        return lacking or None
    columns = min(3, len(found))
    lines = -(-len(found) // columns)
    figure = Figure(figsize=(3.3 * columns, 2.5 * lines + 0.5), layout="constrained")
    axes = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axis, (name, runs) in zip(axes.flat, found.items(), strict=False):
        _extrapolated(axis, name, runs, place.looks[name]["color"])
    for axis in list(axes.flat)[len(found) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_ylabel(str(next(iter(found.values()))[0].facts["x"].get("values", "value")))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
    return figure


def _extrapolated(axis: Axes, name: str, runs: list[Kept], colour: str) -> None:
    every, place = [extrapolated(run) for run in runs], runs[0].facts["x"]
    first = every[0]
    last = first.x[int(runs[0].facts["given"]) - 1]
    axis.axvspan(first.x[0], last, color="#f2d7d5", zorder=0, label="known")
    axis.plot(first.x, first.values, color="#777777", linewidth=3.0, label="true")
    closed = all(one.generated is not None for one in every)
    made = np.array([one.generated if closed else one.predicted for one in every])
    axis.plot(first.ahead, made.T, color=colour, linewidth=0.6, alpha=0.5)
    middle = np.median(made, axis=0)
    axis.plot(first.ahead, middle, color=colour, linewidth=1.6, linestyle="--", label="median over seeds")
    error = float(np.mean(np.square(middle - first.true)))
    axis.set_title(f"{name}\n{'free run' if closed else 'predicted'}, MSE of the median {error:.2g}", fontsize=9)
    axis.set_xlabel(str(place["name"]))
