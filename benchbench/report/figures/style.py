"""The style of the figures: colours and markers for any number of competitors, panels, legends, reproducible files."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray
from PIL import Image

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
_USUAL = ("linear", "persistence", "mean", "majority")  # baselines with the same style in every report
POSSIBLE: dict[str, Any] = {"color": "#bbbbbb", "linestyle": "-", "linewidth": 3.0, "marker": ""}
FRONTIER: dict[str, Any] = {"color": "#cccccc", "linestyle": "-", "linewidth": 4.0, "marker": ""}
ABOVE: dict[str, Any] = {
    "loc": "lower right",
    "bbox_to_anchor": (1.0, 1.0),
    "borderaxespad": 0.1,
}  # the position of a legend
DPI, _FILM_DPI = 200, 90
_RC = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
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
    """Draw with the report's own settings instead of the user's."""
    with style.context(["default", _RC]):
        yield


def styles(names: list[str], baselines: Collection[str] = ()) -> Looks:
    """The colour, marker and dashes of each architecture by its position in the study; baselines are black and grey."""
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
    """A figure with one panel for each title and a legend above them; sizes are in inches."""
    columns = 1 if len(titles) == 1 else 2 if len(titles) <= 4 else 3
    rows = -(-len(titles) // columns)
    width, height = (6.4 if columns == 1 else 4.6 if columns == 2 else 3.6), 2.7
    names = _abreast(list(legend), width * columns)
    top = 0.12 + 0.19 * -(-len(legend) // names)
    total = height * rows + top
    figure = Figure(figsize=(width * columns, total))
    rows_first = [
        key for column in range(names) for key in list(legend)[column::names]
    ]  # a legend is filled column by column
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
    """How many names of a legend, each with its line, fit side by side into a ``width`` in inches."""
    for count in range(len(names), 1, -1):
        if sum(0.6 + 0.075 * max(map(len, names[column::count])) for column in range(count)) <= width:
            return count
    return 1


def log_if_wide(axis: Axes, which: str, values: Iterable[float]) -> None:
    """Set a log scale with plain numbers if the positive values span a factor of 3 or more, else a linear one."""
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
    """The ticks within a decade: more if there are few decades, and more on the y axis, which has more room."""
    if decades < 1 and which == "y":
        return 1, 1.5, 2, 3, 4, 5, 7
    return (1, 2, 5) if decades < 2 else (1, 3) if decades < 3 else (1,)


def length_axis(axis: Axes, lengths: list[int]) -> None:
    """Make the x axis one of window lengths: a log scale, with a tick at each length whose number has room."""
    shown = lengths[:1]
    for length in lengths[1:]:
        if length / shown[-1] >= (lengths[-1] / lengths[0]) ** 0.12:
            shown.append(length)
    axis.set_xscale("log")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(shown, [str(length) for length in shown])
    axis.set_xlim(lengths[0] / 1.25, lengths[-1] * 1.25)
    axis.set_xlabel("length (steps)")


class Film(NamedTuple):
    """An animation: its pictures, and the time of each in milliseconds."""

    frames: list[Figure]
    milliseconds: int = 300


def save(figure: Figure, stem: Path) -> None:
    """Write ``stem`` as .png, .svg and .pdf, without the date and versions of programs."""
    for text in figure.findobj(Text):
        text.set_text(printable(text.get_text()))
    picture = Image.fromarray(_pixels(figure, DPI)).quantize(256, dither=Image.Dither.NONE)  # a third of the file
    picture.save(stem.with_name(f"{stem.name}.png"), dpi=(DPI, DPI))
    nothing = {"Date": None, "Creator": None}
    figure.savefig(stem.with_name(f"{stem.name}.svg"), metadata=nothing)
    figure.savefig(
        stem.with_name(f"{stem.name}.pdf"), metadata={"CreationDate": None, "Creator": None, "Producer": None}
    )


def save_film(film: Film, stem: Path) -> None:
    """Write ``stem``.gif, which repeats forever, and its last picture as ``save`` does."""
    pictures = [Image.fromarray(_pixels(frame, _FILM_DPI)).quantize(64) for frame in film.frames]
    shown = [film.milliseconds] * (len(pictures) - 1) + [5 * film.milliseconds]
    pictures[0].save(
        stem.with_name(f"{stem.name}.gif"), save_all=True, append_images=pictures[1:], duration=shown, loop=0
    )
    save(film.frames[-1], stem)


def _pixels(figure: Figure, dpi: int) -> NDArray[np.uint8]:
    """The picture (row, column, channel) with 16 shades for each channel, which halves the file."""
    raw = BytesIO()
    figure.set_dpi(dpi)
    figure.savefig(raw, format="rgba", dpi=dpi)
    pixels = np.frombuffer(raw.getvalue(), np.uint8).reshape(-1, figure.canvas.get_width_height()[0], 4)[..., :3]
    return ((pixels.astype(int) + 8) // 17 * 17).astype(np.uint8)
