"""Prints a table without breaking words: in columns if they fit, or else with one line for each value."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from benchbench.core.text import printable

Cell = str | Text

_GAP = 2  # blanks between two columns: one is the divider of the box


def show(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str = "", *, spaced: bool = True
) -> None:
    """Print rows in columns or, if the words do not fit side by side, each row as a list of its values.

    ``spaced``: add an empty line.
    """
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = _widths(list(zip(map(Text, columns), *texts, strict=True)), console.width)
    if widths is None:
        _listed(console, columns, texts, title)
        return
    heads = [Column(name, width=width, overflow="fold") for name, width in zip(columns, widths, strict=True)]
    table = Table(*heads, box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    for row in texts:
        table.add_row(*row)
    if title:
        console.print(Text(title, style="bold"))
    console.print(table, highlight=False)
    if spaced:
        console.print()


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(printable(cell))


def _widths(columns: list[tuple[Text, ...]], room: int) -> list[int] | None:
    """A width for each column, at least that of its longest word; None if these do not fit into ``room``."""
    room -= _GAP * (len(columns) - 1)
    whole = [max(text.cell_len for text in column) for column in columns]
    widths = [max((len(word) for text in column for word in text.plain.split()), default=1) for column in columns]
    if sum(widths) > room:
        return None
    for _ in range(min(room, sum(whole)) - sum(widths)):
        widest = max(range(len(widths)), key=lambda i: whole[i] - widths[i])
        widths[widest] += 1
    return widths


def _listed(console: Console, columns: Sequence[str], rows: list[list[Text]], title: str) -> None:
    if title:
        console.print(Text(title, style="bold"))
    for row in rows:
        for i, (name, text) in enumerate(zip(columns, row, strict=True)):
            console.print(Text("  " * bool(i)) + Text(f"{name}: ") + text, highlight=False)
    console.print()
