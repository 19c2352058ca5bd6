"""The defaults and the numbers in the text of the pages in docs/ are those of the code and of the committed results."""

import ast
import re
from functools import cache
from itertools import pairwise

import pytest
from pages import PAGES, ROOT

from benchbench.core import registry
from benchbench.core.spec import Budget
from benchbench.core.study import Study
from benchbench.core.tuning import Tuning
from benchbench.signals.heartbeats import NOISE, SHARE
from benchbench.signals.records import TEST

ROW = re.compile(r"^\| (`[^|]*?) \| ([^|]*?) \|", flags=re.MULTILINE)
HEAD = re.compile(r"^(?:## .*|\*\*`.*)$", flags=re.MULTILINE)


_WITHOUT = {"premature": SHARE, "noise": NOISE, "test_records": tuple(map(int, TEST))}
"""What holds where an option is None, which is the default of options that only some data have."""


@cache
def plugins():
    return registry.load().plugins


def sections(page):
    """The parts of a page that begin with a heading or with architectures in bold, and the names in that first line."""
    starts = [*(one.start() for one in HEAD.finditer(page)), len(page)]
    for start, end in pairwise(starts):
        text = page[start:end]
        yield set(re.findall(r"`(\w+)`", text.splitlines()[0])), text


def literal(cell):
    """The value in a cell; None where it is said in words."""
    text = {"true": "True", "false": "False"}.get(cell, cell).strip("`").replace("/", " / ")
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def plain(value):
    """A value in which sequences are lists and the names of records, which a page shows as numbers, are texts."""
    return [str(one) for one in value] if isinstance(value, tuple | list) else value


def stated(kind):
    """The defaults that a page states as values: name, option, the value on the page, and the default in the code."""
    for names, text in sections(PAGES[f"{kind}s.md"]):
        for options, cell in ROW.findall(text):
            named = re.findall(r"`(\w+)`", options.partition("(")[0])
            only = set(re.findall(r"`(\w+)`", options.partition("(")[2]))
            values = cell.split(", ") if len(named) > 1 else [cell]
            if len(values) != len(named):
                continue
            for option, value in zip(named, map(literal, values), strict=True):
                for name in names & (only or names):
                    plugin = plugins().get((kind, name))
                    if value is not None and plugin is not None and option in plugin.options.model_fields:
                        yield name, option, value, plugin.options.model_fields[option].default


@pytest.mark.parametrize(("kind", "fewest"), [("architecture", 40), ("task", 50)])
def test_the_defaults_in_the_tables_of_options_are_those_of_the_code(kind, fewest):
    found = list(stated(kind))
    assert len(found) >= fewest
    assert [one for one in found if plain(one[2]) != plain(_WITHOUT.get(one[1]) if one[3] is None else one[3])] == []


def test_the_numbers_of_the_pitfalls_are_those_of_the_committed_page():
    committed = (ROOT / "results" / "pitfalls" / "pitfalls.md").read_text()
    assert set(re.findall(r"\d+\.\d+", PAGES["pitfalls.md"])) <= set(re.findall(r"\d+\.\d+", committed))


def test_the_ratios_of_the_engines_are_those_of_the_committed_report():
    committed = (ROOT / "results" / "report" / "engines" / "report.md").read_text()
    text = re.sub(r"\s+", " ", PAGES["engine.md"])
    [said] = re.findall(r"takes ([\d.]+) times as long for the RNN, ([\d.]+) times for the LSTM and ([\d.]+)", text)
    found = [
        re.search(rf"^\| {name} +\| +([\d.]+) \(", committed, flags=re.MULTILINE)[1] for name in ("rnn", "lstm", "gru")
    ]
    assert [f"{float(one):.1f}" for one in found] == list(said)


def test_the_defaults_in_the_tables_of_a_study_s_keys_are_those_of_the_code():
    parts = {"## The keys": Study, "### Budgets": Budget, "### Tuning": Tuning}
    wrong, seen = [], 0
    for head, model in parts.items():
        [text] = re.findall(rf"^{head}\n(.*?)(?=^##|\Z)", PAGES["studies.md"], flags=re.DOTALL | re.MULTILINE)
        for key, cell in ROW.findall(text):
            field, value = model.model_fields[key.strip("`")], literal(cell)
            seen += value is not None
            if field.is_required() != (cell == "must be given") or (
                value is not None and of(field) not in (None, plain(value))
            ):
                wrong.append((head, key, cell, field.default))
    assert (wrong, seen >= 12) == ([], True)


def of(field):
    """The default of a field of a study, as a page shows it."""
    return plain(field.get_default(call_default_factory=True))


def test_the_size_of_the_page_of_main_is_that_of_the_committed_one():
    [(size, trials)] = re.findall(r"report\.html\),\s+([\d.]+)\s+MB\s+for\s+([\d,]+)\s+trials", PAGES["page.md"])
    lines = [line for file in (ROOT / "results/records/main").glob("*.jsonl") for line in file.open()]
    assert int(trials.replace(",", "")) == len(lines)
    assert f"{(ROOT / 'results/report/main/report.html').stat().st_size / 1e6:.1f}" == size
