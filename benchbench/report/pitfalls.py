"""The page of pitfalls: a sentence, a table and a figure for each, made only from their data."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import ValidationError

from benchbench.core.errors import InputError
from benchbench.core.pitfall import Curve, Panel, Pitfall
from benchbench.report.figures.style import POSSIBLE, Look, Looks, log_if_wide, panels, save, settings, styles
from benchbench.report.folder import whole
from benchbench.report.page.blocks import Block, Heading, Page, Text, line, prose
from benchbench.report.page.blocks import Figure as Picture
from benchbench.report.page.blocks import table as block_of
from benchbench.report.page.texts import number
from benchbench.report.render.markdown import render

_REFERENCES: tuple[Look, ...] = (
    POSSIBLE,
    {"color": "#555555", "linestyle": (0, (4, 2)), "linewidth": 1.2, "marker": ""},
)
_FEW = 40  # a line with at most so many points has markers
_MANY = 200  # more dots than this are drawn small
_HEAD: tuple[Block, ...] = (
    Heading(1, line("What goes wrong in the field")),
    Text(
        prose(
            """Common mistakes, made with benchbench's own code. `benchbench pitfalls` writes this page; its numbers are
            in `data/`."""
        )
    ),
)


def write_pitfalls(shown: Iterable[Pitfall], results: str | PathLike[str] = "results") -> Path:
    """Write pitfalls.md, figures/ and data/ into ``results/pitfalls/``; returns the path of pitfalls.md.

    Pitfalls that were written before and are not among ``shown`` stay on the page. Equal data give equal bytes.
    InputError if a pitfall that was written before cannot be read.
    """
    target = Path(results) / "pitfalls"
    found = {pitfall.name: pitfall for pitfall in (*_read(target / "data"), *shown)}
    with whole(target) as fresh:
        (fresh / "data").mkdir(parents=True)
        (fresh / "figures").mkdir()
        for name in sorted(found):
            (fresh / "data" / f"{name}.json").write_bytes(found[name].model_dump_json().encode() + b"\n")
            with settings():
                save(draw(found[name]), fresh / "figures" / name)
        page = Page("pitfalls", (*_HEAD, *(block for name in sorted(found) for block in _section(found[name]))))
        (fresh / "pitfalls.md").write_bytes(render(page).encode())
    return target / "pitfalls.md"


def table(pitfall: Pitfall) -> tuple[list[str], list[list[str]]]:
    """The columns and cells of a pitfall's numbers, as texts with three significant digits."""
    return list(pitfall.rows[0]), [[_cell(value) for value in row.values()] for row in pitfall.rows]


def draw(pitfall: Pitfall) -> Figure:
    """Draw a pitfall's panels under one legend; a name has the same colour in all of them."""
    curves = [curve for panel in pitfall.panels for curve in panel.curves]
    looks = _looks(curves)
    figure, axes = panels([panel.title for panel in pitfall.panels], looks)
    for axis, panel in zip(axes, pitfall.panels, strict=True):
        for curve in panel.curves:
            heights: list[Any] = [float("nan") if value is None else value for value in curve.y]
            axis.plot(curve.x, heights, label=curve.name, **_fitted(looks[curve.name], curve))
        axis.set_xlabel(panel.x_label)
        axis.set_ylabel(panel.y_label)
        _scales(axis, panel)
    return figure


def _read(folder: Path) -> list[Pitfall]:
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(Pitfall.model_validate_json(file.read_bytes()))
        except ValidationError as error:
            raise InputError(
                f"{file} does not hold the data of a pitfall ({error.errors()[0]['msg']}); delete it"
            ) from None
    return found


def _section(pitfall: Pitfall) -> tuple[Block, ...]:
    title = line(pitfall.title)
    return Heading(2, title), Text(line(pitfall.sentence)), block_of(*table(pitfall)), Picture(pitfall.name, title)


def _cell(value: object) -> str:
    if value is None:
        return "not finite"
    return number(value) if isinstance(value, (int, float)) else str(value)


def _looks(curves: list[Curve]) -> Looks:
    """The style of each name: references are grey, the others are styled like competitors in a report."""
    names = list(dict.fromkeys(curve.name for curve in curves))
    references = list(dict.fromkeys(curve.name for curve in curves if curve.style == "reference"))
    looks = {name: _REFERENCES[i % len(_REFERENCES)] for i, name in enumerate(references)}
    looks |= styles([name for name in names if name not in references])
    lines = {curve.name for curve in curves if curve.style != "dots"}
    bare = {curve.name for curve in curves if len(curve.x) > _FEW}
    marked = {curve.name for curve in curves if len(curve.x) <= _FEW}
    return {
        name: {
            **looks[name],
            **({} if name in lines else {"linestyle": ""}),
            **({"marker": ""} if name in bare - marked else {}),
        }
        for name in names
    }


def _fitted(look: Look, curve: Curve) -> Look:
    """The style of a name for one of its curves."""
    if curve.style == "dots":
        small = {"marker": ".", "markersize": 1.5} if len(curve.x) > _MANY else {}
        return {**look, "linestyle": "", **small}
    return {**look, "marker": "", "linewidth": look.get("linewidth", 1.2)} if len(curve.x) > _FEW else look


def _scales(axis: Axes, panel: Panel) -> None:
    if panel.log_x:
        log_if_wide(axis, "x", [x for curve in panel.curves for x in curve.x])
    if panel.log_y:
        log_if_wide(axis, "y", [y for curve in panel.curves for y in curve.y if y is not None])
