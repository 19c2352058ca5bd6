"""Turns blocks into one HTML file that needs no other file: it contains its script, its charts and its pictures."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import pairwise
from posixpath import splitext
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from benchbench.core.text import printable
from benchbench.report.page.blocks import (
    Block,
    Bullets,
    Figure,
    Heading,
    Line,
    Note,
    Page,
    Source,
    Span,
    Table,
    Text,
    spoken,
)
from benchbench.report.render.sources import TrialSets

_FORMS = {
    "strong": Markup("<strong>{}</strong>"),
    "emphasis": Markup("<em>{}</em>"),
    "code": Markup("<code>{}</code>"),
}
_DRAWN = {
    "score_by_length", "scores", "score_by_time", "time_by_length", "memory_by_length", "learning_curves",
    "predictions", "free_runs", "score_by_budget",
}  # fmt: skip
"""The figures that the charts replace."""
_HEAD = Markup('<th scope="col"{}>{}</th>')
_TABLE = Markup(
    '<div class="scroll" role="region" aria-label="{}" tabindex="0">\n<table>{}<thead><tr>{}</tr></thead>\n'
    "<tbody>{}</tbody></table>\n</div>"
)
_LINKED = Markup('<figure class="picture"><figcaption>{} <a href="{}">{}</a></figcaption></figure>')
_PICTURE = Markup(
    '<figure class="picture"><img src="data:image/{};base64,{}" alt="{}"><figcaption>{}</figcaption></figure>'
)
_SPREAD = "Medians over seeds; bars run from the lowest to the highest."
_COST = "No competitor is both cheaper and better than one on the grey line; a dotted line is the best possible score."
CHARTS = {
    "cost": ("Score against cost", f"{_SPREAD} {_COST}"),
    "curves": ("Learning curves", "Loss on validation: median over seeds, and a band from the lowest to the highest."),
    "now": ("Loss at this point of the budget", ""),
    "ladder": ("Score along the ladder", f"Each rung is a separate fit. {_SPREAD}"),
    "length": ("Score against length", _SPREAD),
    "growth": ("Cost against length", _SPREAD),
    "predictions": ("Predictions", ""),
    "runs": ("Free run", ""),
}
_WIDE = ("predictions", "runs")
_EMBEDDED = 2_400_000  # bytes of embedded pictures, as base64; further pictures are linked
_POWER = re.compile(r"-?\d[\d.]*e-\d+")
_RANGE = re.compile(r"(?<=[\d>])\.\.(?=[-\d<])")
_IDS = ("main", "in-short", "explore", "data", "source", "filter", "theme", "at", "spent", "rung", "rung-at")
_SHORT, _TASKS = "In short", "Tasks"
_ROOM = 1000  # letters that fit next to the first chart
_LONG = 40  # a column with a cell of more letters is made wide


@dataclass(frozen=True, kw_only=True)
class Extras:
    """The parts of the page other than blocks: rows and charts to explore, pictures, and the libraries that draw.

    ``picture`` returns the bytes of a file in ``figures/``.
    """

    data: dict[str, Any] = field(default_factory=dict)
    trials: Callable[[tuple[str, str]], list[Any]] | None = None
    picture: Callable[[str], bytes] | None = None
    bundle: str = ""
    facts: str = ""


def render(pages: Sequence[Page], extras: Extras | None = None) -> str:
    """The text of a single file with all pages; the first page is the front page."""
    return _Writer(pages, extras or Extras()).text()


class _Writer:
    def __init__(self, pages: Sequence[Page], extras: Extras) -> None:
        self._pages, self._extras = pages, extras
        self._trial_sets, self._left, self._taken = TrialSets(extras.trials), _EMBEDDED, set(_IDS)
        self._ids = {page.path: self._free(_slug(page.path)) for page in pages}

    def text(self) -> str:
        front, *others = self._pages
        titles = [block for block in front.blocks if isinstance(block, Heading) and block.level == 1]
        heading = _plain(titles[0].line) if titles else front.path
        parts = _sections([block for block in front.blocks if block not in titles[:1]], 2)
        first, parts = (parts[0][1], parts[1:]) if parts and parts[0][0] == "" else ([], parts)
        words, table, further, more = _shortened(dict(parts).get(_SHORT, []))
        sections = list(self._written([part for part in parts if part[0] != _SHORT], others))
        shown = {
            "heading": printable(heading), "title": printable(heading), "facts": printable(self._extras.facts),
            "first": self._blocks(first), "short": self._blocks(words), "table": self._blocks(table),
            "further": self._blocks(further), "more": self._blocks(more), "sections": sections,
            "charts": [name for name in CHARTS if name != "cost"], "titles": CHARTS, "wide": _WIDE,
            "nav": self._nav(sections), "bundle": _ours(self._extras.bundle), "data": self._data(),
            **{name: _file(file) for name, file in _FILES.items()},
        }  # fmt: skip
        environment = Environment(
            autoescape=True, loader=PackageLoader("benchbench.report", "render"), trim_blocks=True
        )
        return environment.get_template("page.html.j2").render(shown).rstrip() + "\n"

    def _nav(self, sections: list[dict[str, Any]]) -> list[dict[str, str]]:
        explore = [{"id": "explore", "title": "Explore"}] if self._extras.data else []
        return [{"id": "in-short", "title": _SHORT}, *explore, *sections]

    def _data(self) -> Markup:
        """Rows, charts and trials as JSON, escaped so that no text in it can end the script around it."""
        if not self._extras.data:
            return Markup("")
        text = json.dumps(
            _clean(self._extras.data | self._trial_sets.table()), ensure_ascii=False, separators=(",", ":")
        )
        for sign in "<>&":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return _ours(text)

    def _written(self, parts: list[tuple[str, list[Block]]], others: Sequence[Page]) -> Iterator[dict[str, Any]]:
        """The sections of the front page, with the pages of the tasks in one of them, and then the other pages."""
        tasks = [page for page in others if page.path.startswith("tasks/")]
        rest = [page for page in others if page not in tasks]
        written = {page.path: {"id": self._ids[page.path], **self._page(page)} for page in others}
        for title, blocks in parts:
            pages = [written[page.path] for page in tasks] if title == _TASKS else []
            body = Markup("") if title == _TASKS and pages else self._blocks(blocks)
            if body or pages:
                yield {"id": self._free(_slug(title)), "title": printable(title), "body": body, "pages": pages}
        left = rest if any(title == _TASKS for title, _ in parts) else others
        if left:
            pages = [written[page.path] for page in left]
            yield {"id": self._free("further-pages"), "title": "Further pages", "body": Markup(""), "pages": pages}

    def _page(self, page: Page) -> dict[str, Any]:
        title = next((_plain(one.line) for one in page.blocks if isinstance(one, Heading)), page.path)
        front = next((_plain(one.line) for one in self._pages[0].blocks if isinstance(one, Heading)), "")
        blocks = [one for one in page.blocks if not (isinstance(one, Heading) and one.level == 1)]
        body = self._blocks([one for one in blocks if not _back(one)], deeper=2)
        return {"title": printable(title.removeprefix(f"{front}: ")), "body": body}

    def _blocks(self, blocks: Sequence[Block], *, deeper: int = 0) -> Markup:
        found: list[Markup] = []
        shown = _without_empty([one for one in blocks if not _replaced(one, drawn=bool(self._extras.data))])
        for before, block, after in zip([None, *shown], shown, [*shown[1:], None], strict=False):
            if isinstance(after, Table) and _ends_in_colon(block):
                continue  # it is the caption of the table
            caption = before.line if isinstance(before, Text) and _ends_in_colon(before) else ()
            found.append(self._block(block, caption, deeper))
        return Markup("\n").join(found)

    def _block(self, block: Block, caption: Line, deeper: int) -> Markup:
        match block:
            case Heading():
                tag = f"h{min(6, block.level + deeper)}"
                return Markup("<{}>{}</{}>").format(tag, self._line(block.line), tag)
            case Text():
                return Markup("<p>{}</p>").format(self._line(block.line))
            case Note():
                return Markup('<p class="note">{}</p>').format(self._line(block.line))
            case Bullets():
                items = Markup("").join(Markup("<li>{}</li>").format(self._line(one)) for one in block.lines)
                return Markup("<ul>{}</ul>").format(items)
            case Table():
                return self._table(block, caption)
            case Figure():
                return self._picture(block)

    def _table(self, block: Table, caption: Line) -> Markup:
        wide = [max((len(_plain(row[i])) for row in block.rows), default=0) > _LONG for i in range(len(block.headers))]
        sides = ["l t" if wide[i] else "l" if i < block.left else "" for i in range(len(block.headers))]
        head = Markup("").join(
            _HEAD.format(_class(side), self._line(cell)) for cell, side in zip(block.headers, sides, strict=True)
        )
        above: list[Line] = [()]
        for row in block.rows:
            above.append(row[0] or above[-1])
        body = Markup("").join(self._row(row, sides, same) for row, same in zip(block.rows, above[:-1], strict=True))
        title = Markup("<caption>{}</caption>").format(self._line(caption)) if caption else Markup("")
        label = _plain(caption).rstrip(":") or "Table"
        return _TABLE.format(printable(label), title, head, body)

    def _row(self, row: tuple[Line, ...], sides: list[str], same: Line) -> Markup:
        """A row; an empty first cell repeats the one above it, for screen readers."""
        cells = []
        for i, (cell, side) in enumerate(zip(row, sides, strict=True)):
            if i == 0:
                repeated = not cell and bool(same)
                form = Markup('<th scope="row"{}>{}</th>')
                where = _class(f"{side} same".strip() if repeated else side)
                cells.append(form.format(where, self._line(same if repeated else cell)))
            else:
                number = self._trial_sets.number([one for one in cell if isinstance(one, Source)])
                where = Markup("") if number is None else Markup(' data-s="{}"').format(number)
                cells.append(Markup("<td{}{}>{}</td>").format(_class(side), where, self._line(cell)))
        return Markup("<tr>{}</tr>\n").format(Markup("").join(cells))

    def _picture(self, block: Figure) -> Markup:
        """An embedded picture while there is room for it, or else a link to its file."""
        file = f"{block.name}.{'gif' if block.moving else 'png'}"
        caption, path = self._line(block.caption), f"figures/{file}"
        coded = b64encode(self._extras.picture(file)).decode() if self._extras.picture else ""
        if len(coded) > self._left or not self._extras.picture:
            return _LINKED.format(caption, path, path)
        self._left -= len(coded)
        return _PICTURE.format(file[-3:], coded, printable(_plain(block.caption)), caption)

    def _line(self, pieces: Line) -> Markup:
        return Markup("").join(self._piece(piece) for piece in spoken(pieces))

    def _piece(self, piece: str | Span) -> Markup:
        if isinstance(piece, str):
            return _unbroken(piece)
        text = _unbroken(piece.text)
        if piece.kind == "link":
            return Markup('<a href="#{}">{}</a>').format(self._ids.get(splitext(piece.target)[0], "main"), text)
        return _FORMS[piece.kind].format(text)

    def _free(self, name: str) -> str:
        """An id that no other element of the page has."""
        while name in self._taken:
            name = f"{name}-more"
        self._taken.add(name)
        return name


_FILES = {"css": "page.css", "theme": "theme.js", "script": "page.js"}


def _file(name: str) -> Markup:
    return _ours(files("benchbench.report.render").joinpath(name).read_text(encoding="utf-8"))


def _ours(text: str) -> Markup:
    """Markup that is not escaped: our own files, and text that is escaped already."""
    return Markup(text)  # noqa: S704 - never a user's text


def _sections(blocks: Sequence[Block], level: int) -> list[tuple[str, list[Block]]]:
    """Blocks grouped by the headings of one level; blocks before the first heading have the title ""."""
    found: list[tuple[str, list[Block]]] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == level:
            found.append((_plain(block.line), []))
        else:
            found = found or [("", [])]
            found[-1][1].append(block)
    return found


def _shortened(blocks: list[Block]) -> tuple[list[Block], list[Block], list[Block], list[Block]]:
    """The answer in four parts: texts that fit next to a chart, the first table, the rest up to a heading, the rest."""
    at = next((i for i, one in enumerate(blocks) if isinstance(one, Table)), len(blocks))
    start = at - 1 if at and at < len(blocks) and _ends_in_colon(blocks[at - 1]) else at
    start -= start > 0 and start < at and isinstance(blocks[start - 1], Heading)  # the title of the table
    shown, rest = blocks[start : at + 1], blocks[:start] + blocks[at + 1 :]
    fit, room = 0, _ROOM
    while fit < len(rest) and not isinstance(rest[fit], Table) and (room := room - _size(rest[fit])) >= 0:
        fit += 1
    while fit and (isinstance(rest[fit - 1], Heading) or _ends_in_colon(rest[fit - 1])):
        fit -= 1
    words, rest = rest[:fit], rest[fit:]
    titles = [one for one in words[start:] if isinstance(one, Heading)]  # the last one also applies to the rest
    rest = [*(titles[-1:] if rest and not isinstance(rest[0], Heading) else []), *rest]
    end = next((i for i, one in enumerate(rest) if isinstance(one, Heading)), len(rest))
    return words, shown, rest[:end], rest[end:]


def _size(block: Block) -> int:
    """About how much room a block takes, in letters."""
    match block:
        case Heading():
            return 100
        case Text() | Note():
            return len(_plain(block.line)) + 50
        case Bullets():
            return sum(len(_plain(one)) + 50 for one in block.lines)
    return 0


def _ends_in_colon(block: Block | None) -> bool:
    """Whether a paragraph ends in a colon, as the caption of a table does."""
    return isinstance(block, Text) and _plain(block.line).endswith(":")


def _replaced(block: Block, *, drawn: bool) -> bool:
    return drawn and isinstance(block, Figure) and block.name.partition("-")[0] in _DRAWN


def _back(block: Block) -> bool:
    """Whether a paragraph links to the front page, which is in the same file here."""
    return isinstance(block, Text) and any(
        isinstance(one, Span) and one.kind == "link" and one.target == "report.md" for one in block.line
    )


def _without_empty(blocks: list[Block]) -> list[Block]:
    """Blocks without the headings that have nothing below them."""
    kept: list[Block] = []
    for block, after in [*pairwise(blocks), *([(blocks[-1], None)] if blocks else [])]:
        if isinstance(block, Heading) and (
            after is None or (isinstance(after, Heading) and after.level <= block.level)
        ):
            continue
        kept.append(block)
    return kept


def _clean(value: Any) -> Any:
    """Data whose texts have no control characters."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(of) for key, of in value.items()}
    return [_clean(of) for of in value] if isinstance(value, list | tuple) else value


def _unbroken(text: str) -> Markup:
    """Escaped text in which powers of ten do not break at their minus sign, and ranges may break after their dots."""
    whole = _POWER.sub(r'<span class="n">\g<0></span>', str(escape(printable(text))))
    return _ours(_RANGE.sub("..<wbr>", whole))


def _class(name: str) -> Markup:
    return Markup(' class="{}"').format(name) if name else Markup("")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "page"


def _plain(pieces: Line) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in spoken(pieces))
