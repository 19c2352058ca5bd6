"""Records of patients: golden numbers where the real ones are at hand, everything else on made-up ones."""

import io
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import wfdb
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from benchbench.core.errors import InputError
from benchbench.core.options import bind
from benchbench.core.registry import registered
from benchbench.signals import records
from benchbench.tasks import ecg as module
from benchbench.tasks.ecg import ecg

SCHEMA = registered(module)[0].options


def raw(problem, array):
    return array.astype(np.float64) * problem.provenance["std"][0] + problem.provenance["mean"][0]


def make(folder, length=100, seed=0, **options):
    return ecg(np.random.default_rng(seed), length, path=str(folder), **options)


def r2_of_persistence(problem):
    return r2_score(problem.test.targets[:, 0], problem.test.inputs[:, -1])


def r2_of_linear(problem):
    fit = Ridge(1.0).fit(problem.train.inputs[..., 0], problem.train.targets[:, 0])
    return r2_score(problem.test.targets[:, 0], fit.predict(problem.test.inputs[..., 0]))


def test_one_step_ahead_is_solved_by_a_linear_filter(mitdb):
    problem = make(mitdb, rate=360.0, horizon=1, duration=300.0, stride=60)
    assert r2_of_linear(problem) == pytest.approx(0.996, abs=0.003)


def test_ten_steps_ahead_is_not_solved_by_a_linear_filter(mitdb):
    problem = make(mitdb, duration=300.0, stride=20)
    assert -0.2 < r2_of_persistence(problem) < 0.3
    assert 0.35 < r2_of_linear(problem) < 0.6


def test_ten_steps_ahead_within_one_patient_persistence_is_worse_than_the_mean(mitdb):
    problem = make(mitdb, records=("100",), duration=0.0)
    assert r2_of_persistence(problem) == pytest.approx(-0.94, abs=0.05)
    assert r2_of_linear(problem) == pytest.approx(0.13, abs=0.05)


def test_the_real_default_is_the_patients_of_the_protocol(mitdb, monkeypatch):
    monkeypatch.setenv("BENCHBENCH_DATA", mitdb)
    problem = ecg(np.random.default_rng(0), 300)
    assert problem.provenance["records"] == {
        "train": ["106", "108", "114", "116"],
        "valid": ["119"],
        "test": ["100", "105", "121"],
    }
    assert [len(part) for part in (problem.train, problem.valid, problem.test)] == [2300, 575, 1725]


@pytest.mark.parametrize(
    ("options", "split"),
    [
        ({"records": ("100", "101", "103", "105")}, (["100", "101"], ["103"], ["105"])),
        ({"records": ("100", "101", "103"), "test_records": ("105",)}, (["100", "101"], ["103"], ["105"])),
        ({"records": ("100", "101")}, (["100"], ["100"], ["101"])),
        ({"records": ("100",), "test_records": ("101", "103")}, (["100"], ["100"], ["101", "103"])),
        ({"records": ("100",)}, (["100"], ["100"], ["100"])),
    ],
)
def test_several_records_are_split_by_patient_and_one_by_time(wfdb_folder, options, split):
    found = make(wfdb_folder, **options).provenance["records"]
    assert tuple(found.values()) == split


@pytest.mark.parametrize("twice", [("100", "100"), ("100", "100s"), ("101", "202", "201")])
def test_the_same_patient_twice_is_refused(wfdb_folder, twice):
    with pytest.raises(InputError, match=rf"'{twice[-2]}' and '{twice[-1]}' are of the same patient"):
        make(wfdb_folder, records=twice[:-1], test_records=twice[-1:])


@pytest.mark.parametrize("records", [("101",), ("101", "103")])
def test_a_record_cut_by_time_leaves_a_gap_between_its_parts(tmp_path, write_record, records):
    for record in records:
        write_record(tmp_path, record, np.arange(20_000.0) / 1000)
    problem = make(tmp_path, records=records, rate=360.0, duration=0.0, stride=1, horizon=7)
    own = [problem.train, problem.valid, problem.test][: 3 if len(records) == 1 else 2]
    spans = [(raw(problem, part.inputs).min(), raw(problem, part.targets).max()) for part in own]
    for (_, end), (start, _) in pairwise(spans):
        assert (start - end) * 1000 == pytest.approx(107, abs=2)
    assert spans[0][0] == pytest.approx(0, abs=0.002)


def test_signal_and_annotations_go_to_the_new_rate_together(wfdb_folder):
    for rate in (360.0, 120.0, 250.0):
        problem = make(wfdb_folder, records=("101", "103"), rate=rate, windows="beats", duration=0.0, horizon=3)
        last = raw(problem, problem.test.inputs)[:, -10:, 0]
        assert (last.argmax(axis=1) >= 8).all(), rate  # the last sample is the R peak, or its neighbour
        assert len(problem.test) == pytest.approx(84 * 1.5, abs=3)


def test_a_segment_has_the_given_duration_and_its_start_depends_on_the_seed(wfdb_folder):
    one, two = (make(wfdb_folder, records=("100", "101", "103"), seed=seed, duration=20.0) for seed in (0, 1))
    for problem in (one, two):
        assert all(stop - start == pytest.approx(20) for start, stop in problem.provenance["seconds"].values())
    assert one.provenance["seconds"] != two.provenance["seconds"]
    assert len(one.test) == (20 * 120 - 100 - 10) // 12 + 1


def test_the_lead_is_mlii_wherever_it_stands_and_may_be_a_name_or_a_number(wfdb_folder):
    records = ("101", "103", "100")
    by_name, by_number = make(wfdb_folder, records=records), make(wfdb_folder, records=records, lead=0)
    assert by_name.provenance["leads"] == {"101": "MLII", "103": "MLII", "100": "MLII"}
    assert by_number.provenance["leads"] == {"101": "MLII", "103": "MLII", "100": "V5"}
    np.testing.assert_allclose(raw(by_name, by_name.test.inputs), -raw(by_number, by_number.test.inputs), atol=1e-3)
    with pytest.raises(InputError, match="record '100': unknown lead 'MLI'; did you mean 'MLII'"):
        make(wfdb_folder, records=("100",), lead="MLI")
    with pytest.raises(InputError, match=r"record '100': unknown lead '2'.* Allowed: 0, 1"):
        make(wfdb_folder, records=("100",), lead=2)


def test_provenance_is_plain_data_without_a_path(wfdb_folder):
    text = json.dumps(dict(make(wfdb_folder, records=("100", "101")).provenance))
    assert str(wfdb_folder) not in text
    assert "mitdb, folder mitdb" in text


def test_a_folder_may_hold_the_records_itself(wfdb_folder):
    make(wfdb_folder / "mitdb", records=("100", "101"))


def test_missing_samples_are_refused_with_their_numbers(tmp_path, write_record):
    signal = np.sin(np.arange(20_000.0))
    signal[[500, 501, 900]] = np.nan
    write_record(tmp_path, "101", signal)
    with pytest.raises(InputError, match="record '101', lead MLII: 3 samples are missing: 500, 501, 900"):
        make(tmp_path, records=("101",))


def test_a_record_without_its_signal_or_annotations_is_refused(tmp_path, write_record):
    write_record(tmp_path, "101", np.sin(np.arange(20_000.0)))
    with pytest.raises(InputError, match=r"record '101' cannot be read.*101\.atr"):
        make(tmp_path, records=("101",), windows="beats")
    (tmp_path / "101.dat").unlink()
    with pytest.raises(InputError, match=r"record '101' cannot be read.*101\.dat"):
        make(tmp_path, records=("101",))


@pytest.mark.parametrize("given", ["", "abc", "0", "-360", "0.5", "100001", "1e12", "nan", "inf", "360x", "/360"])
def test_a_header_without_a_sensible_sampling_rate_is_refused(tmp_path, write_record, given):
    write_record(tmp_path, "101", np.sin(np.arange(20_000.0)))
    header = tmp_path / "101.hea"
    header.write_text(header.read_text().replace("101 1 360 20000", f"101 1 {given} {20_000 * bool(given) or ''}"))
    said = f"a sampling rate of {given!r}" if given else "no sampling rate"
    with pytest.raises(InputError, match=f"record '101': its header states {said}; it must be from 1 to 100,000 Hz"):
        make(tmp_path, records=("101",))


@pytest.mark.parametrize("given", ["360", "360.0", "3.6e2", "360/720", "360/720(5)"])
def test_a_sampling_rate_is_read_as_the_format_allows_it(tmp_path, write_record, given):
    write_record(tmp_path, "101", np.sin(np.arange(20_000.0)))
    plain = make(tmp_path, records=("101",))
    header = tmp_path / "101.hea"
    header.write_text("# a comment\n" + header.read_text().replace("101 1 360 ", f"101 1 {given} "))
    assert make(tmp_path, records=("101",)).test.inputs.tobytes() == plain.test.inputs.tobytes()


@pytest.mark.parametrize("rate", [1.0, 100_000.0])
def test_the_slowest_and_the_fastest_records_are_resampled(tmp_path, write_record, rate):
    write_record(tmp_path, "101", np.sin(np.arange(200_000.0) / 50))
    header = tmp_path / "101.hea"
    header.write_text(header.read_text().replace("101 1 360 ", f"101 1 {rate:g} "))
    new = 20.0 if rate == 1 else 5000.0
    problem = make(tmp_path, length=10, records=("101",), rate=new, duration=400.0 if rate == 1 else 0.0, horizon=1)
    [seconds] = problem.provenance["seconds"].values()
    samples = sum(len(part) for part in (problem.train, problem.valid, problem.test)) * 12
    assert samples == pytest.approx((seconds[1] - seconds[0]) * new, rel=0.02)


def test_the_home_folder_of_an_unknown_user_is_refused_with_a_message(monkeypatch):
    with pytest.raises(InputError, match=r"ecg: path '~nobody-here/ecg': there is no user '~nobody-here'; write"):
        make("~nobody-here/ecg", records=("100",))
    monkeypatch.setenv("BENCHBENCH_DATA", "~nobody-here")
    with pytest.raises(InputError, match="BENCHBENCH_DATA: path '~nobody-here'"):
        make("", records=("100",))


def test_a_segment_that_is_too_short_is_refused(wfdb_folder):
    with pytest.raises(InputError, match=r"240 samples of record '101' \(2 s at 120 Hz\) are too short .* 310; raise"):
        make(wfdb_folder, length=300, records=("101",), duration=2.0)
    with pytest.raises(InputError, match=r"\d annotated beats in .* s of record '101', at least 10"):
        make(wfdb_folder, records=("101",), windows="beats", duration=30.0)


def test_an_unknown_record_or_folder_is_refused(wfdb_folder):
    with pytest.raises(InputError, match=r"unknown record '107'; did you mean .* Allowed: 100, 101, 103, 105"):
        make(wfdb_folder, records=("107",))
    with pytest.raises(InputError, match="no such folder"):
        make(wfdb_folder / "nowhere", records=("100",))
    with pytest.raises(InputError, match="records is empty"):
        make(wfdb_folder, records=())


@pytest.mark.parametrize("wrong", [{"records": [100]}, {"records": "100"}, {"rate": 0}, {"windows": "all"}])
def test_options_of_the_wrong_kind_are_refused_by_the_schema(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        bind(SCHEMA, wrong, "study")


@pytest.fixture
def without_data(tmp_path, monkeypatch):
    """No folder, an empty cache, and a network that is up; gives the cache."""
    monkeypatch.delenv("BENCHBENCH_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(records, "urlopen", lambda *_, **__: io.BytesIO())
    return tmp_path / "cache" / "benchbench" / "mitdb"


def test_without_records_and_network_the_message_says_which_files_to_put_where(without_data, monkeypatch):
    def offline(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(wfdb, "dl_files", offline)
    with pytest.raises(InputError) as caught:
        ecg(np.random.default_rng(0), 100, records=("100", "101"))
    message = str(caught.value)
    assert "\n" not in message
    for part in ("100, 101 of mitdb", "no route to host", "100.hea, 100.dat, 100.atr", "path", "ecg_synthetic"):
        assert part in message
    assert "BENCHBENCH_DATA to the folder above mitdb/100.hea" in message


def test_a_download_fills_the_cache_once(without_data, wfdb_folder, monkeypatch, capsys):
    asked = []

    def download(database, folder, files):
        print("Downloading files...")  # noqa: T201  as wfdb does
        asked.extend(files)
        for file in files:
            (Path(folder) / file).write_bytes((wfdb_folder / database / file).read_bytes())

    monkeypatch.setattr(wfdb, "dl_files", download)
    problems = [ecg(np.random.default_rng(0), 100, records=("100", "101")) for _ in range(2)]
    assert sorted(asked) == sorted(
        f"{record}.{ending}" for record in ("100", "101") for ending in ("atr", "dat", "hea")
    )
    assert sorted(file.name for file in without_data.iterdir()) == sorted(asked)
    assert problems[0].test.inputs.tobytes() == problems[1].test.inputs.tobytes()
    assert capsys.readouterr().out == ""


def test_a_download_that_breaks_off_leaves_nothing_behind(without_data, monkeypatch):
    def broken(_, folder, files):
        (Path(folder) / files[0]).write_bytes(b"half")
        raise TimeoutError

    monkeypatch.setattr(wfdb, "dl_files", broken)
    with pytest.raises(InputError, match="TimeoutError"):
        ecg(np.random.default_rng(0), 100, records=("100",))
    assert list(without_data.iterdir()) == []
