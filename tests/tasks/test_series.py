"""The user's own signal: every format, every refusal, and no leak from the test part."""

import hashlib
import io
import os
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from benchbench.core.errors import InputError
from benchbench.tasks.series import series

SIGNAL = np.random.default_rng(0).standard_normal(400).cumsum()


def make(path, length=10, **options):
    return series(np.random.default_rng(0), length, path=str(path), **options)


def raw(problem, array):
    return array.astype(np.float64) * problem.provenance["std"][0] + problem.provenance["mean"][0]


def write(folder, name, content):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def lines(*columns, header=None, separator=","):
    rows = [separator.join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join(([header] if header else []) + rows) + "\n"


def test_provenance_names_the_file_its_hash_and_the_column_but_no_folder(tmp_path):
    file = write(tmp_path, "signal.csv", lines(SIGNAL, header="load"))
    facts = make(file).provenance
    assert facts["file"] == "signal.csv"
    assert facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (facts["samples"], facts["column"]) == (400, "load")
    assert str(tmp_path) not in str(facts)


DAYS = pd.date_range("2024-01-01", periods=400).astype(str)
TWO = lines(SIGNAL, SIGNAL, header="load,temp")


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("a.csv", lines(SIGNAL), {}),
        ("a.csv", lines(SIGNAL, header="x"), {}),
        ("a.csv", "\ufeff" + lines(SIGNAL, header="x").replace("\n", "\r\n") + "\r\n\r\n", {}),
        ("a.csv", lines(DAYS, SIGNAL, header="day,x"), {}),
        ("a.csv", lines(DAYS, SIGNAL, header="day;x", separator=";"), {"column": "x"}),
        ("a.csv", lines(-SIGNAL, SIGNAL, header='"a, b",x'), {"column": 1}),
        ("a.tsv", lines(DAYS, SIGNAL, separator="\t"), {}),
        ("A.TXT", lines(-SIGNAL, SIGNAL, separator="  "), {"column": 1}),
    ],
)
def test_text_files_are_read_with_or_without_header(tmp_path, name, text, options):
    problem = make(write(tmp_path, name, text), **options)
    np.testing.assert_allclose(raw(problem, problem.train.inputs[0])[:, 0], SIGNAL[:10], atol=1e-6)
    assert problem.provenance["samples"] == 400


@pytest.mark.parametrize("kind", ["float64", "float32", "int16", "uint8"])
def test_arrays_of_real_numbers_are_read(tmp_path, kind):
    values = (SIGNAL - SIGNAL.min()).astype(kind)
    problem = make(write(tmp_path, "a.npy", npy(values)))
    np.testing.assert_allclose(raw(problem, problem.train.inputs[0])[:, 0], values[:10], atol=1e-5)


def test_a_column_of_a_table_of_any_format_is_chosen_by_name_or_number(tmp_path):
    two = np.column_stack([SIGNAL, -SIGNAL])
    frame = pd.DataFrame(two, columns=["up", "down"]).assign(day=pd.to_datetime(DAYS), on=True)
    frame.to_parquet(tmp_path / "a.parquet")
    wavfile.write(tmp_path / "a.wav", 360, (100 * two).astype(np.int16))
    files = {"a.parquet": "down", "a.wav": 1, write(tmp_path, "a.npy", npy(two)).name: "1"}
    for name, column in files.items():
        problem = make(tmp_path / name, column=column)
        found = raw(problem, problem.train.inputs[0])[:, 0] / (100 if name == "a.wav" else 1)
        np.testing.assert_allclose(found, -SIGNAL[:10], atol=0.011)


def test_the_one_numeric_column_needs_no_name(tmp_path):
    frame = pd.DataFrame({"day": pd.to_datetime(DAYS), "x": SIGNAL, "on": SIGNAL > 0, "label": "a"})
    frame.to_parquet(tmp_path / "a.parquet")
    assert make(tmp_path / "a.parquet").provenance["column"] == "x"


def test_stride_and_horizon_are_passed_on(tmp_path):
    problem = make(write(tmp_path, "a.npy", npy(np.arange(1000.0))), stride=5, horizon=7)
    assert raw(problem, problem.train.targets)[:3, 0, 0] == pytest.approx([16, 21, 26], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "", {}, "a.csv is empty"),
        ("a.csv", "\n\n\n", {}, "it holds no values"),
        ("a.csv", "x\n", {}, "a.csv, column 'x' has no values"),
        ("a.csv", bytes(range(256)), {}, "a.csv cannot be read as .csv: 'utf-8' codec can't decode byte 0x80"),
        ("a.csv", "1\n2,3\n", {}, "a.csv cannot be read as .csv: .*line 2"),
        ("a.csv", "x\n1\n\n3\nabc\ninf\n", {}, "row 2 is missing, row 4 is 'abc', row 5 is 'inf'; row 1 is line 2"),
        ("a.csv", "nan\n1\n2\n", {}, "1 of 3 values .*: row 1 is missing; row 1 is line 1"),
        ("a.csv", lines(["1"] * 50 + ["NA"] * 9), {}, "9 of 59 .*: row 51 is missing, .* row 55 is missing ...; row 1"),
        ("a.csv", "a;b\n1;0,5\n2;0,7\n", {"column": "b"}, "a series of 2 samples is too short"),
        ("a.csv", "a;b\n1;0,5\n", {"column": 1, "decimal": ".", "separator": ";"}, "1 of 1 values .* row 1 is '0,5'"),
        ("a.csv", "5\n" * 99, {}, "is constant: every value is 5"),
        ("a.csv", "1\n2\n3\n", {}, "a.csv: a series of 3 samples is too short for windows of 10 and horizon 1"),
        ("a.csv", TWO, {}, "2 of its 2 columns are numeric; choose one with the option column: load, temp"),
        ("a.csv", lines(DAYS, DAYS, header="a,b"), {}, "0 of its 2 columns are numeric"),
        ("a.csv", TWO, {"column": "tmp"}, "unknown column 'tmp'; did you mean 'temp'"),
        ("a.csv", TWO, {"column": 2}, "no column number 2; allowed: 0 to 1"),
        ("a.csv", TWO, {"column": -1}, "no column number -1"),
        ("a.csv", lines(SIGNAL, SIGNAL, header="x,x"), {"column": "x"}, "2 columns are called 'x'"),
        ("a.xlsx", "1\n", {}, "unknown kind of file '.xlsx'.* Allowed: .csv, .feather, .hea, .npy, .npz, .parquet"),
        ("a", "1\n", {}, "unknown kind of file ''"),
        ("a.npy", b"\x93NUMPY\x01\x00garbage", {}, "a.npy cannot be read as .npy"),
        ("a.npy", bytes(range(256)), {}, "a.npy cannot be read as .npy: the magic string is not correct"),
        ("a.npy", npy(np.float64(3)), {}, "type float64 and shape \\(\\); it must be real"),
        ("a.npy", npy(np.zeros((3, 4, 5))), {}, "type float64 and shape \\(3, 4, 5\\)"),
        ("a.npy", npy(SIGNAL.astype(complex)), {}, "type complex128 and shape \\(400,\\)"),
        ("a.npy", npy(SIGNAL > 0), {}, "type bool"),
        ("a.npy", npy(SIGNAL.astype(str)), {}, "type <U"),
        ("a.npy", npy(SIGNAL.astype(object)), {}, "a.npy cannot be read as .npy: Object arrays cannot be loaded"),
        ("a.npy", npy(np.append(SIGNAL, [np.inf, 1e39, np.nan])), {}, "401 is 'inf', row 402 is '1e.39', row 403"),
        ("a.npy", npy(SIGNAL[None]), {}, "400 of its 400 columns are .*: 0, 1, 2, .*, 19 ...; .*1 x 400.* array.T"),
        ("a.npy", npy(np.zeros(0)), {}, "no values"),
        ("a.npy", npy(np.append(np.zeros(300), SIGNAL[:100])), {}, "a.npy: the training part is constant"),
        ("a.wav", b"RIFFrubbish", {}, "a.wav cannot be read as .wav"),
        ("a.parquet", b"PAR1rubbish", {}, "a.parquet cannot be read as .parquet"),
    ],
)  # fmt: skip
def test_a_series_that_cannot_be_forecast_is_refused_with_the_reason(tmp_path, name, content, options, message):
    with pytest.raises(InputError) as caught:
        make(write(tmp_path, name, content), **options)
    assert re.search(message.replace("a.", r"a\."), str(caught.value)), caught.value
    assert name in str(caught.value)


def test_a_path_that_is_not_set_missing_or_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="the option path is not set"):
        make("")
    with pytest.raises(InputError, match=r"path 'no\.csv': No such file or directory \(relative"):
        make("no.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        make(tmp_path / "folder.csv")
    with pytest.raises(InputError, match="null byte"):
        make("a\0.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path):
    file = write(tmp_path, "a.csv", "1\n")
    file.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        make(file)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    def missing(*_, **__):
        raise ImportError("Unable to find a usable engine")

    monkeypatch.setattr(pd, "read_parquet", missing)
    with pytest.raises(InputError, match=r"pip install pyarrow"):
        make(write(tmp_path, "a.parquet", "anything"))


def test_the_parts_are_apart_by_at_least_length_and_horizon(tmp_path):
    problem = make(write(tmp_path, "a.npy", npy(np.arange(2000.0))), length=50, horizon=9)
    parts = (problem.train, problem.valid, problem.test)
    spans = [(raw(problem, part.inputs).min(), raw(problem, part.targets).max()) for part in parts]
    for (_, end), (start, _) in pairwise(spans):
        assert start - end - 1 >= 59 - 1e-3
    for part in parts:
        ahead = raw(problem, part.targets)[:, 0, 0] - raw(problem, part.inputs)[:, -1, 0]
        np.testing.assert_allclose(ahead, 9, atol=1e-2)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 10_000), value=st.floats(-1e30, 1e30))
def test_nothing_in_the_test_part_changes_training_validation_or_the_scaler(tmp_path, where, value):
    clean = make(write(tmp_path, "clean.npy", npy(SIGNAL)), horizon=3)
    start, stop = clean.provenance["ranges"]["test"]
    marked = SIGNAL.copy()
    marked[start + where % (stop - start)] = value
    other = make(write(tmp_path, "marked.npy", npy(marked)), horizon=3)
    for part in ("train", "valid"):
        for array in ("inputs", "targets"):
            one, two = (getattr(getattr(problem, part), array) for problem in (clean, other))
            assert one.tobytes() == two.tobytes()
    assert (clean.provenance["mean"], clean.provenance["std"]) == (other.provenance["mean"], other.provenance["std"])
