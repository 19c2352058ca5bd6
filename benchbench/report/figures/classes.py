"""Figures of classifications: the confusion matrix and the ROC curve."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchbench.report.analysis.arrays import Kept, kept
from benchbench.report.figures.place import Place
from benchbench.report.figures.style import Look, panels
from benchbench.statistics.intervals import wilson

_FEW = 4  # with more classes, a panel has no room for counts
_MOST = 12  # with more classes, there is no figure
_CHANCE: Look = {"color": "#bbbbbb", "linestyle": "-", "linewidth": 2.0, "marker": ""}


def confusion(place: Place) -> Figure | str | None:
    """The confusion matrix over all seeds, one panel for each competitor: rows are true classes, cells their shares.

    Beside each row is the share that is recognised, with Wilson's interval for the examples of one seed: other seeds
    have the same test patients, and so add no examples.
    """
    found, lacking = kept(place.rows, place.numbers, "predictions.test.made")
    found = {name: runs for name, runs in found.items() if runs[0].record.objective.loss == "cross_entropy"}
    if not found:
        return lacking or None
    names = next(iter(found.values()))[0].record.classes
    count = next(iter(found.values()))[0].arrays["predictions.test.true"].shape[-1]
    if count > _MOST:
        return None
    labels = names or [str(number) for number in range(count)]
    columns = min(len(found), 2 if count > _FEW else 3)
    lines = -(-len(found) // columns)
    size = (0.36 if count > _FEW else 0.62) * count
    figure = Figure(figsize=(max(columns * (size + 2.0), 4.0), lines * (size + 1.1)), layout="constrained")
    for i, (name, runs) in enumerate(found.items()):
        axis = figure.add_subplot(lines, columns, i + 1)
        _matrix(axis, _counts(runs, count), len(runs), labels)
        axis.set_title(name)
    return figure


def _counts(runs: list[Kept], count: int) -> NDArray[np.int64]:
    total = np.zeros((count, count), np.int64)
    for run in runs:
        true, made = (run.arrays[f"predictions.test.{kind}"].argmax(axis=-1).ravel() for kind in ("true", "made"))
        np.add.at(total, (true, made), 1)
    return total


def _matrix(axis: Axes, counts: NDArray[np.int64], seeds: int, labels: list[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Greys", vmin=0, vmax=1)
    small = len(labels) > _FEW
    for (i, j), share in np.ndenumerate(shares):
        text = (f"{share:.2f}" if share >= 0.005 else "") if small else f"{share:.3f}\n{counts[i, j]:,}"
        shade = "white" if share > 0.5 else "black"
        axis.text(j, i, text, ha="center", va="center", fontsize=6.5 if small else 8, color=shade)
    examples = counts.sum(axis=1) // seeds
    rows = [f"{label}\n{interval(shares[i, i], int(examples[i]))}" for i, label in enumerate(labels)]
    axis.set_xticks(range(len(labels)), labels, rotation=90 if small else 0, fontsize=8)
    axis.set_yticks(range(len(labels)), rows, fontsize=7)
    axis.set(xlabel="predicted", ylabel="true")
    axis.grid(visible=False)
    axis.tick_params(length=0)


def interval(share: float, examples: int) -> str:
    """A share of a number of examples with its 95 % interval, as text."""
    if not examples:
        return "no example"
    low, high = wilson(share, examples)
    return f"{share:.2f} ({low:.2f}..{high:.2f}), {examples:,}"


def roc(place: Place) -> Figure | str | None:
    """True against false positives: for the second of two classes, or for labelled sequences by their errors."""
    found, lacking = kept(place.rows, place.numbers, "predictions.test.made")
    curves = {name: [pair for run in runs if (pair := _scores(run))] for name, runs in found.items()}
    curves = {name: pairs for name, pairs in curves.items() if pairs}
    if not curves:
        return lacking or None
    figure, (axis,) = panels([place.variant], {name: place.looks[name] for name in curves} | {"chance": _CHANCE})
    axis.plot([0, 1], [0, 1], **_CHANCE, zorder=0)
    grid = np.linspace(0, 1, 201)
    for i, (name, pairs) in enumerate(curves.items()):
        look = place.looks[name]
        lines = [np.interp(grid, *_curve(flags, scores)) for flags, scores in pairs]
        axis.plot(
            np.concatenate([[0], grid]), np.concatenate([[0], np.median(lines, axis=0)]), markevery=(9 * i, 40), **look
        )
        axis.fill_between(
            grid, np.min(lines, axis=0), np.max(lines, axis=0), color=look["color"], alpha=0.15, linewidth=0
        )
    axis.set(xlabel="false positives (share)", ylabel="true positives (share)", xlim=(-0.01, 1), ylim=(0, 1.02))
    axis.set_aspect("equal")
    return figure


def _scores(run: Kept) -> tuple[NDArray[np.bool_], NDArray[np.float64]] | None:
    """Which examples (n,) are positive, and their scores (n,)."""
    true, made = (run.arrays[f"predictions.test.{kind}"].astype(np.float64) for kind in ("true", "made"))
    labels = run.arrays.get("predictions.test.labels")
    if labels is not None and labels.ndim == 1:
        flags, scores = labels.astype(bool), np.square(true - made).mean(axis=(1, 2))
    elif run.record.objective.loss == "cross_entropy" and true.shape[-1] == 2:
        flags, scores = true[..., 1].ravel() > 0.5, made[..., 1].ravel()
    else:
        return None
    return (flags, scores) if flags.any() and not flags.all() else None


def _curve(flags: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The shares (n,) of false and of true positives at each threshold, from the highest to the lowest."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(flags[order])[ends]
    misses = ends + 1 - hits
    return (
        np.concatenate([[0], misses / max(1, misses[-1])]),
        np.concatenate([[0], hits / max(1, hits[-1])]),
    )
