"""Blocks as plain HTML: one page that needs nothing but its pictures."""

from html import escape
from posixpath import splitext

from benchbench.core.text import printable
from benchbench.report.page.blocks import Block, Bullets, Figure, Heading, Line, Note, Page, Span, Table, Text

_TAGS = {"strong": "strong", "emphasis": "em", "code": "code"}
_STYLE = (
    "body{font-family:sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
    "td,th{padding:.15rem .6rem;border-bottom:1px solid #ddd;text-align:right}.l{text-align:left}img{max-width:100%}"
    ".note{border-left:4px solid #e69f00;padding-left:.6rem}"
)


def render(page: Page) -> str:
    """The text of a page; links lead from its own folder."""
    up = "../" * page.path.count("/")
    title = next((_plain(block.line) for block in page.blocks if isinstance(block, Heading)), page.path)
    head = f'<meta charset="utf-8">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>'
    body = "\n".join(_block(block, up) for block in page.blocks)
    text = f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'
    return printable(text)


def _block(block: Block, up: str) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{_line(block.line, up)}</h{block.level}>"
        case Text():
            return f"<p>{_line(block.line, up)}</p>"
        case Note():
            return f'<p class="note">{_line(block.line, up)}</p>'
        case Bullets():
            return f"<ul>{''.join(f'<li>{_line(one, up)}</li>' for one in block.lines)}</ul>"
        case Table():
            return _table(block, up)
        case Figure():
            picture = f'<img src="{up}figures/{escape(block.name)}.svg" alt="{escape(block.name)}">'
            return f"<figure>{picture}<figcaption>{_line(block.caption, up)}</figcaption></figure>"


def _table(block: Table, up: str) -> str:
    head = _row(block.headers, "th", block.left, up)
    body = "".join(_row(row, "td", block.left, up) for row in block.rows)
    return f"<table>\n<thead>{head}</thead>\n<tbody>{body}</tbody>\n</table>"


def _row(cells: tuple[Line, ...], tag: str, left: int, up: str) -> str:
    sides = [' class="l"' if i < left else "" for i in range(len(cells))]
    found = (f"<{tag}{side}>{_line(cell, up)}</{tag}>" for cell, side in zip(cells, sides, strict=True))
    return f"<tr>{''.join(found)}</tr>\n"


def _line(pieces: Line, up: str) -> str:
    return "".join(_piece(piece, up) for piece in pieces)


def _piece(piece: str | Span, up: str) -> str:
    if isinstance(piece, str):
        return escape(piece)
    if piece.kind == "link":
        stem, ending = splitext(piece.target)
        return f'<a href="{up}{escape(stem)}{".html" if ending == ".md" else ending}">{escape(piece.text)}</a>'
    tag = _TAGS[piece.kind]
    return f"<{tag}>{escape(piece.text)}</{tag}>"


def _plain(pieces: Line) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in pieces)
