"""Turns the bytes of a text file into lines: decoded, without comments, and with the signs in quotes masked."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, short
from benchbench.signals.files.table import Form

SEPARATORS = (",", ";", "\t", "|", " ")  # a blank means any number of blanks
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, since it begins with UTF-16's mark
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MASKED = 0xE000  # signs in quotes become private characters from here on

Cells = NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines of a text from the first to the last that is not blank; ``first`` is the number of the first.

    Signs in quotes are replaced by private characters, so that no cell is cut there; ``quotes`` tells whether there are
    any. ``said`` is the separator that a first line such as ``sep=;`` names.
    """

    rows: list[str]
    first: int
    quotes: bool = False
    said: str | None = None

    @cached_property
    def signs(self) -> frozenset[str]:
        """The separators that occur within a line."""
        text = "\n".join(self.rows)
        found = {sign for sign in SEPARATORS if sign in text}
        return frozenset(found if re.search(r"\S +\S", text) else found - {" "})

    def head(self, count: int) -> "Lines":
        """Only the first ``count`` lines."""
        return replace(self, rows=self.rows[:count])

    def plain(self, cells: Cells) -> Cells:
        """Cells (row,) without their quotes, and with the signs that were masked in them."""
        if not self.quotes:
            return cells
        back = {_MASKED + code: chr(code) for code in range(128)}
        shown = np.empty_like(cells)
        shown[:] = [_unquoted(cell).translate(back) for cell in cells]
        return shown


def lines_of(content: bytes, form: Form) -> Lines:
    """The lines of a text file; InputError if it cannot be decoded or holds no values."""
    text = _decoded(content, form.encoding).replace("\r\n", "\n").replace("\r", "\n")
    quotes = '"' in text
    if quotes:
        text = _hidden(text, form)
    rows = text.split("\n")
    first = 1
    said = re.fullmatch(r'"?sep=(.)"?', rows[0].strip(" "))
    if said is not None:
        rows, first = rows[1:], 2
    numbers: Sequence[int] = range(first, first + len(rows))
    if form.comment is not None:  # a line with only a comment is not a row
        parts = zip(numbers, rows, (line.partition(form.comment)[0] for line in rows), strict=True)
        kept = [(number, text) for number, line, text in parts if text.strip() or not line.strip()]
        numbers, rows = [number for number, _ in kept], [text for _, text in kept]
    start = next((i for i, line in enumerate(rows) if line.strip()), len(rows))
    stop = next((i for i in range(len(rows), start, -1) if rows[i - 1].strip(" \t,;|")), start)
    if start == stop:
        raise InputError("it holds no values")
    return Lines(rows=rows[start:stop], first=numbers[start], quotes=quotes, said=said and said[1])


def _decoded(content: bytes, encoding: str | None) -> str:
    marked = next((name for mark, name in _BOMS if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or marked or "utf-8").removeprefix("\ufeff")
    except LookupError as error:
        raise InputError(f"encoding: {error}; known ones are utf-8, utf-16, latin-1 and cp1252") from None
    except UnicodeDecodeError as error:
        raise InputError(f'{error}; give the option encoding, such as "cp1252" or "latin-1"') from None
    if "\0" in text:
        raise InputError('it holds null characters, as UTF-16 does; give the option encoding, such as "utf-16-le"')
    if re.search(rf"[{chr(_MASKED)}-{chr(_MASKED + 127)}]", text):
        raise InputError("it holds characters for private use; give the right encoding with the option encoding")
    return text


def _hidden(text: str, form: Form) -> str:
    """A text with the signs in quoted cells replaced by private characters; a doubled quote counts as one."""
    own = re.escape(form.separator or "")
    quoted = re.compile(rf'(?:(?<=[,;\t| {own}])|^)"((?:[^"]|"")*)"(?=[,;\t| {own}]|$)', re.MULTILINE)
    hidden = {ord(sign): _MASKED + ord(sign) for sign in f',;\t| \n"{form.separator or ""}{form.comment or ""}'}
    return quoted.sub(lambda found: f'"{found[1].replace(2 * chr(34), chr(34)).translate(hidden)}"', text)


def _unquoted(cell: Any) -> str:
    inner = str(cell).strip()
    return inner[1:-1] if len(inner) > 1 and inner[0] == inner[-1] == '"' else str(cell)


def check_form(form: Form) -> None:
    """InputError for an impossible separator or comment sign."""
    for name, sign in (("separator", form.separator), ("comment", form.comment)):
        if sign is not None and (not sign or re.search(r'[\w+\-."\'\r\n\ufeff]', sign)):
            raise InputError(f"{name}: {short(sign)} can be part of numbers, names or quotes; choose another sign")
    if form.separator is not None and len(form.separator) != 1:
        raise InputError(f"separator: {short(form.separator)} must be a single character")
