"""Names and messages with control characters reach no file of a report as they are."""

import re

import pytest

from benchbench.report.charts.page import bundle
from benchbench.report.page.blocks import Heading, Page
from benchbench.report.render import html
from benchbench.report.write import write_report

EVIL = "\x1b[2J\x07\x9b31m\u202etxt.exe\u2066\u200f"
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.long
@pytest.mark.drawn
def test_no_control_character_reaches_a_page_a_table_or_a_figure(stored, record):
    options = {"path": f"a{EVIL}"}
    made = [record(name, seed, options=options, task_options=options) for name in ("rnn", "gru") for seed in range(2)]
    made += [record("lstm", status="failed", message=f"boom {EVIL}", task_options=options)]
    made += [record("esn", environment={"gpu": EVIL, "os": EVIL}, task_options=options)]
    folder = write_report("toy", stored(made)).parent
    files = [file for file in folder.rglob("*") if file.suffix in {".md", ".csv", ".svg", ".html"}]
    assert {file.suffix for file in files} == {".md", ".csv", ".svg", ".html"}
    texts = {file.name: file.read_bytes().decode() for file in files}
    texts["report.html"] = texts["report.html"].replace(bundle(), "")
    assert [name for name, text in texts.items() if ACTS.search(text)] == []
    assert any(r"\u202etxt.exe" in text for name, text in texts.items() if name.endswith(".csv"))
    assert [file.name for file in folder.rglob("*") if ACTS.search(file.name)] == []


def test_no_control_character_reaches_the_html():
    assert not ACTS.search(html.render([Page("page", (Heading(1, (EVIL,)),))]))
