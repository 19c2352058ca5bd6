"""Help at every width: nothing is cut off, no word is broken, and examples can be pasted."""

import os
import subprocess
import sys

import pytest
from pages import calls, parsed

from benchbench.cli.help import PROGRAM, VERBS, Help, examples

PAGES = [(), *((verb,) for verb in VERBS)]


PRINT = """
import sys
from benchbench.cli import main

for arguments in eval(sys.argv[1]):
    sys.argv = ["benchbench", *arguments, "--help"]
    try:
        main()
    except SystemExit:
        print(end="\\f")
"""


@pytest.fixture(scope="module")
def page():
    """The help of a verb in a terminal of 80 or 40 columns; a process for each width, since help is laid out once."""

    def printed(width):
        done = subprocess.run(
            [sys.executable, "-c", PRINT, repr(PAGES)],
            capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": str(width)},
        )  # fmt: skip
        return dict(zip(PAGES, done.stdout.split("\f"), strict=False))

    pages = {width: printed(width) for width in (80, 40)}
    return lambda arguments, width: pages[width][arguments]


def said(text):
    """The words, without the signs that examples need to be wrapped."""
    return sorted(word for word in text.split() if word not in {"#", "\\"})


@pytest.mark.parametrize("arguments", PAGES, ids=lambda arguments: " ".join(arguments) or "benchbench")
def test_help_fits_into_80_and_into_40_columns_without_a_word_cut_or_broken(page, arguments):
    wide, narrow = (page(arguments, width) for width in (80, 40))
    assert max(map(len, wide.splitlines())) <= 80
    assert max(map(len, narrow.splitlines())) <= 40
    assert said(narrow) == said(wide)
    assert "..." not in wide.replace("[ARGS]...", "").replace("[REPORT]...", "").replace("{FILE}...", "")
    assert "Examples" in wide


def test_every_verb_has_its_summary_in_the_list_of_commands(page):
    text = page((), 80)
    assert [verb for verb, one in VERBS.items() if f"{verb:<9}  {one.short}\n" not in text] == []


@pytest.mark.parametrize("one", [PROGRAM, *VERBS.values()], ids=["benchbench", *VERBS])
def test_every_example_can_be_pasted(one):
    found = [call for command, _ in one.examples for call in calls(command)]
    assert len(found) >= len([command for command, _ in one.examples if "benchbench" in command]) > 0
    for call in found:
        parsed(call)


def test_an_example_that_is_too_long_continues_after_a_backslash_and_no_option_loses_its_value():
    pairs = (("benchbench run mine.toml --plugin my_net.py", "your net"),)
    assert examples(pairs, 70) == "  benchbench run mine.toml --plugin my_net.py  # your net"
    assert examples(pairs, 36).splitlines() == [
        "  # your net",
        "  benchbench run mine.toml \\",
        "      --plugin my_net.py",
    ]


def test_the_page_of_a_verb_is_its_text_and_its_examples():
    one = Help(text="Do it.", examples=(("benchbench do", ""),))
    assert one.page(80) == "\b\nDo it.\n\n\b\nExamples:\n\n\b\n  benchbench do\n"


def test_help_imports_neither_torch_nor_numpy():
    code = "import sys, benchbench.cli; print(sorted({'torch', 'numpy', 'pydantic', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
