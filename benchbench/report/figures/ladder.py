"""The figure of the primary metric against the budget, with one panel for each task."""

from matplotlib.figure import Figure

from benchbench.report.figures.place import Place, grid, lines
from benchbench.report.figures.scores import score_label
from benchbench.report.figures.style import log_if_wide

_UNITS = {"seconds": "seconds of the fit", "parameters": "parameters, at most"}


def score_by_budget(place: Place) -> Figure | None:
    """The median on each rung of a ladder, with bands from the lowest to the highest seed, at one length for each task.

    This is the length with the most rungs; of several, the longest.
    """
    scored = place.rows[place.rows["score"].notna()]
    rungs = scored.groupby(["variant", "length"])["rung"].nunique().reset_index()
    best = rungs.sort_values(["rung", "length"]).groupby("variant").tail(1)
    shown = scored.merge(best[["variant", "length"]][best["rung"] > 1], on=["variant", "length"])
    if shown.empty:
        return None
    figure, panels = grid(shown, place.looks, directed=True)
    for axis, part in panels:
        for name, look, mine in lines(part.sort_values("rung"), place.looks):
            axis.plot(mine["rung"], mine["score"], label=name, **look)
            axis.fill_between(mine["rung"], mine["score_min"], mine["score_max"], color=look["color"], alpha=0.15, lw=0)
        limit = str(part["limit"].iloc[0])
        axis.set_xlabel(f"{_UNITS.get(limit, limit)} (length {part['length'].iloc[0]})")
        axis.set_ylabel(score_label(part))
        log_if_wide(axis, "x", part["rung"])
        log_if_wide(axis, "y", [*part["score_min"], *part["score_max"]])
    return figure
