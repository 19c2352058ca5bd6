"""The figure of one trial: its learning curve, its predictions for the test split, and its free run."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchbench.core.artifacts import Arrays
from benchbench.core.record import Record
from benchbench.report.analysis.arrays import Kept
from benchbench.report.figures.style import ABOVE, Look, log_if_wide, settings
from benchbench.report.page.texts import number

_TRUE: Look = {"color": "#9a9a9a", "linewidth": 2.2}
_MADE: Look = {"color": "#0072B2", "linewidth": 1.0}
_MOST = 2_000  # steps of a series that are drawn
_KINDS = {"first": "first stretch of the test split", "best": "best stretch", "worst": "worst stretch"}

Panel = Callable[[Axes], None]


def trial_figure(record: Record, arrays: Arrays) -> tuple[Figure | None, str]:
    """The figure of a trial, None if there is nothing to draw, and a sentence on where its predictions come from.

    ``arrays`` are those of its artifact, such as all predictions (sequence, scored, output) if the study kept them.
    Otherwise the figure shows the segments that every record has.
    """
    kept = Kept(record, arrays)
    panels: list[Panel] = []
    if len(record.curve) > 1:
        panels.append(lambda axis: _curve(axis, record))
    if "predictions.test.made" in arrays:
        said = "The artifact holds all predictions of the test split."
        panels.append(lambda axis: _series(axis, kept))
    else:
        said = "No artifact holds all predictions of this trial (predictions = true in the study keeps them)"
        stretches = _stretches(record)
        said += "; the record has segments of them." if stretches else ", and the record has none."
        panels += stretches
    if len(arrays.get("free_run.generated", ())):
        panels.append(lambda axis: _free_run(axis, arrays, record))
    return (_drawn(panels, record) if panels else None), said


def _drawn(panels: list[Panel], record: Record) -> Figure:
    with settings():
        figure = Figure(figsize=(8.0, 2.3 * len(panels) + 0.4), layout="constrained")
        for panel, axis in zip(panels, figure.subplots(len(panels), 1, squeeze=False)[:, 0], strict=True):
            panel(axis)
        figure.suptitle(f"{record.trial.label}\n{record.trial.key}", fontsize=9)
    return figure


def _curve(axis: Axes, record: Record) -> None:
    updates, _, valid, train = np.array(record.curve, float).T
    axis.plot(updates, valid, **_MADE, marker="o", markersize=3, label="validation")
    if np.isfinite(train).any():
        axis.plot(updates, train, color="#D55E00", linewidth=1.0, linestyle="--", label="training")
    log_if_wide(axis, "y", [*valid, *train])
    loss = "MSE, standardised" if record.objective.loss == "squared_error" else "cross-entropy, nats"
    axis.set(title="learning curve", xlabel="updates", ylabel=loss)
    axis.legend(ncols=2, **ABOVE)


def _series(axis: Axes, kept: Kept) -> None:
    """Draw the first scored steps of the test split: the first output, or the most probable class."""
    true, made = (kept.arrays[f"predictions.test.{kind}"][:_MOST] for kind in ("true", "made"))
    classes = kept.record.objective.loss == "cross_entropy"
    if classes:
        pairs = [array.argmax(axis=2).ravel()[:_MOST] for array in (true, made)]
        unit = "class"
    else:
        pairs = [_first(kept.restored(array)) for array in (true, made)]
        own = np.shape(kept.facts.get("std", ())) == true.shape[-1:]
        unit = str(kept.facts.get("unit") or kept.facts.get("column") or "signal") if own else "standardised"
    _pair(axis, *pairs, dots=classes)
    axis.set(title="predictions of the test split, in its order", xlabel="scored step", ylabel=unit)


def _first(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[..., 0].ravel()[:_MOST]


def _stretches(record: Record) -> list[Panel]:
    """A panel for each segment in the record; only the first if the others are the same."""
    first = record.samples.get("first")
    shown = [kind for kind in _KINDS if kind in record.samples and record.samples[kind].true]
    shown = [kind for kind in shown if kind == "first" or record.samples[kind] != first]
    return [lambda axis, kind=kind: _stretch(axis, record, kind) for kind in shown]  # type: ignore[misc]


def _stretch(axis: Axes, record: Record, kind: str) -> None:
    segment, classes = record.samples[kind], record.objective.loss == "cross_entropy"
    _pair(axis, np.array(segment.true), np.array(segment.predicted), dots=classes)
    loss = "log loss" if classes else "MSE"
    axis.set(title=f"{_KINDS[kind]}: {loss} {number(segment.score)}", xlabel="scored step")
    axis.set_ylabel("class" if classes else "standardised")


def _pair(axis: Axes, true: NDArray[np.float64], made: NDArray[np.float64], *, dots: bool) -> None:
    look: Look = {"linestyle": "", "marker": "."} if dots else {}
    axis.plot(true, **_TRUE, **look, label="true")
    axis.plot(made, **_MADE, **look, label="predicted")
    axis.legend(ncols=2, **ABOVE)


def _free_run(axis: Axes, arrays: Arrays, record: Record) -> None:
    true, made = (arrays[f"free_run.{kind}"].ravel()[:_MOST] for kind in ("true", "generated"))
    axis.plot(true, **_TRUE, label="true")
    axis.plot(made, **_MADE, label="generated")
    if record.free_run is not None and record.free_run.valid_steps:
        axis.axvline(record.free_run.valid_steps[0], color="black", linestyle=":", label="end of the valid time")
    spread = float(np.ptp(true)) or 1.0
    axis.set_ylim(true.min() - spread, true.max() + spread)
    axis.set(title="free run from the first start", xlabel="step", ylabel="standardised")
    axis.legend(ncols=3, **ABOVE)
