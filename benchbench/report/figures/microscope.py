"""Figures of the microscope: activity of units, recurrent weights, their eigenvalues and evolution, output weights."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from benchbench.core.artifacts import Arrays
from benchbench.report.analysis.arrays import Floats, kept, readout, recurrent, snapshots
from benchbench.report.analysis.seen import radius
from benchbench.report.figures.place import Place
from benchbench.report.figures.style import Film, Look, log_if_wide, panels

_SIGNED = "cividis"  # grows steadily lighter, so that signs differ in black and white too
_FRAMES = 40  # the most frames of an animation
_BEFORE: Look = {"color": "#999999", "linestyle": (0, (3, 1.5)), "marker": "", "linewidth": 1.2}
_AFTER: Look = {"color": "#0072B2", "linestyle": "-", "marker": "", "linewidth": 1.6}


class _Seen(NamedTuple):
    """One competitor: the updates at which the microscope took snapshots, and the snapshots."""

    updates: list[int]
    taken: list[Arrays]

    def when(self, index: int) -> str:
        """The time of a snapshot, in words."""
        updates = self.updates[index]
        return f"after {updates:,} update{'s' * (updates > 1)}" if updates else "before training"


def _seen(place: Place) -> tuple[dict[str, _Seen], str]:
    found, lacking = kept(place.rows, place.numbers, "snapshot.updates")
    seen = {}
    for name, runs in found.items():
        updates, taken = snapshots(runs[0])
        seen[name] = _Seen(updates.tolist(), taken)
    return seen, lacking


def steps_back(place: Place) -> Figure | str | None:
    """The norm of the last output's gradient at the states before it, against the steps back: median over seeds."""
    found, lacking = kept(place.rows, place.numbers, "snapshot.updates")
    curves: dict[str, list[Floats]] = {}
    for name, runs in found.items():
        pairs = [[one["back"] for one in snapshots(run)[1] if "back" in one] for run in runs]
        if pairs and all(len(pair) > 1 for pair in pairs):
            curves[name] = [np.array([pair[end] for pair in pairs], float) for end in (0, -1)]
    if not curves:
        return lacking or None
    legend = {name: place.looks[name] for name in curves}
    figure, axes = panels(["before training", "after training"], legend)
    positive = [float(v) for pair in curves.values() for part in pair for v in part.ravel() if v > 0]
    for axis, end in zip(axes, (0, 1), strict=True):
        for i, (name, pair) in enumerate(curves.items()):
            middle = np.median(np.maximum(pair[end], 1e-30), axis=0)
            axis.plot(np.arange(len(middle)), middle, markevery=(2 * i, 16), **legend[name])
        axis.set(xlabel="steps back in time", ylabel="norm of the gradient")
        log_if_wide(axis, "y", positive)
        axis.set_ylim(max(min(positive), max(positive) * 1e-12) / 2, max(positive) * 2)
    return figure


def spectral_radius(place: Place) -> Figure | str | None:
    """The spectral radius of the recurrent matrix for each seed, before and after training."""
    found, lacking = kept(place.rows, place.numbers, "snapshot.updates")
    ends: dict[str, list[tuple[float, float]]] = {}
    for name, runs in found.items():
        for run in runs:
            _, taken = snapshots(run)
            first, last = recurrent(taken[0]), recurrent(taken[-1])
            if first is not None and last is not None:
                ends.setdefault(name, []).append((radius(first), radius(last)))
    if not ends:
        return lacking or None
    legend: dict[str, Look] = {
        "before training": {"color": "#777777", "marker": "o", "markerfacecolor": "white", "linestyle": ""},
        "after training": {"color": "#0072B2", "marker": "o", "linestyle": ""},
    }
    figure, (axis,) = panels([place.variant], legend)
    for row, pairs in enumerate(ends.values()):
        for seed, (before, after) in enumerate(pairs):
            height = row + 0.12 * (seed - (len(pairs) - 1) / 2)
            axis.annotate(
                "", (after, height), (before, height), arrowprops={"arrowstyle": "->", "color": "#bbbbbb"}, zorder=1
            )
            axis.plot([before], [height], **legend["before training"])
            axis.plot([after], [height], **legend["after training"])
    axis.axvline(1, color="#bbbbbb", linewidth=2, zorder=0)
    axis.set_yticks(range(len(ends)), list(ends))
    axis.invert_yaxis()
    axis.set_xlabel("spectral radius of the recurrent matrix")
    figure.subplots_adjust(left=0.24)
    return figure


def activity(place: Place) -> Figure | str | None:
    """States of a validation sequence, units by time: before training, halfway, at the end; a row per competitor."""
    seen, lacking = _seen(place)
    seen = {name: one for name, one in seen.items() if all("states" in taken for taken in one.taken)}
    if not seen:
        return lacking or None
    figure = Figure(figsize=(9.6, 0.5 + 1.7 * len(seen)), layout="constrained")
    for row, (name, one) in enumerate(seen.items()):
        last = len(one.taken) - 1
        chosen = sorted({0, (last + 1) // 2, last})
        if all(np.array_equal(one.taken[0]["states"], one.taken[i]["states"]) for i in chosen):
            chosen = [last]  # as for a reservoir, which fits only its output weights
        states = [one.taken[i]["states"][0].T.astype(float) for i in chosen]
        top = max(float(np.abs(part).max()) for part in states) or 1.0
        for column, (index, part) in enumerate(zip(chosen, states, strict=True)):
            axis = figure.add_subplot(len(seen), 3, 3 * row + column + 1)
            image = axis.imshow(part, cmap=_SIGNED, vmin=-top, vmax=top, aspect="auto", interpolation="nearest")
            axis.set_title(f"{name}, {one.when(index)}", fontsize=8)
            axis.grid(visible=False)
            axis.set_ylabel("unit" if column == 0 else "")
            axis.set_xlabel("step" if row == len(seen) - 1 else "")
        figure.colorbar(image, ax=axis, label="activity")
    return figure


def activity_by_epoch(place: Place) -> Figure | str | None:
    """The state of each unit at the end of a validation sequence at each snapshot, for competitors that change."""
    seen, lacking = _seen(place)
    shown = {
        name: np.array([taken["states"][0, -1] for taken in one.taken], float)
        for name, one in seen.items()
        if all("states" in taken for taken in one.taken)
        and not np.array_equal(one.taken[0]["states"], one.taken[-1]["states"])
    }
    if not shown:
        return lacking or None
    figure = Figure(figsize=(9.6, 0.5 + 1.9 * -(-len(shown) // 3)), layout="constrained")
    axes = figure.subplots(-(-len(shown) // 3), min(3, len(shown)), squeeze=False)
    top = max(float(np.abs(part).max()) for part in shown.values()) or 1.0
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, (name, part) in zip(axes.flat, shown.items(), strict=False):
        axis.set_axis_on()
        image = axis.imshow(part.T, cmap=_SIGNED, vmin=-top, vmax=top, aspect="auto", interpolation="nearest")
        axis.set(title=name, xlabel="snapshot (0: before training)", ylabel="unit")
        axis.grid(visible=False)
    figure.colorbar(image, ax=list(axes.flat), label="activity")
    return figure


def hidden_weights(place: Place) -> Figure | str | None:
    """The recurrent matrix before training and at the end, one column for each competitor."""
    seen, lacking = _matrices(place)
    if not seen:
        return lacking or None
    figure = Figure(figsize=(2.9 * len(seen), 5.6), layout="constrained")
    for column, (name, matrices) in enumerate(seen.items()):
        top = max(float(np.abs(matrix).max()) for matrix in matrices.values())
        for row, (when, matrix) in enumerate((next(iter(matrices.items())), list(matrices.items())[-1])):
            axis = figure.add_subplot(2, len(seen), row * len(seen) + column + 1)
            image = _draw_matrix(axis, matrix, top, f"{name}, {when}")
        figure.colorbar(image, ax=axis, location="bottom", label="weight")
    return figure


def weight_evolution(place: Place) -> Film | str | None:
    """The recurrent matrices at each snapshot, side by side; those that do not change are left out."""
    seen, lacking = _matrices(place)
    moving = {name: one for name, one in seen.items() if len({matrix.tobytes() for matrix in one.values()}) > 1}
    if not moving:
        return lacking or None
    tops = {name: max(float(np.abs(matrix).max()) for matrix in one.values()) for name, one in moving.items()}
    count = min(len(one) for one in moving.values())
    frames = []
    for index in sorted({round(i) for i in np.linspace(0, count - 1, min(count, _FRAMES))}):
        figure = Figure(figsize=(2.6 * len(moving), 2.9), layout="constrained")
        for column, (name, one) in enumerate(moving.items()):
            when, matrix = list(one.items())[index]
            axis = figure.add_subplot(1, len(moving), column + 1)
            _draw_matrix(axis, matrix, tops[name], f"{name}, {when}")
        frames.append(figure)
    return Film(frames)


def _matrices(place: Place) -> tuple[dict[str, dict[str, Floats]], str]:
    """The recurrent matrices by competitor and time."""
    seen, lacking = _seen(place)
    found = {}
    for name, one in seen.items():
        matrices = {
            one.when(i): matrix for i, taken in enumerate(one.taken) if (matrix := recurrent(taken)) is not None
        }
        if matrices:
            found[name] = matrices
    return found, lacking


def _draw_matrix(axis: Axes, matrix: Floats, top: float, title: str) -> AxesImage:
    image = axis.imshow(matrix, cmap=_SIGNED, vmin=-top, vmax=top, interpolation="nearest")
    axis.set_title(title, fontsize=8)
    axis.set(xlabel="from unit", ylabel="to unit")
    axis.grid(visible=False)
    return image


def eigenvalues(place: Place) -> Figure | str | None:
    """The eigenvalues of the recurrent matrix in the complex plane, before training and at the end."""
    seen, lacking = _matrices(place)
    if not seen:
        return lacking or None
    looks: dict[str, Look] = {
        "before training": {"color": "#999999", "marker": "o", "markerfacecolor": "white", "linestyle": ""},
        "at the end": {"color": "#0072B2", "marker": ".", "linestyle": ""},
        "modulus 1": {"color": "#bbbbbb", "linestyle": "-", "linewidth": 1.5, "marker": ""},
    }
    figure, axes = panels(list(seen), looks)
    around = np.linspace(0, 2 * np.pi, 200)
    for axis, matrices in zip(axes, seen.values(), strict=True):
        axis.plot(np.cos(around), np.sin(around), zorder=0, **looks["modulus 1"])
        ends = list(matrices.values())
        for matrix, look in ((ends[0], looks["before training"]), (ends[-1], looks["at the end"])):
            values = np.linalg.eigvals(matrix)
            axis.plot(values.real, values.imag, **look)
        axis.set_aspect("equal", adjustable="datalim")
        axis.set(xlabel="real part", ylabel="imaginary part")
    return figure


def output_weights(place: Place) -> Figure | str | None:
    """The distribution of the weights from the states to the outputs, before training and at the end."""
    seen, lacking = _seen(place)
    found = {
        name: [weights.ravel() for taken in (one.taken[0], one.taken[-1]) if (weights := readout(taken)) is not None]
        for name, one in seen.items()
    }
    found = {name: ends for name, ends in found.items() if ends}
    if not found:
        return lacking or None
    figure, axes = panels(list(found), {"before training": _BEFORE, "at the end": _AFTER})
    for axis, ends in zip(axes, found.values(), strict=True):
        bins = int(np.clip(2 * np.sqrt(len(ends[0])), 8, 30))
        edges = np.histogram_bin_edges(np.concatenate(ends), bins)
        for values, look in zip(ends[::-1], (_AFTER, _BEFORE), strict=False):
            axis.stairs(
                np.histogram(values, edges)[0], edges,
                color=look["color"], linestyle=look["linestyle"], linewidth=look["linewidth"],
            )  # fmt: skip
        axis.set(xlabel="output weight", ylabel="count")
    return figure
