"""Writes tables as LaTeX for a paper: a file for each, and a document with all of them. They need ``booktabs``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.text import printable
from benchbench.report.page.blocks import Heading, Line, Page, Span, Table, Text, spoken

ALL = "tables.tex"
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "–": "--", "…": r"\ldots{}", "†": r"\dag{}", "‡": r"\ddag{}", "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$",
    "²": r"\textsuperscript{2}", "µ": r"\textmu{}", "↑": r"$\uparrow$", "·": r"\textperiodcentered{}",
}  # fmt: skip
_MARKS = {"strong": r"\textbf{", "emphasis": r"\emph{", "code": r"\texttt{", "link": "{"}
_SIGN = re.compile("|".join(map(re.escape, _SPECIAL)))
_POWER = re.compile(r"(?<!\w)(?<!\w\.)(-?\d+(?:\.\d+)?)e([+-]?)0*(\d+)(?!\w|\.\w)")
_TERMS = {
    "rank group": "Medians over seeds, with the lowest and the highest in brackets; bold is better than every other, "
    "and the rank group of an architecture is 1 plus the number of architectures that are better than it.",
    "how sure": "How sure: the other architectures that the best median is tied with, or open against.",
    "effect": "Effects are ratios of geometric means, or differences of means, with intervals of the stated level; "
    "p is adjusted by Holm's procedure over all pairs of the same task, length and condition.",
}
"""Explanations of columns, for the captions of the tables that have them."""
_HEAD = r"""% needs \usepackage{booktabs} and \usepackage{textcomp}
"""
_DOCUMENT = r"""\documentclass[a4paper,landscape]{article}
\usepackage[margin=1.5cm]{geometry}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{booktabs}
\begin{document}
"""


@dataclass(frozen=True)
class _Place:
    """A table with its page, the headings above it and its caption."""

    page: str
    titles: tuple[Line, ...]
    caption: Line
    table: Table


def render(pages: Sequence[Page]) -> dict[str, str]:
    """The text of each file by its name; ``tables.tex`` is a complete document with all tables."""
    files: dict[str, str] = {}
    for place in _places(pages):
        name = _free(_name(place), files)
        files[f"{name}.tex"] = printable(_table(place, name))
    inputs = "".join(f"\\input{{{name}}}\n\\clearpage\n" for name in files)
    return {ALL: f"{_DOCUMENT}{inputs}\\end{{document}}\n", **files}


def _places(pages: Sequence[Page]) -> Iterator[_Place]:
    for page in pages:
        titles: list[tuple[int, Line]] = []
        caption: Line = ()
        for block in page.blocks:
            if isinstance(block, Heading):
                titles = [*((level, of) for level, of in titles if level < block.level), (block.level, block.line)]
            elif isinstance(block, Table) and block.rows:
                yield _Place(page.path, tuple(of for _, of in titles), caption, block)
            leads = isinstance(block, Text) and _plain(block.line).endswith(":")
            caption = block.line if isinstance(block, Text) and leads else ()


def _table(place: _Place, name: str) -> str:
    table = place.table
    columns = "".join("l" if i < table.left else "r" for i in range(len(table.headers)))
    heads = {_plain(head).partition(" (")[0] for head in table.headers}
    said = [", ".join(_line(title) for title in place.titles)]
    said += [_line(place.caption).rstrip(":")] if place.caption else []
    said += [_line((text,)).rstrip(".") for head, text in _TERMS.items() if head in heads]
    rows = [table.headers, *table.rows]
    top, *body = (" & ".join(_line(cell) for cell in row) + r" \\" for row in rows)
    lines = [
        r"\begin{table}", r"\centering", f"\\caption{{{'. '.join(said)}.}}", f"\\label{{tab:{name}}}",
        f"\\begin{{tabular}}{{{columns}}}", r"\toprule", top, r"\midrule", *body, r"\bottomrule", r"\end{tabular}",
        r"\end{table}",
    ]  # fmt: skip
    return _HEAD + "\n".join(lines) + "\n"


def _line(pieces: Line) -> str:
    return "".join(_piece(piece) for piece in spoken(pieces))


def _piece(piece: str | Span) -> str:
    if isinstance(piece, str):
        return escaped(piece)
    return f"{_MARKS[piece.kind]}{escaped(piece.text)}}}"


def escaped(text: str) -> str:
    """Text with LaTeX's special signs escaped, and with powers of ten and ranges as a paper writes them."""
    one = " ".join(text.split())
    one = f"{' ' * (text[:1].isspace())}{one}{' ' * (text[-1:].isspace() and bool(one))}"
    pieces, at = [], 0
    for found in _POWER.finditer(one):
        sign = "-" if found[2] == "-" else ""
        pieces += [_plainly(one[at : found.start()]), f"${found[1]}\\times10^{{{sign}{found[3]}}}$"]
        at = found.end()
    return "".join([*pieces, _plainly(one[at:])])


def _plainly(text: str) -> str:
    return _SIGN.sub(lambda found: _SPECIAL[found[0]], text).replace("..", "--")


def _name(place: _Place) -> str:
    """A file's name: the page, the headings below its title, and the first words of the caption."""
    words = [place.page.rpartition("/")[2], *map(_plain, place.titles[1:]), *_plain(place.caption).split()[:4]]
    found = re.sub(r"[^A-Za-z0-9]+", "-", " ".join(words)).strip("-").casefold()
    return found[:80].strip("-")


def _free(name: str, taken: dict[str, str]) -> str:
    """A file name that is not taken."""
    number = 1
    while (free := name if number == 1 else f"{name}-{number}") + ".tex" in {*taken, ALL}:
        number += 1
    return free


def _plain(pieces: Line) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in spoken(pieces))
