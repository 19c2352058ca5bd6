"""The blocks of a page: headings, texts, lists, tables, figures and notes, without markup, which renderers add."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Span:
    """An emphasised piece of a line, or a link to another page of the report (``target``, relative to its folder)."""

    text: str
    kind: Literal["strong", "emphasis", "code", "link"]
    target: str = ""


@dataclass(frozen=True)
class Source:
    """The keys and machines of the trials that a line's numbers come from; it is shown only if the reader asks."""

    trials: tuple[tuple[str, str], ...]


Line = tuple["str | Span | Source", ...]
"""Pieces of one text. Plain strings are shown as they are, whatever they contain."""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of the page."""

    level: int
    line: Line


@dataclass(frozen=True)
class Text:
    """One paragraph."""

    line: Line


@dataclass(frozen=True)
class Note:
    """One paragraph that the reader must know to judge the numbers."""

    line: Line


@dataclass(frozen=True)
class Bullets:
    """A bulleted list."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under headers; the first ``left`` columns are aligned left, the others right."""

    headers: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    left: int = 1


@dataclass(frozen=True)
class Figure:
    """A picture by the name of its files in ``figures/``, without suffix; a ``moving`` one also has a GIF."""

    name: str
    caption: Line
    moving: bool = False


Block = Heading | Text | Note | Bullets | Table | Figure


@dataclass(frozen=True)
class Page:
    """One page: its path within the report, without suffix, and its blocks."""

    path: str
    blocks: tuple[Block, ...]


def line(*pieces: "str | Span | Source | Line") -> Line:
    """One line from several pieces and lines."""
    found: list[str | Span | Source] = []
    for piece in pieces:
        found += piece if isinstance(piece, tuple) else [piece]
    return tuple(piece for piece in found if piece != "")


def spoken(pieces: Line) -> list[str | Span]:
    """The visible pieces of a line."""
    return [piece for piece in pieces if not isinstance(piece, Source)]


def code(text: object) -> Span:
    """Text to type, or a name from a study."""
    return Span(str(text), "code")


def strong(text: object) -> Span:
    """Text that must not be overlooked."""
    return Span(str(text), "strong")


def emphasis(text: object) -> Span:
    """Text of another kind than its neighbours."""
    return Span(str(text), "emphasis")


def link(text: object, target: str) -> Span:
    """A link to a page of the report."""
    return Span(str(text), "link", target)


def prose(text: str) -> Line:
    """One of our own sentences, with `names`, **warnings** and *terms* marked up. Never for text from elsewhere."""
    pieces = re.split(r"(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)", " ".join(text.split()))
    return line(*(_span(piece) if i % 2 else piece for i, piece in enumerate(pieces)))


def _span(piece: str) -> Span:
    if piece.startswith("`"):
        return code(piece[1:-1])
    return strong(piece[2:-2]) if piece.startswith("**") else emphasis(piece[1:-1])


def sourced(cells: Sequence["str | Line"], trials: object) -> list[Line]:
    """Cells with the trials that their numbers come from; unchanged if there are none (NaN from a merge)."""
    more = (Source(tuple(dict.fromkeys(trials))),) if isinstance(trials, tuple) and trials else ()
    return [line(cell, *more) for cell in cells]


def table(headers: Sequence[str], rows: Sequence[Sequence["str | Line"]], left: int = 1) -> Table:
    """A table from lines and plain texts."""
    return Table(tuple(map(line, headers)), tuple(tuple(map(line, row)) for row in rows), left)
