"""The one table of figures: what draws each, what it says, what it is drawn for, and where it stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from re import sub

from matplotlib.figure import Figure

from benchbench.report.analysis.order import baselines as baselines_of
from benchbench.report.analysis.order import ordered, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.figures import devices, free_runs, heat_map, learning, predictions, scores
from benchbench.report.figures.place import Place, Scope, places
from benchbench.report.figures.style import save, settings, styles
from benchbench.report.folder import naming
from benchbench.report.page.pictures import Picture, Pictures, Section


@dataclass(frozen=True)
class Kind:
    """A figure: ``draw`` gives the picture, a sentence that says why there is none, or None for nothing to show.

    What stands in square brackets in ``caption`` is said where there are several lengths.
    """

    name: str
    draw: Callable[[Place], Figure | str | None]
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
        "return_map", free_runs.return_map,
        "Closed loop: each maximum of the last feature and the one that follows it, one seed, all starts: true (grey), "
        "generated (colour). What lies far outside the range of the truth is cut off.",
        "free_run", "closed loop",
    ),
    Kind(
        "devices", devices.times_by_batch,
        "Time of an update on the CPU over that on the device: median over seeds, bars from the lowest to the highest, "
        "hollow where it is open (one seed, say). Above the grey line the device is faster. The CPU works with the "
        "threads of one trial.",
        "comparison", "devices",
    ),
)  # fmt: skip


def draw_all(numbers: Numbers, folder: Path) -> Pictures:
    """Save every figure that there is something for, and say what stands where."""
    frame, found, taken = numbers.selection.frame, list[Picture](), set[str]()
    looks = styles(ordered(frame), baselines_of(frame))
    with settings():
        for kind, place in _wanted(numbers, looks):
            made = kind.draw(place)
            if made is None:
                continue
            name = free_name("-".join(part for part in (kind.name, place.condition, place.variant) if part), taken)
            where = f"{place.condition}: " if kind.scope == "condition" and several(frame, "condition") else ""
            caption, reason = f"{where}{_caption(kind, place)}", made if isinstance(made, str) else ""
            if isinstance(made, Figure):
                taken.add(name)
                with naming(folder / name):
                    save(made, folder / name)
            found.append(Picture(kind.name, kind.section, place.condition, place.variant, name, caption, reason))
    return Pictures(tuple(found))


def _caption(kind: Kind, place: Place) -> str:
    lengths = place.cells[["variant", "length"]].drop_duplicates()["variant"]
    return sub(r"\[(.*?)\]", r"\1" if lengths.duplicated().any() else "", kind.caption)


def _wanted(numbers: Numbers, looks: dict[str, dict[str, object]]) -> Iterator[tuple[Kind, Place]]:
    for kind in FIGURES:
        for place in places(numbers, kind.scope, looks):
            yield kind, place


def free_name(text: str, taken: set[str]) -> str:
    """A name for a file that none of the others has."""
    stem = sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")[:100]
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name
