"""Looks of the figures: a style for any number of competitors, small multiples, one legend, same bytes every time."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from benchbench.core.text import printable

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F")  # Okabe-Ito, yellow darkened
_MARKERS = "os^DvPX<>p"
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1)))
_BASELINES: tuple[tuple[str, str, Any], ...] = (
    ("black", "*", (0, (4, 2))),
    ("#555555", "x", (0, (1, 1.5))),
    ("#999999", "+", (0, (6, 2, 1, 2))),
    ("#777777", "1", (0, (3, 1.5, 1, 1.5, 1, 1.5))),
    ("#333333", "2", (0, (2, 1))),
)
_USUAL = ("linear", "persistence", "mean", "majority")  # baselines that look the same in every report
POSSIBLE: dict[str, Any] = {"color": "#bbbbbb", "linestyle": "-", "linewidth": 3.0, "marker": ""}
FRONTIER: dict[str, Any] = {"color": "#cccccc", "linestyle": "-", "linewidth": 4.0, "marker": ""}
_RC = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.4,
    "lines.markersize": 5.0,
    "legend.frameon": False,
    "svg.hashsalt": "benchbench",
    "svg.fonttype": "none",
}

Look = dict[str, Any]
Looks = dict[str, Look]


@contextmanager
def settings() -> Iterator[None]:
    """Draw with the report's own settings, whatever the user's are."""
    with style.context(["default", _RC]):
        yield


def styles(names: list[str], baselines: Collection[str] = ()) -> Looks:
    """Colour, marker and dashes of each architecture: by place among all of a study, baselines in black and greys."""
    others = [name for name in names if name not in baselines]
    table: dict[str, tuple[str, str, Any]] = {
        name: (_COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)], _DASHES[i // len(_COLOURS) % len(_DASHES)])
        for i, name in enumerate(others)
    }
    usual = [name for name in _USUAL if name in baselines]
    places = {name: _USUAL.index(name) for name in usual}
    free = [i for i in range(len(_BASELINES) + len(names)) if i not in places.values()]
    rest = [name for name in names if name in baselines and name not in places]
    places |= dict(zip(rest, free, strict=False))
    table |= {name: _BASELINES[i % len(_BASELINES)] for name, i in places.items()}
    return {name: dict(zip(("color", "marker", "linestyle"), table[name], strict=True)) for name in names}


def panels(titles: list[str], legend: Looks) -> tuple[Figure, list[Axes]]:
    """A figure with one panel a title and a legend above them; sizes in inches."""
    columns = 1 if len(titles) == 1 else 2 if len(titles) <= 4 else 3
    rows = -(-len(titles) // columns)
    width, height = (6.4 if columns == 1 else 4.6 if columns == 2 else 3.6), 2.7
    names = _abreast(list(legend), width * columns)
    top = 0.12 + 0.19 * -(-len(legend) // names)
    total = height * rows + top
    figure = Figure(figsize=(width * columns, total))
    rows_first = [key for column in range(names) for key in list(legend)[column::names]]  # a legend fills its columns
    handles = [Line2D([], [], label=name, **legend[name]) for name in rows_first]
    figure.legend(handles=handles, loc="upper center", ncols=names, borderaxespad=0.3, handlelength=2.6)
    figure.subplots_adjust(
        left=0.85 / (width * columns), right=1 - 0.12 / (width * columns),
        bottom=0.48 / total, top=1 - (top + 0.28) / total,
        wspace=0.97 / (width - 0.97), hspace=0.78 / (height - 0.78),
    )  # fmt: skip
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(len(titles))]
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, fontsize=min(10.0, 110 * width / len(title)))
    return figure, axes


def _abreast(names: list[str], width: float) -> int:
    """How many names of a legend, each with its line, stand side by side in so many inches."""
    for count in range(len(names), 1, -1):
        if sum(0.6 + 0.075 * max(map(len, names[column::count])) for column in range(count)) <= width:
            return count
    return 1


def log_if_wide(axis: Axes, which: str, values: Iterable[float]) -> None:
    """A log scale with plain numbers where the positive values span a factor of 3 or more; else a linear one."""
    positive = [value for value in values if np.isfinite(value) and value > 0]
    ticks = axis.xaxis if which == "x" else axis.yaxis
    if not positive or max(positive) < 3 * min(positive):
        ticks.set_major_locator(MaxNLocator(5))
        return
    getattr(axis, f"set_{which}scale")("log")
    decades = np.log10(max(positive) / min(positive))
    ticks.set_major_locator(LogLocator(subs=_ticks(decades, which), numticks=5 if which == "x" else 9))
    ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ticks.set_minor_locator(NullLocator())


def _ticks(decades: float, which: str) -> tuple[float, ...]:
    """The ticks within a decade: the more of them, the fewer decades there are, and the y axis has room for more."""
    if decades < 1 and which == "y":
        return 1, 1.5, 2, 3, 4, 5, 7
    return (1, 2, 5) if decades < 2 else (1, 3) if decades < 3 else (1,)


def length_axis(axis: Axes, lengths: list[int]) -> None:
    """The x axis of window lengths: log, a tick at each that leaves room for its number."""
    shown = lengths[:1]
    for length in lengths[1:]:
        if length / shown[-1] >= (lengths[-1] / lengths[0]) ** 0.12:
            shown.append(length)
    axis.set_xscale("log")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(shown, [str(length) for length in shown])
    axis.set_xlim(lengths[0] / 1.25, lengths[-1] * 1.25)
    axis.set_xlabel("length (steps)")


def save(figure: Figure, stem: Path) -> None:
    """Write ``stem``.png and ``stem``.svg, with no date and no program's version in them."""
    for text in figure.findobj(Text):
        text.set_text(printable(text.get_text()))
    raw = BytesIO()
    figure.savefig(raw, format="rgba")
    pixels = np.frombuffer(raw.getvalue(), np.uint8).reshape(-1, figure.canvas.get_width_height()[0], 4)[..., :3]
    shades = ((pixels.astype(int) + 8) // 17 * 17).astype(np.uint8)  # 16 a channel: half the file
    imsave(stem.with_name(f"{stem.name}.png"), shades, pil_kwargs={"pnginfo": None})
    figure.savefig(stem.with_name(f"{stem.name}.svg"), metadata={"Date": None, "Creator": None})
