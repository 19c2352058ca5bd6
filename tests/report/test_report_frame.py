import numpy as np
import pandas as pd
import pytest

from benchbench.core.errors import InputError
from benchbench.core.objective import Metric, Objective
from benchbench.core.record import Environment
from benchbench.report import frame as frames
from benchbench.report.frame import load, read, study_name

PROMISED = [
    "key",
    "study",
    "task",
    "architecture",
    "length",
    "device",
    "engine",
    "kernel",
    "seed",
    "budget",
    "status",
    "message",
    "width",
    "trained_parameters",
    "fixed_parameters",
    "updates",
    "fit_seconds",
    "first_update_seconds",
    "predict_seconds",
    "peak_bytes",
    "device_peak_bytes",
    "objective",
    "primary",
    "valid_score",
    "test_score",
    "valid_mse",
    "test_mse",
    "test_rmse",
    "test_nrmse",
    "test_r2",
    "test_accuracy",
    "test_balanced_accuracy",
    "test_f1_macro",
    "test_auroc",
    "test_log_loss",
    "floor",
    "machine",
    "cpu",
    "gpu",
    "threads",
    "jobs",
    "torch",
    "commit",
    "started",
    "architecture_options",
    "task_options",
    "task_version",
    "architecture_version",
]


def test_the_promised_columns_come_first_and_in_order(stored, grid):
    frame = load("toy", stored(grid()))
    assert list(frame.columns)[: len(PROMISED)] == PROMISED
    assert len(frame) == 2 * 2 * 3 * 7


def test_numbers_have_numeric_types_and_missing_ones_are_nan(stored, record):
    bare = record(status="failed", environment={"threads": None, "gpu": None}, predict_seconds=[], data={})
    frame = load("toy", stored([bare, record(seed=1, environment={"gpu": "Toy GPU"})]))
    for column in (
        "updates",
        "fit_seconds",
        "predict_seconds",
        "peak_bytes",
        "device_peak_bytes",
        "test_mse",
        "threads",
    ):
        assert frame[column].dtype == np.float64
    assert frame["length"].dtype.kind == frame["seed"].dtype.kind == "i"
    assert frame["dirty"].dtype == bool
    assert np.isnan(frame["threads"][0])
    assert np.isnan(frame["test_mse"][0])
    assert list(frame["gpu"]) == ["", "Toy GPU"]


def test_prediction_time_is_the_median_of_the_repeats(stored, record):
    frame = load("toy", stored([record(predict_seconds=[0.5, 0.1, 0.2])]))
    assert frame["predict_seconds"][0] == 0.2


def test_options_stay_dicts_and_limits_come_with_the_budget(stored, record):
    row = load("toy", stored([record(options={"layers": 2})])).iloc[0]
    assert row["architecture_options"] == {"layers": 2}
    assert row["task_options"] == {"horizon": 15}
    assert row["budget_limits"] == {"parameters": 10_000, "updates": 1_000, "batch": 64}


def test_the_records_of_all_machines_are_read_in_the_order_of_their_rows(stored, record):
    frame, records = read("toy", stored([record(environment={"machine": name}) for name in ("b", "a")]))
    assert list(frame["machine"]) == ["a", "b"] == [one.environment.machine for one in records]
    assert list(frame["key"]) == [one.trial.key for one in records]


def test_a_record_with_an_empty_environment_can_be_read(stored, record):
    bare = record().model_copy(update={"environment": Environment()})
    frame = load("toy", stored([bare]))
    assert frame["machine"][0] == ""
    assert np.isnan(frame["cores"][0])


def test_a_study_may_be_named_by_its_file(stored, grid, tmp_path):
    file = tmp_path / "other.toml"
    file.write_text('name = "toy"\nlengths = [100]\n')
    results = stored(grid())
    assert load(file, results).equals(load("toy", results))


def test_the_message_on_an_unknown_study_names_the_nearest_one(stored, grid):
    with pytest.raises(InputError, match=r"toi: no records \(there are records of toy\)"):
        load("toi", stored(grid()))


@pytest.mark.parametrize("name", ["../toy", "a/b", "..", "", "/toy", "toy/"])
def test_a_path_that_is_no_toml_file_is_refused(name):
    with pytest.raises(InputError, match="cannot be a study's name"):
        study_name(name)


@pytest.mark.parametrize("text", ["name = ", "lengths = [1]", "name = 3", 'name = "../x"', "\xff"])
def test_a_file_without_a_usable_name_is_refused(tmp_path, text):
    (tmp_path / "bad.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"bad\.toml"):
        study_name(tmp_path / "bad.toml")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        study_name(tmp_path / "none.toml")


def test_a_file_without_records_is_refused(tmp_path):
    (tmp_path / "records" / "toy").mkdir(parents=True)
    (tmp_path / "records" / "toy" / "a.jsonl").write_text("")
    with pytest.raises(InputError, match="no complete record"):
        load("toy", tmp_path)


def test_a_classification_has_its_own_metrics_and_the_others_are_nan(stored, classified):
    row = load("toy", stored([classified(score=0.75, loss=0.4)])).iloc[0]
    assert (row["objective"], row["primary"], row["better"]) == ("classification", "balanced_accuracy", "higher")
    assert (row["test_score"], row["test_balanced_accuracy"], row["test_log_loss"]) == (0.75, 0.75, 0.4)
    assert np.isnan([row["test_mse"], row["test_r2"], row["test_auroc"], row["floor"]]).all()


def test_an_older_record_is_a_regression_ranked_and_chosen_by_its_mse(stored, record):
    row = load("toy", stored([record("linear", mse=0.2, valid=0.3)])).iloc[0]
    assert (row["objective"], row["primary"], row["better"], row["choose"]) == ("regression", "mse", "lower", "loss")
    assert (row["test_score"], row["valid_score"], row["valid_choice"], row["floor"]) == (0.2, 0.3, 0.3, 0.004)
    assert (bool(row["baseline"]), row["engine"], row["kernel"]) == (True, "torch", "")


def test_the_choosing_score_changes_its_sign_if_higher_is_better(stored, classified):
    objective = Objective.classification(choose="balanced_accuracy")
    row = load("toy", stored([classified(score=0.75, objective=objective)])).iloc[0]
    assert (row["choose"], row["valid_choice"]) == ("balanced_accuracy", -0.75)


def test_a_metric_of_a_plug_in_has_columns_of_its_own(stored, classified):
    objective = Objective("ours", "squared_error", {"lag": Metric(lambda targets, predictions: 1.0)}, "lag")
    scores = {"valid_lag": 3.0, "test_lag": 4.0, "valid_loss": 0.1}
    frame = load("toy", stored([classified(objective=objective, scores=scores)]))
    assert frame[["primary", "test_score", "valid_lag", "test_lag"]].to_numpy().tolist() == [["lag", 4.0, 3.0, 4.0]]
    assert list(frame.columns)[-2:] == ["test_lag", "valid_lag"]


def test_a_table_read_in_parts_equals_one_read_at_once(stored, grid, classified, monkeypatch):
    results = stored([*grid(), classified("gru", 0), classified("linear", 1, environment={"machine": "other"})])
    frame, records = read("toy", results)
    monkeypatch.setattr(frames, "_MUCH", 0)
    monkeypatch.setattr(frames, "cores", lambda: 3)
    again, later = read("toy", results)
    pd.testing.assert_frame_equal(again, frame)
    assert list(later) == list(records)
