"""The figure of true and predicted test values of one task: first, best and worst segment of each competitor."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchbench.core.record import Segment
from benchbench.report.analysis.curves import predictions as found_in
from benchbench.report.figures.place import Place
from benchbench.report.figures.rows import GREY, draw_row, figure_of_rows, name_rows, scale_of
from benchbench.report.figures.style import Looks
from benchbench.report.page.texts import number

_TITLES = {"first": "first stretch of the test split", "best": "best prediction", "worst": "worst prediction"}


def predictions(place: Place) -> Figure | None:
    """The figure of one condition and task at its longest length, from each competitor's lowest seed that ended ok.

    All rows have the same scale: the range of the true values takes two thirds of a row. Predictions are cut off where
    they leave their row.
    """
    by_name = found_in(place.rows, place.numbers.records)
    rows = dict(reversed(by_name.items()))
    kinds = _kinds(list(rows.values()))
    if not kinds:
        return None
    classes = bool(place.rows["loss"].iloc[0] == "cross_entropy")
    truth, made = ("true class", "predicted class") if classes else ("true", "predicted")
    loss = "log loss" if classes else "MSE of the first output"
    score = f"number: {loss} over the whole stretch{'' if classes else ' (standardised)'}"
    legend = {truth: GREY, f"{made} (colour of the competitor)": "#0072B2", score: "none"}
    figure = figure_of_rows(list(rows), 0.5, legend)
    scale = scale_of([segment.true for samples in rows.values() for segment in samples.values()])
    for i, kind in enumerate(kinds):
        axis = figure.add_subplot(1, len(kinds), i + 1)
        shown = {name: samples.get(kind) for name, samples in rows.items()}
        _draw(axis, place.looks, shown, scale, dots=classes)
        axis.set_title(_TITLES[kind])
        axis.set_xlabel("scored step")
        name_rows(axis, list(rows), shown=i == 0)
        if i == 0:
            axis.set_ylabel("class" if classes else "standardised, one scale")
    return figure


def _kinds(rows: list[dict[str, Segment]]) -> list[str]:
    """The kinds of segments to show; only the first if the others are the same."""
    kinds = [kind for kind in _TITLES if any(kind in samples for samples in rows)]
    return [kind for kind in kinds if kind == "first" or any(s.get(kind) != s.get("first") for s in rows)]


def _draw(
    axis: Axes, looks: Looks, segments: dict[str, Segment | None], scale: tuple[float, float], *, dots: bool
) -> None:
    for row, (name, segment) in enumerate(segments.items()):
        if segment is not None:
            draw_row(
                axis, row, true=segment.true, made=segment.predicted, colour=looks[name]["color"],
                scale=scale, text=number(segment.score), dots=dots,
            )  # fmt: skip
