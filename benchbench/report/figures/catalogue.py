"""The catalogue of figures: the function that draws each, its caption, its scope, and its section."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from re import sub

from matplotlib.figure import Figure

from benchbench.report.analysis.order import baselines as baselines_of
from benchbench.report.analysis.order import listed, ordered, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.figures import (
    anomaly,
    classes,
    devices,
    dots,
    free_runs,
    generated,
    grids,
    heat_map,
    ladder,
    learning,
    microscope,
    predictions,
    scores,
    signal,
    timing,
)
from benchbench.report.figures.place import Place, Scope, places
from benchbench.report.figures.style import Film, save, save_film, settings, styles
from benchbench.report.folder import naming
from benchbench.report.page.pictures import Picture, Pictures, Section
from benchbench.report.side_by_side import side_by_side


@dataclass(frozen=True)
class Kind:
    """A kind of figure: ``draw`` returns a picture or an animation, a sentence that says why there is none, or None.

    In ``caption``, text in square brackets is for studies with several lengths, text in braces is used if the best
    possible score is known, and text in angle brackets if a competitor has no learning curve.
    """

    name: str
    draw: Callable[[Place], Figure | Film | str | None]
    caption: str
    scope: Scope
    section: Section


FIGURES = (
    Kind(
        "score_by_length", scores.score_by_length,
        "Test score against window length: median over seeds; bars run from the lowest to the highest seed.",
        "condition", "scores",
    ),
    Kind(
        "scores", dots.scores,
        "Test score of each competitor: median over seeds; bars run from the lowest to the highest seed.{ A grey line "
        "is the best possible score.}",
        "condition", "scores",
    ),
    Kind(
        "score_by_time", scores.score_by_time,
        "Test score against fit time: medians over seeds[; a larger marker means a longer window]. No competitor is "
        "both faster and better than one on the thick grey line.",
        "condition", "scores",
    ),
    Kind(
        "time_by_length", scores.time_by_length,
        "Fit time against window length: median over seeds.",
        "condition", "costs",
    ),
    Kind(
        "memory_by_length", scores.memory_by_length,
        "Peak memory that the fit added, against window length: median over seeds.",
        "condition", "costs",
    ),
    Kind(
        "score_by_option", grids.score_by_option,
        "Test score against an option of the task: median over seeds; bars run from the lowest to the highest seed.",
        "condition", "scores",
    ),
    Kind(
        "power_law", timing.power_law,
        "Time against window length: medians over seeds of the time of one update, the time to the lowest validation "
        "loss that every competitor reaches on every seed, and the time of the whole fit. Lines are fitted power laws, "
        "and the numbers are their exponents.",
        "condition", "costs",
    ),
    Kind(
        "learning_curves", learning.learning_curves,
        "Learning curves[ at the longest window]. Solid lines are the loss on validation, bold for the median over "
        "seeds and thin for single seeds; dashed lines are the median loss on training.< A competitor that solves "
        "instead of fitting in steps is a horizontal line.>",
        "condition", "learning",
    ),
    Kind(
        "predictions", predictions.predictions,
        "Predicted (colour) over true (grey) test values[ at the longest window] of one seed, all on the same scale. "
        "At most 120 steps are drawn; the number in a row is the loss over the whole stretch.",
        "task", "task",
    ),
    Kind(
        "raw_and_clean", signal.raw_and_clean,
        "The beginning of the test part before and after cleaning, for one seed.",
        "task", "task",
    ),
    Kind(
        "signal", signal.signal,
        "Predicted and true values of consecutive samples of the test split: median over seeds; the band runs from "
        "the lowest to the highest seed. The panel below shows the absolute error of the median.",
        "task", "task",
    ),
    Kind(
        "whole_series", signal.whole_series,
        "The whole series: true values, and predictions for the training part and the test part.",
        "task", "task",
    ),
    Kind(
        "extrapolation", signal.extrapolation,
        "Extrapolation: the values in the shaded part were known. The dashed line is the median over seeds; thin lines "
        "are single seeds.",
        "task", "task",
    ),
    Kind(
        "confusion", classes.confusion,
        "How often each true class was predicted as each class: shares of the true class, over all seeds together. "
        "Beside each row are the share that is recognised, its 95 % interval for the examples of one seed, and the "
        "number of these examples.",
        "task", "task",
    ),
    Kind(
        "flagged", anomaly.flagged,
        "Flagged sequences of one seed: their error is above 95 % of the errors on validation data, which have no "
        "anomaly.",
        "task", "task",
    ),
    Kind(
        "roc", classes.roc,
        "ROC curve: median over seeds; the band runs from the lowest to the highest seed.",
        "task", "task",
    ),
    Kind(
        "steps_back", microscope.steps_back,
        "How far the gradient reaches back: its norm at a state against the number of steps from that state to the "
        "last output, median over seeds. A falling line is a vanishing gradient.",
        "task", "microscope",
    ),
    Kind(
        "spectral_radius", microscope.spectral_radius,
        "Spectral radius of the recurrent matrix before and after training, with one arrow for each seed; for a gated "
        "network, it is the matrix of the candidate state.",
        "task", "microscope",
    ),
    Kind(
        "activity", microscope.activity,
        "Activity of the units on the first validation sequence, before training, halfway and at the end.",
        "task", "microscope",
    ),
    Kind(
        "activity_by_epoch", microscope.activity_by_epoch,
        "Activity of the units at the end of the first validation sequence, at each snapshot.",
        "task", "microscope",
    ),
    Kind(
        "hidden_weights", microscope.hidden_weights,
        "The recurrent matrix before training and at the end.",
        "task", "microscope",
    ),
    Kind(
        "weight_evolution", microscope.weight_evolution,
        "How the recurrent matrices change during training.",
        "task", "microscope",
    ),
    Kind(
        "eigenvalues", microscope.eigenvalues,
        "Eigenvalues of the recurrent matrix before training and at the end.",
        "task", "microscope",
    ),
    Kind(
        "output_weights", microscope.output_weights,
        "Distribution of the weights from the states to the outputs, before training and at the end.",
        "task", "microscope",
    ),
    Kind(
        "option_curves", grids.option_curves,
        "Learning curves of every option set[ at the longest window]: medians over seeds; bold lines are the loss on "
        "validation, thin lines the loss on training.",
        "task", "options",
    ),
    Kind(
        "option_heat_map", heat_map.option_heat_map,
        "Score on validation of every option set[ at the longest window]: median over seeds; darker is worse. The "
        "black frame marks the chosen set; if more than two options vary, a cell shows the best score over the other "
        "options.",
        "task", "options",
    ),
    Kind(
        "survival", free_runs.survival,
        "Closed loop: share of starts, over all seeds, whose runs[ at the longest window] are still valid after a "
        "given time.",
        "free_run", "closed loop",
    ),
    Kind(
        "free_runs", free_runs.free_runs,
        "Closed loop: the first start of one seed[ at the longest window], generated (colour) over true (grey). A "
        "series is cut off where it leaves its row; a black line marks the end of the valid time.",
        "free_run", "closed loop",
    ),
    Kind(
        "best_and_worst", generated.best_and_worst,
        "Closed loop: the free runs of one seed with the smallest and the largest mean squared error, generated "
        "(colour) over true (grey).",
        "free_run", "closed loop",
    ),
    Kind(
        "generator", generated.generator,
        "Closed loop: the fit of the training part, the generated series, its first steps, and the output weights.",
        "free_run", "closed loop",
    ),
    Kind(
        "return_map", free_runs.return_map,
        "Closed loop: each maximum of the last feature and the next maximum, for all starts of one seed: true (grey) "
        "and generated (colour). Points far outside the range of the truth are cut off.",
        "free_run", "closed loop",
    ),
    Kind(
        "score_by_budget", ladder.score_by_budget,
        "Test score against the budget, where each rung is a separate fit: median over seeds; bands run from the "
        "lowest to the highest seed.",
        "ladder", "ladder",
    ),
    Kind(
        "devices", devices.times_by_batch,
        "Time of an update on the CPU divided by its time on the device: median over seeds; bars run from the lowest "
        "to the highest seed, and markers are hollow where the verdict is open (with one seed, for example). Above the "
        "grey line the device is faster. The CPU uses as many threads as a trial has.",
        "comparison", "devices",
    ),
)  # fmt: skip


MOST = 12
"""Figures of a kind in a report; where there would be more, the page says that the rest are not drawn."""

_TOO_MANY = f"Not drawn: a report has at most {MOST} figures of a kind. The folder tables has the numbers of all."


def draw_all(numbers: Numbers, folder: Path | None) -> Pictures:
    """Draw and save the figures that have data, and return where each belongs; without a folder, save none.

    The first ``MOST`` of each kind are drawn.
    """
    frame = numbers.selection.frame
    looks, conditions = styles(ordered(frame), baselines_of(frame)), several(frame, "condition")
    found = {scope: list(places(numbers, scope, looks)) for scope in {kind.scope for kind in FIGURES}}
    with settings():
        drawn = side_by_side(partial(_drawn, kind, found[kind.scope], folder, named=conditions) for kind in FIGURES)
    return Pictures(tuple(picture for pictures in drawn for picture in pictures))


def _drawn(kind: Kind, found: list[Place], folder: Path | None, *, named: bool) -> list[Picture]:
    """The pictures of a kind at all places. If ``named``, captions name the condition."""
    pictures, taken = list[Picture](), set[str]()
    for place in found:
        made = _TOO_MANY if len(taken) == MOST else kind.draw(place)
        if made is None:
            continue
        name = free_name("-".join(part for part in (kind.name, place.condition, place.variant) if part), taken)
        if folder is not None:
            _save(made, folder / name)
        where = f"{place.condition}: " if kind.scope == "condition" and named else ""
        caption, reason = f"{where}{_caption(kind, place)}", made if isinstance(made, str) else ""
        if not reason:
            taken.add(name)
        where_it_is = (kind.name, kind.section, place.condition, place.variant)
        pictures.append(Picture(*where_it_is, name, caption, reason, isinstance(made, Film)))
    return pictures


def _save(made: Figure | Film | str, stem: Path) -> None:
    with naming(stem):
        if isinstance(made, Film):
            save_film(made, stem)
        elif isinstance(made, Figure):
            save(made, stem)


def _caption(kind: Kind, place: Place) -> str:
    lengths = place.cells[["variant", "length"]].drop_duplicates()["variant"]
    said = sub(r"\[(.*?)\]", r"\1" if lengths.duplicated().any() else "", kind.caption)
    said = sub(r"\{(.*?)\}", r"\1" if place.cells["floor"].notna().any() else "", said)
    if "<" in said:
        said = sub(r"<(.*?)>", r"\1" if learning.level(place) else "", said)
    return f"{said} Marked trials of {listed(list(place.marked), 9)} are left out." if place.marked else said


def free_name(text: str, taken: set[str]) -> str:
    """A name for a file that is not taken."""
    stem = sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")[:100]
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name
