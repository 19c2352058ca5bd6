"""Pitfall: what goes wrong in the field, shown with figures; pure data, frozen."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from benchbench.core.spec import Frozen, Name

Row = dict[str, Any]  # column -> text, number, or None for a number that left the finite ones
Style = Literal["line", "dots", "reference"]


class Curve(Frozen):
    """Named points (``x``, ``y``); a reference is what the others are held against. None breaks a line."""

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    style: Style = "line"

    @model_validator(mode="after")
    def _same_length(self) -> "Curve":
        if len(self.x) != len(self.y):
            raise ValueError(f"{self.name}: {len(self.x)} x, but {len(self.y)} y")
        return self


class Panel(Frozen):
    """Axes with curves; a label says its unit in brackets."""

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
            raise ValueError(f"{self.name}: the rows differ in their columns")
        return self


def curve(name: str, x: Iterable[float], y: Iterable[float], style: Style = "line") -> Curve:
    """A curve of any numbers, six digits of each; what is not finite becomes None."""
    heights = tuple(finite(value) for value in y)
    return Curve(name=name, x=tuple(float(f"{value:.6g}") for value in x), y=heights, style=style)


def finite(value: Any, digits: int = 6) -> float | None:
    """A number of so many digits, None where it is not finite."""
    rounded = float(f"{value:.{digits}g}")
    return rounded if abs(rounded) < float("inf") else None
