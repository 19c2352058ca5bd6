"""A kept learner, applied to files: it predicts what the harness predicted, in the units of the signal, or refuses."""

import json

import numpy as np
import pandas as pd
import pytest
import wfdb
from scipy.io import wavfile

from benchbench import run_study
from benchbench.core import artifacts
from benchbench.core.errors import InputError
from benchbench.core.keys import find
from benchbench.run.prediction import predict_file

pytestmark = pytest.mark.long

LENGTH = 12
STUDY = """
name = "mine"
lengths = [12]
seeds = 1
predictions = true
plugins = ["silent.py"]
[[budgets]]
name = "few"
width = 8
updates = 20
batch = 32
[[tasks.series]]
path = "signal.csv"
column = "voltage"
free_run = 8
[[tasks.series]]
path = "signal.csv"
columns = ["current", "voltage"]
target = "voltage"
horizon = 3
clean = ["interpolate", "clip", "median"]
[[tasks.series]]
path = "sound.wav"
horizon = 2
[[tasks.series]]
path = "p01.hea"
column = "MLII"
[tasks.noisy_sine]
[architectures.linear]
[architectures.gru]
[architectures.esn]
[architectures.silent]
"""
SILENT = """
from benchbench import architecture, Size
@architecture("silent", version=1, solves=True)
def silent(setting):
    return Silent(setting)
class Silent:
    size = Size(trained=0)
    def __init__(self, setting):
        self.setting = setting
    def fit(self, train, valid, meter):
        pass
    def predict(self, inputs):
        return inputs[:, -1:, :self.setting.outputs]
"""


def written(folder, name="signal.csv", rows=slice(None), columns=("seconds", "voltage", "current")):
    """A file with times and two signals, a gap of one sample in the second."""
    times = np.arange(1200) / 50
    noise = 0.05 * np.random.default_rng(0).standard_normal((1200, 2))
    table = pd.DataFrame({"voltage": 5 + 2 * np.sin(3 * times), "current": 100 + np.cos(3 * times)}) + noise
    table.loc[700, "current"] = np.nan
    table["seconds"] = times
    table.iloc[rows][list(columns)].to_csv(folder / name, index=False)
    return str(folder / name)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of a study that was run with ``keep``, and its records."""
    folder = tmp_path_factory.mktemp("kept")
    written(folder)
    sound = 3000 * np.sin(0.3 * np.arange(900))
    wavfile.write(folder / "sound.wav", 250, sound.astype(np.int16))
    wavfile.write(folder / "faster.wav", 500, sound.astype(np.int16))
    leads = np.stack([np.cos(0.3 * np.arange(900)), np.sin(0.2 * np.arange(900))], axis=1)
    wfdb.wrsamp("p01", fs=250, units=["mV"] * 2, sig_name=["V5", "MLII"], p_signal=leads, write_dir=str(folder))
    (folder / "silent.py").write_text(SILENT)
    (folder / "mine.toml").write_text(STUDY)
    records = run_study(folder / "mine.toml", folder / "r", jobs=1, keep=True)
    assert {record.status for record in records} == {"ok"}
    return folder, records


def one(kept, architecture, **options):
    """The record of a competitor on the task with these options, and the folder."""
    folder, records = kept
    for record in records:
        if record.trial.architecture == architecture and options.items() <= record.trial.task_options.items():
            return find(folder / "r", record.trial.key), folder
    raise LookupError(architecture)


@pytest.mark.parametrize("architecture", ["linear", "gru", "esn"])
@pytest.mark.parametrize(
    "options", [{"column": "voltage"}, {"target": "voltage"}, {"path": "sound.wav"}, {"path": "p01.hea"}]
)
def test_the_test_part_of_the_same_signal_is_predicted_as_the_harness_did(architecture, options, kept):
    found, folder = one(kept, architecture, **options)
    record, file = found.record, str(folder / found.record.trial.task_options["path"])
    start, stop = record.data["ranges"]["test"]
    if "target" in options:  # a filter starts afresh at each part, so that the part is given alone
        file = written(folder, "part.csv", slice(start, stop))
        start = 0
    made = predict_file(found, folder / "r", file, plugins=[folder / "silent.py"])
    arrays, _ = artifacts.read(folder / "r", record)
    wanted = arrays["predictions.test.made"][:, 0] * record.data["std"][0] + record.data["mean"][0]
    first = start + LENGTH - 1 + record.data["horizon"]
    [place] = np.flatnonzero(made.samples == first)
    got = made.made[place : place + len(wanted)]
    assert len(got) == len(wanted) > 50
    assert got == pytest.approx(wanted, rel=1e-5, abs=1e-4 * record.data["std"][0])


def test_a_wfdb_record_may_be_named_without_its_ending_or_by_its_samples(kept):
    found, folder = one(kept, "gru", path="p01.hea")
    made = [
        predict_file(found, folder / "r", str(folder / name), plugins=[folder / "silent.py"])
        for name in ("p01", "p01.dat", "p01.hea")
    ]
    assert [(one.rate, one.names) for one in made] == [(250.0, ("MLII",))] * 3
    assert all(np.array_equal(one.made, made[0].made) for one in made)


def test_the_last_forecasts_lie_beyond_the_end_of_the_signal(kept):
    found, folder = one(kept, "linear", path="sound.wav")
    made = predict_file(found, folder / "r", str(folder / "sound.wav"), plugins=[folder / "silent.py"])
    assert made.samples[[0, -1]].tolist() == [13, 901]
    assert np.isnan(made.true[:, 0]).nonzero()[0].tolist() == [887, 888]
    assert (made.rate, made.steps) == (250.0, None)


@pytest.mark.parametrize("architecture", ["linear", "gru", "esn"])
def test_a_signal_is_continued_as_the_harness_continues_it(architecture, kept):
    found, folder = one(kept, architecture, column="voltage")
    record = found.record
    arrays, _ = artifacts.read(folder / "r", record)
    table = pd.read_csv(folder / "signal.csv")
    scale, offset = record.data["std"][0], record.data["mean"][0]
    true = arrays["free_run.true"] * scale + offset
    [start] = [i for i in range(1190) if np.allclose(table["voltage"][i : i + 8], true, atol=1e-4)]
    written(folder, "head.csv", slice(0, start), columns=["voltage"])
    made = predict_file(found, folder / "r", str(folder / "head.csv"), steps=8, plugins=[folder / "silent.py"])
    assert made.samples.tolist() == [*range(start, start + 8)]
    assert made.made[:, 0] == pytest.approx(arrays["free_run.generated"] * scale + offset, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(
    ("architecture", "options", "applied", "said"),
    [
        ("linear", {"column": "voltage"}, ("other.csv", None), "unknown column 'voltage'"),
        ("linear", {"path": "sound.wav"}, ("faster.wav", None), "has 500 Hz; the learner was fitted on a .* 250 Hz"),
        ("linear", {"column": "voltage"}, ("slower.csv", None), "has 25 Hz; the learner was fitted on .* 50 Hz"),
        ("linear", {"column": "voltage"}, ("short.csv", None), "has 11 samples, but the learner needs a window of 12"),
        ("linear", {"path": "sound.wav"}, ("sound.wav", 5), "predicts 1 step ahead, and this one predicts 2 steps"),
        ("linear", {"column": "voltage"}, ("missing.csv", None), "missing.csv: no such file"),
        ("silent", {"column": "voltage"}, ("signal.csv", None), "could not be kept: it has no keep and restore"),
    ],
)
def test_a_prediction_that_cannot_be_made_is_refused_with_the_reason(architecture, options, applied, said, kept):
    found, folder = one(kept, architecture, **options)
    written(folder, "other.csv", columns=["current"])
    written(folder, "short.csv", slice(0, 11))
    written(folder, "slower.csv", slice(None, None, 2))
    file, steps = applied
    with pytest.raises(InputError, match=said):
        predict_file(found, folder / "r", str(folder / file), steps=steps, plugins=[folder / "silent.py"])


def test_a_task_that_makes_its_own_data_is_refused_and_those_that_can_be_applied_are_named(kept):
    folder, records = kept
    [record] = [r for r in records if (r.trial.task, r.trial.architecture) == ("noisy_sine", "linear")]
    said = r"task 'noisy_sine' cannot be applied to a file\. Learners of these tasks can: series"
    with pytest.raises(InputError, match=said):
        predict_file(find(folder / "r", record.trial.key), folder / "r", str(folder / "signal.csv"))


def test_a_record_names_the_file_of_its_learner_or_says_why_there_is_none(kept):
    folder, records = kept
    by_name = {record.trial.architecture: record for record in records}
    assert by_name["gru"].kept_name == f"{by_name['gru'].trial.key}.learner.pt"
    assert artifacts.kept_path(folder / "r", by_name["gru"]).is_file()
    assert by_name["esn"].kept_name == f"{by_name['esn'].trial.key}.learner.npz"
    assert (by_name["silent"].kept_name, by_name["silent"].kept.message) == (None, "it has no keep and restore")


def test_recorded_trials_without_a_learner_are_counted_and_not_run_again(kept, tmp_path):
    folder, _ = kept
    text = (folder / "mine.toml").read_text()
    (tmp_path / "mine.toml").write_text(
        text[: text.index("[[tasks")].replace('plugins = ["silent.py"]\n', "")
        + "[tasks.noisy_sine]\n[architectures.mean]\n[architectures.persistence]\n"
    )
    told, ran = [], []
    plain = run_study(tmp_path / "mine.toml", tmp_path / "r", jobs=1)
    again = run_study(
        tmp_path / "mine.toml", tmp_path / "r", jobs=1, keep=True, on_unkept=told.append, on_record=ran.append
    )
    assert (told, ran) == ([2], [])
    assert [one.trial.key for one in again] == [one.trial.key for one in plain]


def test_the_command_writes_csv_and_figure_or_nothing(kept, cli, tmp_path):
    found, folder = one(kept, "linear", path="sound.wav")
    key = found.record.trial.key
    arguments = ("predict", key, folder / "sound.wav", "--results", folder / "r")
    done = cli(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [f"sound-{key}.csv", f"sound-{key}.png"]
    table = pd.read_csv(tmp_path / f"sound-{key}.csv")
    assert list(table.columns) == ["sample", "seconds", "0_predicted", "0_true"]
    assert table["seconds"].iloc[0] == table["sample"].iloc[0] / 250
    assert (tmp_path / f"sound-{key}.png").stat().st_size > 10_000
    for further in (["--steps", "5"], ["--figure", "a.gif"], ["--out", "nowhere/a.csv"]):
        refused = cli(*arguments, "--out", "a.csv", *further)
        assert refused.returncode == 2
        assert not list(tmp_path.glob("a*"))


def test_show_says_where_the_learner_is(kept, cli):
    found, folder = one(kept, "gru", column="voltage")
    done = cli("show", found.record.trial.key, "--results", folder / "r")
    assert f"{found.record.kept_name}: 273 numbers in 6 arrays." in done.stdout
    data = json.loads(cli("show", found.record.trial.key, "--results", folder / "r", "--json").stdout)
    assert data["learner"].endswith(".learner.pt")
