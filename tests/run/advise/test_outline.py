"""The study's file reads back as the study, and never replaces another file."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.study import read
from benchbench.run.advise.outline import Outline, study_name, written


def outline(**more):
    task = {"path": "signal.csv", "column": "voltage", "horizon": 10, "clean": ["interpolate"], "clip_at": 6.0}
    return Outline(**{"name": "signal", "lengths": (50, 100), "seeds": 5, "updates": 700, "task": task, **more})


def test_the_file_reads_back_as_the_study_and_states_its_updates(tmp_path):
    file, one = written(tmp_path, tmp_path / "results", outline(notes=["From: benchbench try signal.csv"]))
    assert file == tmp_path / "signal.toml"
    study = read(file)
    assert study == one.study()
    assert (study.budgets[0].updates, study.budgets[0].seconds, study.seeds) == (700, None, 5)
    assert file.read_text().startswith("# From: benchbench try signal.csv\n")


def test_a_file_with_other_content_is_kept_and_one_with_equal_content_is_reused(tmp_path):
    (tmp_path / "signal.toml").write_text("mine")
    file, one = written(tmp_path, tmp_path / "results", outline())
    assert (file.name, one.name) == ("signal-2.toml", "signal-2")
    assert (tmp_path / "signal.toml").read_text() == "mine"
    assert written(tmp_path, tmp_path / "results", outline())[0] == file
    assert written(tmp_path, tmp_path / "results", outline(updates=800))[0].name == "signal-3.toml"


def test_records_of_another_study_are_not_joined(tmp_path):
    (tmp_path / "results" / "records" / "signal").mkdir(parents=True)
    assert written(tmp_path, tmp_path / "results", outline())[0].name == "signal-2.toml"


@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), column=st.text(max_size=20) | st.integers(0))
def test_any_path_and_column_can_be_read_back_from_the_text(path, column):
    try:
        text = outline(task={"path": path, "column": column}).toml()
        text.encode()
    except UnicodeEncodeError:  # half of a pair, which no file holds
        return
    assert tomllib.loads(text)["tasks"]["series"] == {"path": path, "column": column}


@pytest.mark.parametrize(
    ("file", "name"),
    [("my signal.csv", "my-signal"), ("a/b/ecg.csv.gz", "ecg"), ("quick.csv", "quick-signal"), ("äö.csv", "signal")],
)
def test_a_study_is_called_after_its_file(file, name):
    assert study_name(file) == name
