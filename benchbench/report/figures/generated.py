"""Figures of free runs in detail: training fit and generated series with a zoom, and the best and the worst start."""

import numpy as np
from matplotlib.figure import Figure, SubFigure

from benchbench.report.analysis.arrays import Kept, kept, readout, snapshots
from benchbench.report.figures.place import Place
from benchbench.report.figures.style import ABOVE, Look
from benchbench.report.page.texts import number

_ZOOM = 400  # steps in the zoomed panel
_TRUE: Look = {"color": "#9a9a9a", "linewidth": 2.2}
_SHOWN = 400  # steps of a best or worst start


def generator(place: Place) -> Figure | str | None:
    """One seed of each network: the fit of the training part, the generated series, a zoom, and the output weights."""
    found, lacking = kept(place.rows, place.numbers, "predictions.train.made")
    runs = {name: one[0] for name, one in found.items() if _generates(one[0])}
    runs = {name: one for name, one in runs.items() if "snapshot.updates" in one.arrays}
    if not runs:
        return lacking or None
    figure = Figure(figsize=(10.0, 5.0 * len(runs)), layout="constrained")
    parts = figure.subfigures(len(runs), 1, squeeze=False)[:, 0]
    for part, (name, run) in zip(parts, runs.items(), strict=True):
        _generated(part, name, run, place.looks[name]["color"])
    return figure


def _generates(run: Kept) -> bool:
    return "free_run.generated" in run.arrays and run.arrays["predictions.train.true"].shape[1] > 1


def _generated(figure: SubFigure, name: str, run: Kept, colour: str) -> None:
    axes = figure.subplot_mosaic("aaaa;bbbc")
    fit_true, fit = (run.arrays[f"predictions.train.{kind}"][..., 0].ravel() for kind in ("true", "made"))
    true, made = run.arrays["free_run.true"].ravel(), run.arrays["free_run.generated"].ravel()
    start, facts = len(fit), run.record.free_run
    axes["a"].plot(np.arange(start), fit_true, **_TRUE)
    axes["a"].plot(np.arange(start), fit, color="#E69F00", linewidth=0.9, label="training fit")
    axes["a"].plot(start + np.arange(len(true)), true, **_TRUE, label="true")
    axes["a"].plot(start + np.arange(len(made)), made, color=colour, linewidth=0.9, label="generated")
    axes["a"].axvline(start, color="black", linestyle="--", linewidth=1.0)
    if facts is not None and facts.valid_steps:
        valid = facts.valid_steps[0]
        said = f"R² {_r2(true, made)} over {len(made):,} steps; valid {number(valid / facts.unit_steps)} {facts.unit}s"
        axes["a"].set_title(f"{name}, seed {run.record.trial.seed}: {said}")
        for axis, at in ((axes["a"], start + valid), (axes["b"], valid)):
            axis.axvline(at, color=colour, linestyle=":", linewidth=1.2)
    axes["a"].legend(ncols=3, fontsize=8, **ABOVE)
    axes["a"].set(ylabel="scaled", xlabel="step; the free run starts elsewhere on the same orbit")
    axes["b"].plot(true[:_ZOOM], **_TRUE)
    axes["b"].plot(made[:_ZOOM], color=colour, linestyle="--", linewidth=1.2)
    axes["b"].set_title("the first steps of the free run; dotted: the end of the valid time", fontsize=9)
    axes["b"].set(xlabel="step", ylabel="scaled")
    weights = readout(snapshots(run)[1][-1])
    if weights is not None:
        axes["c"].hist(weights.ravel(), 30, color=colour)
    axes["c"].set_title("output weights", fontsize=9)
    axes["c"].set(xlabel="weight", ylabel="count")


def _r2(true: np.ndarray, made: np.ndarray) -> str:
    if len(made) != len(true):
        return "–"
    error, spread = np.square(made - true, dtype=float).sum(), np.square(true - true.mean(), dtype=float).sum()
    return f"{1 - error / spread:.2f}" if spread else "–"


def best_and_worst(place: Place) -> Figure | str | None:
    """The free runs of one seed with the smallest and the largest error, one row for each competitor."""
    found, lacking = kept(place.rows, place.numbers, "free_run.best")
    if not found:
        return lacking or None
    runs = {name: one[0] for name, one in found.items()}
    figure = Figure(figsize=(9.6, 0.5 + 1.35 * len(runs)), layout="constrained")
    axes = figure.subplots(len(runs), 2, sharex=True, sharey=True, squeeze=False)
    limit = 1.25 * max(float(np.abs(run.arrays["free_run.worst"][0]).max()) for run in runs.values())
    for row, (name, run) in zip(axes, runs.items(), strict=True):
        for axis, kind in zip(row, ("best", "worst"), strict=True):
            true, made = run.arrays[f"free_run.{kind}"].astype(float)
            axis.plot(true[:_SHOWN], **_TRUE, label="true")
            colour = place.looks[name]["color"]
            axis.plot(np.clip(made[:_SHOWN], -limit, limit), color=colour, linewidth=1.1, label="generated")
            error = number(float(np.mean(np.square(made - true))))
            axis.set_title(f"{name}, {kind}: MSE {error} over {len(true):,} steps", fontsize=8)
        row[0].set_ylabel("scaled")
    axes[0, 0].set_ylim(-limit, limit)
    axes[0, 1].legend(**ABOVE, ncols=2, fontsize=7)
    for axis in axes[-1]:
        axis.set_xlabel("step of the free run")
    return figure
