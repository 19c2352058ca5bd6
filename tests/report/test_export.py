"""The records of a study as a table for other programs."""

import json

import pandas as pd
import pytest

from benchbench import load
from benchbench.core import store
from benchbench.core.errors import InputError
from benchbench.core.record import Record, Status
from benchbench.core.spec import Budget, Trial
from benchbench.report.export import export


@pytest.fixture
def results(tmp_path):
    with store.Writer(tmp_path, "some") as writer:
        writer.prepare()
        for seed in range(3):
            trial = Trial(
                study="some", task="noisy_sine", architecture="gru", length=20, seed=seed,
                budget=Budget(name="few", updates=3), architecture_options={"learning_rate": 0.01},
            )  # fmt: skip
            scores = {"test_mse": 1.5 + seed, "valid_mse": 2.0}
            writer.append(Record(trial=trial, status=Status.OK, scores=scores, started="2030-01-01T00:00:00+00:00"))
    return tmp_path


@pytest.mark.parametrize(("name", "read"), [("out.parquet", pd.read_parquet), ("out.csv", pd.read_csv)])
def test_the_table_has_a_row_for_each_trial_with_its_numbers(results, name, read):
    assert export("some", results / name, results) == 3
    table, frame = read(results / name), load("some", results)
    assert list(table.columns) == list(frame.columns)
    assert table["key"].tolist() == frame["key"].tolist()
    assert table["test_mse"].tolist() == [1.5, 2.5, 3.5]
    assert [json.loads(text) for text in table["architecture_options"]] == [{"learning_rate": 0.01}] * 3
    assert not [file for file in results.iterdir() if file.name.endswith(".new")]


@pytest.mark.parametrize(
    ("name", "said"),
    [("out.xlsx", r"the name must end in \.parquet or \.csv"), ("nowhere/out.csv", "there is no folder")],
)
def test_a_table_that_cannot_be_written_is_refused_by_name(results, name, said):
    with pytest.raises(InputError, match=said):
        export("some", results / name, results)
