"""Pitfall: a common mistake in the field, shown with a table and a figure; pure data, frozen."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from benchbench.core.spec import Frozen, Name

Row = dict[str, Any]  # column -> text, number, or None for a number that is not finite
Style = Literal["line", "dots", "reference"]


class Curve(Frozen):
    """A named curve through points ``x`` and ``y``, both (n,).

    A ``style`` of "reference" marks the curve that the others are compared with. A ``y`` of None breaks the line.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    style: Style = "line"

    @model_validator(mode="after")
    def _same_length(self) -> "Curve":
        if len(self.x) != len(self.y):
            raise ValueError(f"{self.name}: {len(self.x)} values of x, but {len(self.y)} of y; there must be as many")
        return self


class Panel(Frozen):
    """A pair of axes with curves; a label gives its unit in brackets."""

    title: str
    x_label: str
    y_label: str
    curves: Annotated[tuple[Curve, ...], Field(min_length=1)]
    log_x: bool = False
    log_y: bool = False


class Pitfall(Frozen):
    """One mistake: a ``sentence`` with the lesson, the ``rows`` of its table, and the ``panels`` of its figure."""

    name: Name
    title: str
    sentence: str
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    panels: Annotated[tuple[Panel, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_table(self) -> "Pitfall":
        if len({tuple(row) for row in self.rows}) > 1:
            raise ValueError(f"{self.name}: the rows differ in their columns; every row needs the same ones")
        return self


def curve(name: str, x: Iterable[float], y: Iterable[float], style: Style = "line") -> Curve:
    """A curve through the points x and y, both (n,), rounded to six digits; a y that is not finite becomes None."""
    heights = tuple(finite(value) for value in y)
    return Curve(name=name, x=tuple(float(f"{value:.6g}") for value in x), y=heights, style=style)


def finite(value: Any, digits: int = 6) -> float | None:
    """A number rounded to significant ``digits``; None where it is not finite."""
    rounded = float(f"{value:.{digits}g}")
    return rounded if abs(rounded) < float("inf") else None
