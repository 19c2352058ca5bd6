"""Prints the blocks of a page: with bold headings and tables that fit on a terminal, as plain lines into a pipe."""

import textwrap
from collections.abc import Iterable

from rich.text import Text as Styled

from benchbench.cli import console, grid
from benchbench.core.text import printable
from benchbench.report.page.blocks import Block, Bullets, Figure, Heading, Line, Note, Table, Text, spoken

_STYLES = {"strong": "bold", "emphasis": "italic", "code": "cyan", "link": ""}


def show_blocks(blocks: Iterable[Block]) -> None:
    """Print blocks, one below the other."""
    for block in blocks:
        _show(block)


def _show(block: Block) -> None:
    match block:
        case Heading():
            console.out.print(*([] if block.level == 1 else ["\n"]), Styled(plain(block.line), style="bold"), sep="")
        case Text():
            _paragraph(block.line)
        case Note():
            _paragraph(("! ", *block.line))
        case Bullets():
            for one in block.lines:
                _paragraph(("- ", *one))
        case Table():
            heads = [plain(one) for one in block.headers]
            grid.show(console.out, heads, [[_styled(cell) for cell in row] for row in block.rows], spaced=False)
        case Figure():
            _paragraph((*block.caption, ": ", block.name))


def _paragraph(pieces: Line) -> None:
    """Print a paragraph: wrapped between words on a terminal, on one line into a pipe or if it holds a command."""
    typed = any(not isinstance(piece, str) and piece.kind == "code" for piece in spoken(pieces))
    if typed or not console.out.is_terminal:
        console.out.print(_styled(pieces), soft_wrap=True, highlight=False)
        return
    text = textwrap.fill(plain(pieces), console.out.width, break_long_words=False, break_on_hyphens=False)
    console.out.print(Styled(text), soft_wrap=True)


def plain(pieces: Line) -> str:
    """The text of a line, without characters that control a terminal."""
    return printable("".join(piece if isinstance(piece, str) else piece.text for piece in spoken(pieces)))


def _styled(pieces: Line) -> Styled:
    found = Styled()
    for piece in spoken(pieces):
        text, style = (piece, "") if isinstance(piece, str) else (piece.text, _STYLES[piece.kind])
        found.append(printable(text), style=style)
    return found
