"""The styles of ``report.figures.style`` for the browser: colours for light and dark pages, markers as paths."""

from collections.abc import Collection
from typing import Any

from benchbench.report.figures.style import styles

_SHAPES = {
    "o": "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z",
    "s": "M-.88,-.88L.88,-.88L.88,.88L-.88,.88Z",
    "^": "M0,-1L1,.86L-1,.86Z",
    "v": "M0,1L1,-.86L-1,-.86Z",
    "<": "M-1,0L.86,-1L.86,1Z",
    ">": "M1,0L-.86,-1L-.86,1Z",
    "D": "M0,-1.15L1.15,0L0,1.15L-1.15,0Z",
    "P": "M-.38,-1L.38,-1L.38,-.38L1,-.38L1,.38L.38,.38L.38,1L-.38,1L-.38,.38L-1,.38L-1,-.38L-.38,-.38Z",
    "X": "M0,-.5L.5,-1L1,-.5L.5,0L1,.5L.5,1L0,.5L-.5,1L-1,.5L-.5,0L-1,-.5L-.5,-1Z",
    "p": "M0,-1.05L1,-.32L.62,.85L-.62,.85L-1,-.32Z",
    "*": "M0,-1.2L.3,-.4L1.14,-.37L.48,.15L.7,.97L0,.5L-.7,.97L-.48,.15L-1.14,-.37L-.3,-.4Z",
    "x": "M0,-.28L.72,-1L1,-.72L.28,0L1,.72L.72,1L0,.28L-.72,1L-1,.72L-.28,0L-1,-.72L-.72,-1Z",
    "+": "M-.2,-1.1L.2,-1.1L.2,-.2L1.1,-.2L1.1,.2L.2,.2L.2,1.1L-.2,1.1L-.2,.2L-1.1,.2L-1.1,-.2L-.2,-.2Z",
    "1": "M0,1L-1,-.5L-.6,-.85L0,.15L.6,-.85L1,-.5Z",
    "2": "M0,-1L1,.5L.6,.85L0,-.15L-.6,.85L-1,.5Z",
}
_AT_NIGHT = {
    "#0072B2": "#4aa3df", "#D55E00": "#f08038", "#009E73": "#2fbf94", "#CC79A7": "#dd94bd", "#E69F00": "#efb23c",
    "#56B4E9": "#7cc8f2", "#8C6D1F": "#c4a24a", "black": "#f2f2f2", "#555555": "#b9bec4", "#999999": "#8f959b",
    "#777777": "#a5abb1", "#333333": "#d8dbde",
}  # fmt: skip


def looks(names: list[str], baselines: Collection[str]) -> list[dict[str, str]]:
    """Each competitor's colours, which are lighter on a dark page, and its marker as a path within ±1."""
    found = [(str(one["color"]), str(one["marker"])) for one in styles(names, baselines).values()]
    return [
        {"light": "#000000" if colour == "black" else colour, "dark": _AT_NIGHT[colour], "shape": _SHAPES[marker]}
        for colour, marker in found
    ]


def dashes(names: list[str], baselines: Collection[str]) -> list[list[float]]:
    """The dashes of each competitor's lines, in pixels."""
    return [_dash(one["linestyle"]) for one in styles(names, baselines).values()]


def _dash(style: Any) -> list[float]:
    return [1, 0] if style == "-" else [2.0 * float(part) for part in style[1]]
