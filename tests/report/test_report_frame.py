import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.report.frame import load, read, study_name

PROMISED = [
    "key",
    "study",
    "task",
    "architecture",
    "length",
    "device",
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
    "valid_mse",
    "test_mse",
    "test_rmse",
    "test_nrmse",
    "test_r2",
    "floor_mse",
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


def test_all_machines_are_read_and_records_stand_beside_their_rows(stored, record):
    frame, records = read("toy", stored([record(environment={"machine": name}) for name in ("b", "a")]))
    assert list(frame["machine"]) == ["a", "b"] == [one.environment["machine"] for one in records]
    assert list(frame["key"]) == [one.trial.key for one in records]


def test_an_empty_environment_is_no_obstacle(stored, record):
    bare = record().model_copy(update={"environment": {}})
    frame = load("toy", stored([bare]))
    assert frame["machine"][0] == ""
    assert np.isnan(frame["cores"][0])


def test_a_study_may_be_named_by_its_file(stored, grid, tmp_path):
    file = tmp_path / "other.toml"
    file.write_text('name = "toy"\nlengths = [100]\n')
    results = stored(grid())
    assert load(file, results).equals(load("toy", results))


def test_an_unknown_study_names_the_nearest_one(stored, grid):
    with pytest.raises(InputError, match="did you mean 'toy'"):
        load("toi", stored(grid()))


@pytest.mark.parametrize("name", ["../toy", "a/b", "..", "", "/toy", "toy/"])
def test_a_path_that_is_no_toml_file_is_refused(name):
    with pytest.raises(InputError, match="no study's name"):
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
    with pytest.raises(InputError, match="no whole record"):
        load("toy", tmp_path)
