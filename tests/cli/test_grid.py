"""Tables for the terminal: at any width no word is broken, and nothing is lost."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchbench.cli import reproduce
from benchbench.cli.grid import show
from benchbench.core.pitfall import Pitfall
from benchbench.report.pitfalls import table
from benchbench.report.reproduce import COLUMNS, read_outcomes, row

RESULTS = Path(__file__).parents[2] / "results"
PITFALLS = sorted((RESULTS / "pitfalls" / "data").glob("*.json"))


def shown(columns, rows, width):
    file = StringIO()
    show(Console(file=file, width=width), columns, rows, title="A title")
    return file.getvalue()


def test_a_table_that_fits_has_its_columns_side_by_side():
    assert shown(["name", "value"], [["one", "1.5"], ["two words", "[2, 3]"]], 40).splitlines()[:5] == [
        "A title",
        "name       value ".rstrip().ljust(17),
        "─" * 17,
        "one        1.5".ljust(17),
        "two words  [2, 3]",
    ]


def test_a_cell_is_wrapped_between_words():
    lines = shown(["name", "value"], [["two words", "123456"]], 13).splitlines()
    assert [line.rstrip() for line in lines[3:5]] == ["two    123456", "words"]


def test_words_that_do_not_fit_side_by_side_are_listed_below_each_other():
    text = shown(["name", "value"], [["abcdefgh", "1234567"]], 16)
    assert text == "A title\nname: abcdefgh\n  value: 1234567\n\n"


@pytest.mark.parametrize("width", [80, 40])
def test_the_committed_claims_are_printed_whole(width):
    cells = [dict(zip(COLUMNS, row(outcome), strict=True)) for outcome in read_outcomes(RESULTS)]
    rows = [[one[column] for column in reproduce._SHOWN] for one in cells]
    assert kept(shown(reproduce._SHOWN, rows, width), rows, width)


@pytest.mark.parametrize("file", PITFALLS, ids=lambda file: file.stem)
@pytest.mark.parametrize("width", [80, 40])
def test_the_committed_pitfalls_are_printed_whole(file, width):
    columns, rows = table(Pitfall.model_validate_json(file.read_bytes()))
    assert kept(shown(columns, rows, width), [columns, *rows], width)


def kept(text, rows, width):
    """Whether no line is too long, and every word of the rows is whole."""
    words = set(text.replace(":", "").split())
    wanted = {word for one in rows for cell in one for word in cell.replace(":", "").split()}
    return max(map(len, text.splitlines())) <= width and wanted <= words
