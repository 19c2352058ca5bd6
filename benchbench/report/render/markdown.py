"""Turns blocks into Markdown."""

import re
from html import escape

from tabulate import tabulate

from benchbench.core.text import printable
from benchbench.report.page.blocks import Block, Bullets, Figure, Heading, Line, Note, Page, Span, Table, Text, spoken

_MARKS = {"strong": "**{}**", "emphasis": "*{}*"}
_LONGEST = 10_000  # characters of a paragraph


def render(page: Page) -> str:
    """The text of a page; links are relative to its own folder."""
    up = "../" * page.path.count("/")
    return printable("\n\n".join(_block(block, up) for block in page.blocks) + "\n")


def _block(block: Block, up: str) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_line(block.line, up)}"
        case Text():
            return _line(block.line, up)
        case Note():
            return f"> {_line(block.line, up)}"
        case Bullets():
            return "\n".join(f"- {_line(one, up)}" for one in block.lines)
        case Table():
            headers = [_line(one, up) for one in block.headers]
            return markdown(headers, [[_line(cell, up) for cell in row] for row in block.rows], block.left)
        case Figure():
            stem = f"{up}figures/{block.name}"
            files = f"[SVG]({stem}.svg), [PDF]({stem}.pdf)"
            shown = "gif" if block.moving else "png"
            return f"![{block.name}]({stem}.{shown})\n\n*{_line(block.caption, up)}* {files}"


def _line(pieces: Line, up: str) -> str:
    return "".join(_piece(piece, up) for piece in spoken(pieces))


def _piece(piece: str | Span, up: str) -> str:
    if isinstance(piece, str):
        ends = [" " * (piece != side) for side in (piece.lstrip(), piece.rstrip())]
        return f"{ends[0]}{words(piece, _LONGEST)}{ends[1]}" if piece.strip() else " "
    if piece.kind == "code":
        return f"`{' '.join(piece.text.replace('`', chr(39)).split())}`"
    if piece.kind == "link":
        return f"[{words(piece.text)}]({up}{piece.target})"
    return _MARKS[piece.kind].format(words(piece.text, _LONGEST))


def markdown(headers: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A table of texts; the first ``left`` columns are aligned left, the others right."""
    align = ["left" if i < left else "right" for i in range(len(headers))] if rows else None
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True, colalign=align)


def words(text: object, most: int = 300) -> str:
    """Any text on one line of Markdown, with at most ``most`` characters and all markup escaped."""
    line = " ".join(str(text).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return re.sub(r"([\\`*\[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", escape(line, quote=False))
