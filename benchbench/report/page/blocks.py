"""What a page is made of: headings, texts, lists, tables, figures and notes. No markup: a renderer adds its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Span:
    """A piece of a line that stands out, or leads to another page of the report (``target``, from its folder)."""

    text: str
    kind: Literal["strong", "emphasis", "code", "link"]
    target: str = ""


@dataclass(frozen=True)
class Source:
    """The trials that the numbers of a line come from, by key and machine: no text, but a reader may ask for it."""

    trials: tuple[tuple[str, str], ...]


Line = tuple["str | Span | Source", ...]
"""Pieces of one text. A plain string is foreign: whatever stands in it is shown as it is."""


@dataclass(frozen=True)
class Heading:
    """A title; level 1 is the page's own."""

    level: int
    line: Line


@dataclass(frozen=True)
class Text:
    """One paragraph."""

    line: Line


@dataclass(frozen=True)
class Note:
    """One paragraph that the reader has to know before believing the numbers."""

    line: Line


@dataclass(frozen=True)
class Bullets:
    """A list without numbers."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under headers, the first ``left`` columns to the left and the others to the right."""

    headers: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    left: int = 1


@dataclass(frozen=True)
class Figure:
    """A picture by the name of its files in ``figures/``, without ending; a ``moving`` one has a GIF too."""

    name: str
    caption: Line
    moving: bool = False


Block = Heading | Text | Note | Bullets | Table | Figure


@dataclass(frozen=True)
class Page:
    """One page: its path within the report, without ending, and its blocks."""

    path: str
    blocks: tuple[Block, ...]


def line(*pieces: "str | Span | Source | Line") -> Line:
    """Pieces put together."""
    found: list[str | Span | Source] = []
    for piece in pieces:
        found += piece if isinstance(piece, tuple) else [piece]
    return tuple(piece for piece in found if piece != "")


def spoken(pieces: Line) -> list[str | Span]:
    """What a reader sees of a line."""
    return [piece for piece in pieces if not isinstance(piece, Source)]


def code(text: object) -> Span:
    """Something to type, or a name that the reader will meet again."""
    return Span(str(text), "code")


def strong(text: object) -> Span:
    """What must not be overlooked."""
    return Span(str(text), "strong")


def emphasis(text: object) -> Span:
    """What is of another kind than its neighbours."""
    return Span(str(text), "emphasis")


def link(text: object, target: str) -> Span:
    """A way to a page of the report."""
    return Span(str(text), "link", target)


def prose(text: str) -> Line:
    """One of our own sentences, in which `names` **warnings** and *terms* stand out. Never for foreign text."""
    pieces = re.split(r"(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)", " ".join(text.split()))
    return line(*(_span(piece) if i % 2 else piece for i, piece in enumerate(pieces)))


def _span(piece: str) -> Span:
    if piece.startswith("`"):
        return code(piece[1:-1])
    return strong(piece[2:-2]) if piece.startswith("**") else emphasis(piece[1:-1])


def sourced(cells: Sequence["str | Line"], trials: object) -> list[Line]:
    """Cells that say which trials their numbers come from; as they are where there are none (NaN of a merge)."""
    more = (Source(tuple(dict.fromkeys(trials))),) if isinstance(trials, tuple) and trials else ()
    return [line(cell, *more) for cell in cells]


def table(headers: Sequence[str], rows: Sequence[Sequence["str | Line"]], left: int = 1) -> Table:
    """A table of lines; a plain text is a line of one piece."""
    return Table(tuple(map(line, headers)), tuple(tuple(map(line, row)) for row in rows), left)
