"""The page of the course."""

from pathlib import Path

import pytest

from benchbench.core.shipped import shipped
from benchbench.report.committed import Tables
from benchbench.report.course import MARKER, written
from benchbench.report.findings import EXERCISES

ROOT = Path(__file__).parents[2]
COURSE = [name.partition("/")[2] for name in shipped() if name.startswith("course/")]


def test_the_page_equals_the_page_made_from_the_committed_tables():
    page = (ROOT / "docs" / "course.md").read_text()
    assert page == written(page, ROOT / "results")


def test_every_study_of_the_course_is_an_exercise_or_another_size_of_one():
    assert {name for name in COURSE if not name.endswith(("-full", "-synthetic"))} == set(EXERCISES)
    assert {name.removesuffix("-full").removesuffix("-synthetic") for name in COURSE} == set(EXERCISES)


def test_the_page_notes_a_study_without_a_report(tmp_path):
    made = written(f"head\n{MARKER}old", tmp_path)
    assert made.startswith(f"head\n{MARKER}\n## computation-time")
    assert "old" not in made
    assert made.count("No report of it is committed.") == len(EXERCISES)


def test_a_page_without_the_marker_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no line <!-- studies"):
        written("head", tmp_path)


def test_a_number_is_looked_up_by_competitor_and_part_of_the_task_at_the_longest_length(tmp_path):
    tables = Tables(tmp_path, "some")
    tables.folder.mkdir(parents=True)
    (tables.folder / "errors.csv").write_text(
        'variant,architecture,length,mse\n"a (n=1)",gru,10,5.0\n"a (n=1)",gru,20,4.0\n"a (n=2)",gru,20,3.0\n'
    )
    assert tables.value("gru", "n=1") == 4.0
    assert tables.value("gru", "n=2") == 3.0
    with pytest.raises(KeyError, match="no row of lstm"):
        tables.value("lstm")
