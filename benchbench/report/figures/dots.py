"""The figure of scores at one length, with a row and a name for each competitor."""

from textwrap import fill

from matplotlib.figure import Figure

from benchbench.report.analysis.order import ordered, parts, several
from benchbench.report.figures.place import Place
from benchbench.report.figures.scores import score_label
from benchbench.report.figures.style import POSSIBLE, log_if_wide

_COLUMNS = 3  # columns of panels
_TITLE = 42  # letters in a line


def scores(place: Place) -> Figure | None:
    """The median of the primary metric and its range over seeds, one panel for each task; None with several lengths."""
    scored = place.cells[place.cells["score"].notna()]
    if scored.empty or several(scored, "length"):
        return None
    panels, names = parts(scored, "variant"), ordered(scored)
    columns = min(_COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(1.6 + 2.9 * columns, lines * (0.9 + 0.26 * len(names))), layout="constrained")
    axes = figure.subplots(lines, columns, sharey=True, squeeze=False)
    for axis, (variant, part) in zip(axes.flat, panels, strict=False):
        by_name = part.set_index("architecture")
        shown = [(row, by_name.loc[name]) for row, name in enumerate(names) if name in by_name.index]
        for row, cell in shown:
            look = place.looks[names[row]]
            axis.hlines(row, cell["score_min"], cell["score_max"], color=look["color"], linewidth=2.2, alpha=0.5)
            axis.plot([cell["score"]], [row], **{**look, "linestyle": ""})
        if part["better"].iloc[0] != "higher":
            log_if_wide(axis, "x", [*part["score_min"], *part["score_max"]])
        floor = part["floor"].median()
        if floor > 0 or (floor == 0 and axis.get_xscale() == "linear"):  # a log axis has no zero
            axis.axvline(float(floor), color=POSSIBLE["color"], linewidth=POSSIBLE["linewidth"], zorder=0)
        axis.set_title(fill(variant, _TITLE), fontsize=9.0 if len(variant) < _TITLE else 7.0)
        axis.set_xlabel(score_label(part))
    for axis in list(axes.flat)[len(panels) :]:
        axis.set_axis_off()
    axes[0, 0].set_yticks(range(len(names)), names)
    axes[0, 0].set_ylim(len(names) - 0.5, -0.5)
    return figure
