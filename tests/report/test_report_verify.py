"""Comparison of a report with its records: a changed digit anywhere is found and named."""

import shutil
from functools import cache

import pytest

from benchbench import write_report
from benchbench.core.errors import InputError
from benchbench.report import verify as module
from benchbench.report.verify import reports, verify
from tests.report.conftest import make_record, store


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A folder of results with the records and the report of a toy study, and what the records give."""
    folder = tmp_path_factory.mktemp("reported") / "results"
    store([make_record(name, seed) for name in ("gru", "rnn", "linear") for seed in range(3)], folder)
    write_report("toy", folder)
    return folder, cache(lambda: module.written("toy", folder))


@pytest.fixture
def fresh(reported, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(reported[0], tmp_path / "results")


@pytest.fixture
def results(fresh, reported, monkeypatch):
    """A copy of that folder whose records need not be read again to say what they give."""
    given = reported[1]()
    monkeypatch.setattr(module, "written", lambda *_: given)
    return fresh


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.long
def test_a_fresh_report_is_verified_by_name_and_by_folder(fresh):
    found = verify("toy", fresh)
    assert (found.study, found.mismatch, found.unverified) == ("toy", None, ())
    assert found.lines > 50
    assert verify(fresh / "report" / "toy", fresh) == found
    assert reports(fresh) == ["toy"]


@pytest.mark.parametrize("path", ["report.md", "report.html", "tasks/mackey_glass.md", "tables/errors.csv"])
def test_a_changed_digit_is_named_with_its_line_and_what_the_records_give(results, path):
    file = results / "report" / "toy" / path
    lines = file.read_text().splitlines(keepends=True)
    number = next(i for i, line in enumerate(lines) if "gru" in line and "0.0" in line)
    file.write_text("".join([*lines[:number], lines[number].replace("0.0", "0.7", 1), *lines[number + 1 :]]))
    found = verify("toy", results).mismatch
    assert (found.file, found.line) == (file, number + 1)
    assert "0.7" in found.stands
    assert "0.0" in found.given
    assert str(found).startswith(f"{file}:{number + 1}: the report has ")


def test_the_last_digits_of_a_table_may_differ_as_sums_do_between_processors(results):
    file = results / "report" / "toy" / "tables" / "errors.csv"
    first = next(
        cell for cell in file.read_text().splitlines()[1].split(",") if cell.startswith("0.0") and len(cell) > 17
    )
    change(file, first, f"{float(first) * (1 + 1e-14):.20g}")
    assert verify("toy", results).mismatch is None


@pytest.mark.parametrize("path", ["tables/errors.csv", "tables/further.csv"])
def test_a_missing_file_and_a_file_that_the_records_do_not_give_are_named(results, path):
    file = results / "report" / "toy" / path
    if file.exists():
        file.unlink()
    else:
        file.write_text("a\n1\n")
    assert verify("toy", results).mismatch.file == file


def test_a_row_between_the_markers_of_a_page_next_to_the_results_is_compared_with_the_report(results, monkeypatch):
    monkeypatch.setattr(module, "BLOCKS", {"results": "toy"})
    row = next(
        line for line in (results / "report" / "toy" / "report.md").read_text().splitlines() if "| mackey_glass" in line
    )
    readme = results.parent / "README.md"
    readme.write_text(f"# Toy\n\n<!-- results -->\n{row}\n<!-- /results -->\n")
    assert verify("toy", results).mismatch is None
    digit = next(piece for piece in row.split() if piece.startswith("0.0"))
    change(readme, digit, "0.7")
    found = verify("toy", results).mismatch
    assert (found.file, found.line) == (readme, 4)
    assert found.stands.startswith("0.7")
    assert found.given.startswith(digit)


def test_a_figure_without_its_artifact_is_listed_and_the_text_around_it_is_compared(results, monkeypatch):
    written = module.written
    page = results / "report" / "toy" / "report.md"
    picture = "![gone](figures/gone.png)\n\n*A caption.* [SVG](figures/gone.svg), [PDF](figures/gone.pdf)\n\n"
    change(page, "## How to read", f"{picture}## How to read")
    note = "> There is no figure here: gru: The artifact is not there.\n\n"

    def without(*given):
        texts = written(*given)
        return texts | {"report.md": texts["report.md"].replace("## How to read", f"{note}## How to read")}

    monkeypatch.setattr(module, "written", without)
    found = verify("toy", results)
    assert (found.mismatch, found.unverified) == (None, ("report.html", "figures/gone.png"))
    change(page, "None: every trial", "None: each trial")
    assert verify("toy", results).mismatch.stands.startswith("each")


def test_the_message_on_an_unknown_report_gives_the_nearest_name(results):
    with pytest.raises(InputError, match="no report of 'tox'; nearest: toy"):
        verify("tox", results)


def test_the_command_exits_with_1_at_the_first_report_that_does_not_match(results, cli):
    assert cli("verify", "--results", str(results)).stdout.startswith("toy: ")
    change(results / "report" / "toy" / "report.md", "gru", "gur")
    done = cli("verify", "toy", "--results", str(results))
    assert done.returncode == 1
    assert "the report has 'gur" in done.stdout
    assert cli("verify", "tox", "--results", str(results)).returncode == 2
