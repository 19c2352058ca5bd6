"""The one table of figures: what draws each, what it says, what it is drawn for, and where it stands."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Kind:
    """A figure: ``draw`` gives the picture or an animation, a sentence that says why there is none, or nothing.

    What stands in square brackets in ``caption`` is said where there are several lengths, what stands in braces where
    the best possible score is known.
    """

    name: str
    draw: Callable[[Place], Figure | Film | str | None]
    caption: str
    scope: Scope
    section: Section


FIGURES = (
    Kind(
        "score_by_length", scores.score_by_length,
        "Test score against window length: median over seeds, bars from the lowest to the highest seed.",
        "condition", "scores",
    ),
    Kind(
        "scores", dots.scores,
        "Test score of each competitor: median over seeds, bars from the lowest to the highest seed.{ A grey line is "
        "the best possible score.}",
        "condition", "scores",
    ),
    Kind(
        "score_by_time", scores.score_by_time,
        "Test score against fit time, medians over seeds[: a larger marker is a longer window]. Along the thick grey "
        "line nothing is both faster and better.",
        "condition", "scores",
    ),
    Kind(
        "time_by_length", scores.time_by_length,
        "Fit time against window length: median over seeds.",
        "condition", "costs",
    ),
    Kind(
        "memory_by_length", scores.memory_by_length,
        "Peak memory that the fit added against window length: median over seeds.",
        "condition", "costs",
    ),
    Kind(
        "score_by_option", grids.score_by_option,
        "Test score against an option of the task: median over seeds, bars from the lowest to the highest seed.",
        "condition", "scores",
    ),
    Kind(
        "power_law", timing.power_law,
        "Time against window length, medians over seeds: of one update, until the loss on validation is as low as each "
        "competitor gets on every seed, and of the whole fit. Lines are fitted power laws, the numbers are exponents.",
        "condition", "costs",
    ),
    Kind(
        "learning_curves", learning.learning_curves,
        "Learning curves[ at the longest window]. Solid: validation, bold the median over seeds, thin the seeds; "
        "dashed: training, the median over seeds. A competitor that solves instead of stepping is a line across.",
        "condition", "learning",
    ),
    Kind(
        "predictions", predictions.predictions,
        "Predicted (colour) over true (grey) test values[ at the longest window], one seed, one scale. At most 120 "
        "steps are drawn; the number is the loss over the whole stretch.",
        "task", "task",
    ),
    Kind(
        "raw_and_clean", signal.raw_and_clean,
        "The beginning of the test part, before and after cleaning, one seed.",
        "task", "task",
    ),
    Kind(
        "signal", signal.signal,
        "Predicted over true, consecutive samples of the test split: median over seeds, band from the lowest to the "
        "highest. Below: the absolute error of the median.",
        "task", "task",
    ),
    Kind(
        "whole_series", signal.whole_series,
        "The whole series: true values, and what was predicted of the training part and of the test part.",
        "task", "task",
    ),
    Kind(
        "extrapolation", signal.extrapolation,
        "Extrapolation: the shaded values were known. Dashed: median over seeds, thin the seeds.",
        "task", "task",
    ),
    Kind(
        "confusion", classes.confusion,
        "How often each class was taken for each: shares of the true class, all seeds pooled. Beside a row: the share "
        "that is recognised, its 95 % interval for the examples of one seed, and their number.",
        "task", "task",
    ),
    Kind(
        "flagged", anomaly.flagged,
        "Sequences that are flagged: their error is above 95 % of those on validation, which has no anomaly; one seed.",
        "task", "task",
    ),
    Kind(
        "roc", classes.roc,
        "ROC curve: median over seeds, band from the lowest to the highest.",
        "task", "task",
    ),
    Kind(
        "steps_back", microscope.steps_back,
        "How far the gradient reaches back: its norm at the state so many steps before the last output, median over "
        "seeds. A line that falls is a gradient that vanishes.",
        "task", "microscope",
    ),
    Kind(
        "spectral_radius", microscope.spectral_radius,
        "Spectral radius of the recurrent matrix before training and after it, an arrow a seed; of a gated network, "
        "that of its candidate state.",
        "task", "microscope",
    ),
    Kind(
        "activity", microscope.activity,
        "Activity of the units on the first validation sequence: before training, halfway, at the end.",
        "task", "microscope",
    ),
    Kind(
        "activity_by_epoch", microscope.activity_by_epoch,
        "Activity of the units at the end of the first validation sequence, at each look of the microscope.",
        "task", "microscope",
    ),
    Kind(
        "hidden_weights", microscope.hidden_weights,
        "The recurrent matrix before training and at the end.",
        "task", "microscope",
    ),
    Kind(
        "weight_evolution", microscope.weight_evolution,
        "How the recurrent matrices evolve.",
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
        "Learning curves of every option set[ at the longest window], medians over seeds: validation bold, training "
        "thin.",
        "task", "options",
    ),
    Kind(
        "option_heat_map", heat_map.option_heat_map,
        "Score on validation of every option set[ at the longest window]: median over seeds; darker is worse. The "
        "black frame is the chosen set; where more than two options vary, a cell is the best over the others.",
        "task", "options",
    ),
    Kind(
        "survival", free_runs.survival,
        "Closed loop: share of starts that are still valid[ at the longest window], all seeds pooled.",
        "free_run", "closed loop",
    ),
    Kind(
        "free_runs", free_runs.free_runs,
        "Closed loop: the first start of one seed[ at the longest window], generated (colour) over true (grey). A "
        "series is cut off where it leaves its row; the black line ends the valid time.",
        "free_run", "closed loop",
    ),
    Kind(
        "best_and_worst", generated.best_and_worst,
        "Closed loop: the free run with the smallest and with the largest mean squared error of one seed, generated "
        "(colour) over true (grey).",
        "free_run", "closed loop",
    ),
    Kind(
        "generator", generated.generator,
        "Closed loop: the fit of the training part, the series that is generated, its first steps, the output weights.",
        "free_run", "closed loop",
    ),
    Kind(
        "return_map", free_runs.return_map,
        "Closed loop: each maximum of the last feature and the one that follows it, one seed, all starts: true (grey), "
        "generated (colour). What lies far outside the range of the truth is cut off.",
        "free_run", "closed loop",
    ),
    Kind(
        "score_by_budget", ladder.score_by_budget,
        "Test score against the budget, each rung a fit of its own: median over seeds, bands from the lowest to the "
        "highest seed.",
        "ladder", "ladder",
    ),
    Kind(
        "devices", devices.times_by_batch,
        "Time of an update on the CPU over that on the device: median over seeds, bars from the lowest to the highest, "
        "hollow where it is open (one seed, say). Above the grey line the device is faster. The CPU works with the "
        "threads of one trial.",
        "comparison", "devices",
    ),
)  # fmt: skip


MOST = 12
"""Figures of a kind in a report; where there would be more, the page says that the rest are not drawn."""

_TOO_MANY = f"Not drawn: a report has at most {MOST} figures of a kind. The folder tables has the numbers of all."


def draw_all(numbers: Numbers, folder: Path | None) -> Pictures:
    """Save the figures that there is something for, and say what stands where; without a folder, save none.

    Of each kind, the first ``MOST`` are drawn.
    """
    frame, found, taken, drawn = numbers.selection.frame, list[Picture](), set[str](), Counter[str]()
    looks = styles(ordered(frame), baselines_of(frame))
    with settings():
        for kind, place in _wanted(numbers, looks):
            made = _TOO_MANY if drawn[kind.name] == MOST else kind.draw(place)
            if made is None:
                continue
            name = free_name("-".join(part for part in (kind.name, place.condition, place.variant) if part), taken)
            where = f"{place.condition}: " if kind.scope == "condition" and several(frame, "condition") else ""
            caption, reason = f"{where}{_caption(kind, place)}", made if isinstance(made, str) else ""
            moving = isinstance(made, Film)
            if folder is not None:
                _save(made, folder / name)
            if not reason:
                taken.add(name)
                drawn[kind.name] += 1
            where_it_is = (kind.name, kind.section, place.condition, place.variant)
            found.append(Picture(*where_it_is, name, caption, reason, moving))
    return Pictures(tuple(found))


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
    return f"{said} Left out: marked trials of {listed(list(place.marked), 9)}." if place.marked else said


def _wanted(numbers: Numbers, looks: dict[str, dict[str, object]]) -> Iterator[tuple[Kind, Place]]:
    found = {scope: list(places(numbers, scope, looks)) for scope in {kind.scope for kind in FIGURES}}
    for kind in FIGURES:
        for place in found[kind.scope]:
            yield kind, place


def free_name(text: str, taken: set[str]) -> str:
    """A name for a file that none of the others has."""
    stem = sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")[:100]
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name
