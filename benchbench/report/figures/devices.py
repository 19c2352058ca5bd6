"""The figure of the times of an update on two devices, one for each comparison and task."""

from matplotlib.figure import Figure

from benchbench.report.analysis.order import ordered, several
from benchbench.report.figures.place import Place, lines
from benchbench.report.figures.style import POSSIBLE, length_axis, log_if_wide, panels
from benchbench.statistics.verdicts import OPEN


def times_by_batch(place: Place) -> Figure | None:
    """The ratio CPU / device of an update's time against batch, one panel for each length.

    With only one batch it is against length. Median over seeds, bars from the lowest to the highest; the grey line is a
    ratio of 1; hollow markers are open verdicts.
    """
    known = place.rows[place.rows["update_times"].notna()]
    if known.empty:
        return None
    along, across = ("batch", "length") if several(known, "batch") else ("length", "batch")
    by_panel = list(known.sort_values(along, kind="stable").groupby(across))
    hollow = {"color": "black", "marker": "o", "markerfacecolor": "white", "linestyle": ""}
    extra = {"equally fast": POSSIBLE} | ({"hollow: open": hollow} if (known["update_verdict"] == OPEN).any() else {})
    legend = {name: place.looks[name] for name in ordered(known)} | extra
    figure, axes = panels([f"{known['variant'].iloc[0]}, {across} {value}" for value, _ in by_panel], legend)
    device = known["device"].iloc[0]
    for axis in axes[1:]:
        axis.sharey(axes[0])
    for axis, (_, part) in zip(axes, by_panel, strict=True):
        for name, look, mine in lines(part, place.looks):
            low, high = mine["update_times_min"], mine["update_times_max"]
            axis.plot(mine[along], mine["update_times"], label=name, **look)
            axis.vlines(mine[along], low, high, color=look["color"], linewidth=1.0, alpha=0.6)
            if len(unsure := mine[mine["update_verdict"] == OPEN]):
                line = {**look, "linestyle": "", "markerfacecolor": "white"}
                axis.plot(unsure[along], unsure["update_times"], **line)
        axis.axhline(1, zorder=0, **POSSIBLE)
        axis.set_ylabel(f"time of an update: cpu / {device}")
        log_if_wide(axis, "y", [*known["update_times_min"], *known["update_times_max"], 1.0])
        length_axis(axis, sorted(set(part[along])))
        if along == "batch":
            axis.set_xlabel("batch (windows)")
    return figure
