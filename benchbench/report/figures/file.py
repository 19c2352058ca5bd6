"""Writes one figure into a file of the user's choice."""

from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text

from benchbench.core.errors import InputError, unknown
from benchbench.core.text import printable
from benchbench.report.figures.style import DPI, settings

_NOTHING: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""The kinds of file, and the metadata that are left out so that equal figures are equal bytes."""


def require_kind(file: Path, option: str) -> Path:
    """Return the file; InputError unless it has the suffix of a figure and its folder exists."""
    if file.suffix.lower() not in _NOTHING:
        raise unknown("kind of figure", file.suffix, _NOTHING, where=f"{option} {file}")
    if not file.resolve().parent.is_dir():
        raise InputError(f"{option} {file}: there is no folder {file.parent}; make it first, or name another")
    return file


def rendered(figure: Figure, file: Path) -> bytes:
    """The bytes of a figure, of the kind that the file's suffix names."""
    for text in figure.findobj(Text):
        text.set_text(printable(text.get_text()))
    stream, kind = BytesIO(), file.suffix.lower()
    with settings():
        figure.savefig(stream, format=kind[1:], dpi=DPI, metadata=_NOTHING[kind])
    return stream.getvalue()
