"""The charts of the page in Altair; the browser adds the rows, titles, scales and the competitors' styles.

Every chart has the parameter ``chosen``: the competitor that the reader has selected; the others are then pale.
"""

from functools import cache
from typing import Any, Literal

import altair as alt

_CHOSEN = "chosen === '' || datum.name === chosen"
_TIP = [alt.Tooltip("name:N", title="competitor"), alt.Tooltip("said:N", title="score")]
_COST = alt.Tooltip("cost:N", title="cost")
_SEEDS = alt.Tooltip("seeds:N", title="seeds")
_RANGE: dict[str, Any] = {"strokeWidth": 1.6}
_GREY = "#9a9a9a"

_COLOUR = alt.Color("name:N", legend=None)
_SHAPE = alt.Shape("name:N", legend=None)
_DASH = alt.StrokeDash("name:N", legend=None)
_OPACITY = alt.condition(_CHOSEN, alt.value(1.0), alt.value(0.18))
_FAINT = alt.condition(_CHOSEN, alt.value(0.16), alt.value(0.03))

Spec = dict[str, Any]


@cache
def specs() -> dict[str, Spec]:
    """The charts by name."""
    return {
        "cost": _cost(),
        "length": _length(),
        "ladder": _length(),
        "curves": _curves(),
        "now": _now(),
        "predictions": _series(),
        "dots": _dots(),
        "runs": _series(valid=True),
    }


def _x(scale: Literal["log", "linear"] = "log", field: str = "x", **more: Any) -> alt.X:
    return alt.X(f"{field}:Q", title="x", scale=alt.Scale(type=scale, zero=False, nice=False, padding=12), **more)


def _y(field: str = "y") -> alt.Y:
    return alt.Y(f"{field}:Q", title="y", scale=alt.Scale(type="log", zero=False, nice=False, padding=12))


def _rows(name: str = "rows") -> alt.Chart:
    return alt.Chart(alt.NamedData(name=name))


def _finished(*layers: alt.Chart, height: int = 300) -> Spec:
    chart = alt.layer(*layers).properties(width="container", height=height)
    chart = chart.add_params(alt.param(name="chosen", value=""))
    spec: Spec = chart.to_dict()
    spec.pop("config", None)
    return spec


def _cost() -> Spec:
    """Score against cost: bars from the lowest to the highest seed in both directions, the frontier, and the floor."""
    front = _rows("front").mark_line(interpolate="step-after", strokeWidth=5, opacity=0.35, color=_GREY)
    points = _rows()
    return _finished(
        _rows("floor").mark_rule(strokeDash=[2, 3], color=_GREY).encode(y=_y()),
        front.encode(x=_x(), y=_y(), order="x:Q"),
        points.mark_rule(**_RANGE).encode(x=_x(), y=_y("low"), y2="high:Q", color=_COLOUR, opacity=_OPACITY),
        points.mark_rule(**_RANGE).encode(x=_x(field="xlow"), x2="xhigh:Q", y=_y(), color=_COLOUR, opacity=_OPACITY),
        points.mark_point(filled=True, size=110, stroke=None, cursor="pointer").encode(
            x=_x(), y=_y(), color=_COLOUR, shape=_SHAPE, opacity=_OPACITY, tooltip=[*_TIP, _COST, _SEEDS]
        ),
        height=270,
    )


def _length() -> Spec:
    """Score against length or rung: a line for each competitor, and a vertical line at the chosen place."""
    points = _rows()
    return _finished(
        _rows("here").mark_rule(color=_GREY, strokeDash=[2, 3]).encode(x=_x()),
        points.mark_line(strokeWidth=1.8).encode(x=_x(), y=_y(), color=_COLOUR, strokeDash=_DASH, opacity=_OPACITY),
        points.mark_rule(**_RANGE).encode(x=_x(), y=_y("low"), y2="high:Q", color=_COLOUR, opacity=_OPACITY),
        points.mark_point(filled=True, size=70, stroke=None, cursor="pointer").encode(
            x=_x(), y=_y(), color=_COLOUR, shape=_SHAPE, opacity=_OPACITY, tooltip=[*_TIP, _SEEDS]
        ),
        height=280,
    )


def _curves() -> Spec:
    """Loss on validation along the budget: median, band from lowest to highest seed, vertical line at the slider."""
    lines = _rows()
    return _finished(
        lines.mark_area(cursor="pointer").encode(
            x=_x("linear"), y=_y("low"), y2="high:Q", color=_COLOUR, opacity=_FAINT
        ),
        lines.mark_line(strokeWidth=2, cursor="pointer").encode(
            x=_x("linear"), y=_y(), color=_COLOUR, strokeDash=_DASH, opacity=_OPACITY, tooltip=_TIP
        ),
        _rows("now").mark_rule(color=_GREY, strokeWidth=1.5).encode(x=_x("linear")),
        height=280,
    )


def _now() -> Spec:
    """The loss at one point of the budget, one row for each competitor: median, and bar from lowest to highest seed."""
    rows = _rows()
    row = alt.Y("name:N", title=None, axis=alt.Axis(grid=False))
    return _finished(
        rows.mark_rule(strokeWidth=2.4).encode(x=_x(field="low"), x2="high:Q", y=row, color=_COLOUR, opacity=_OPACITY),
        rows.mark_point(filled=True, size=110, stroke=None, cursor="pointer").encode(
            x=_x(field="y"), y=row, color=_COLOUR, shape=_SHAPE, opacity=_OPACITY, tooltip=_TIP
        ),
        height=280,
    )


def _series(*, valid: bool = False) -> Spec:
    """A competitor's series over the true one, and the time at which a free run stops being valid."""
    y = alt.Y("y:Q", title="y", scale=alt.Scale(zero=False))
    layers = [
        _rows("true").mark_line(color=_GREY, strokeWidth=3.5, opacity=0.55).encode(x=_x("linear"), y=y),
        _rows().mark_line(strokeWidth=1.6, clip=True).encode(x=_x("linear"), y=y, color=_COLOUR),
    ]
    if valid:
        layers.append(_rows("valid").mark_rule(color=_GREY, strokeWidth=1.5, strokeDash=[4, 3]).encode(x=_x("linear")))
    return _finished(*layers, height=220)


def _dots() -> Spec:
    """The predicted classes of one competitor over the true ones."""
    y = alt.Y("y:N", title="y", sort="descending")
    true = _rows("true").mark_point(shape="square", size=90, color=_GREY, opacity=0.7, strokeWidth=1.5)
    made = _rows().mark_point(filled=True, size=40, stroke=None)
    return _finished(true.encode(x=_x("linear"), y=y), made.encode(x=_x("linear"), y=y, color=_COLOUR), height=220)
