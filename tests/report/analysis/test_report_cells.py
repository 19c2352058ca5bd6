import numpy as np
import pandas as pd
import pytest

from benchbench.report.analysis.cells import cells, groups, undefined
from benchbench.report.analysis.select import select
from benchbench.report.analysis.trials import Records
from benchbench.report.frame import read


def test_medians_and_spread_are_those_of_numpy(scored):
    values = [0.3, 0.1, 0.7, 0.2]
    row = cells(scored(gru=values)).iloc[0]
    assert [row["mse"], row["mse_min"], row["mse_max"]] == [np.median(values), min(values), max(values)]
    assert row["r2"] == pytest.approx(np.median([1 - value / 0.9 for value in values]))
    assert (row["seeds"], row["ok"], row["failed"]) == (4, 4, "")


def test_failed_seeds_are_counted_and_the_median_is_over_the_others(scored):
    row = cells(scored(gru=[0.3, None, 0.1, None, 0.2])).iloc[0]
    assert (row["mse"], row["seeds"], row["ok"], row["failed"]) == (0.2, 5, 3, "diverged 2/5")


def test_groups_have_a_median_each(stored, record):
    found = [{"low": {"mse": mse, "r2": None}, "high": {"mse": 2 * mse, "r2": 0.5}} for mse in (0.1, 0.2, 0.4)]
    frame, records = read("toy", stored([record(seed=seed, groups=one) for seed, one in enumerate(found)]))
    table = groups(select(frame).frame, Records(records)).set_index("group")
    assert table["mse"].to_dict() == {"high": 0.4, "low": 0.2}
    assert np.isnan(table["r2"]["low"])


def test_a_single_group_makes_no_table(stored, record):
    frame, records = read("toy", stored([record(groups={"all": {"mse": 0.1}})]))
    assert groups(select(frame).frame, Records(records)).empty


def test_an_undefined_metric_keeps_the_sentence_of_its_record(stored, classified):
    frame, records = read("toy", stored([classified(seed=seed) for seed in range(2)]))
    [row] = undefined(select(frame).frame, Records(records)).to_dict("records")
    assert (row["metric"], row["trials"]) == ("test_auroc", 2)
    assert row["sentence"] == "One class is missing from the test split."


def test_a_record_is_found_by_its_key_and_machine_and_the_last_one_counts(record):
    made = [record(mse=0.1), record(mse=0.2), record(mse=0.3, environment={"machine": "far"})]
    frame = pd.DataFrame({"key": [made[0].trial.key] * 2, "machine": ["far", "toy-cpu-2-cores"]})
    assert [one.scores["test_mse"] for one in Records(made).of(frame)] == [0.3, 0.2]
