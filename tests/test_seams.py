"""The seams, used as a third party would: a task, an architecture and a metric from one file each, in one study."""

import pandas as pd
import pytest

from benchbench import load, run_study, write_report

pytestmark = pytest.mark.long

BEATS = '''
"""Which of two shapes a beat has; beats differ in length."""
import numpy as np
from benchbench import Objective, Problem, Split, task

def beats(rng, count, length):
    true = np.arange(count) % 2
    lengths = rng.integers(length - 8, length + 1, count)
    times = np.arange(length) / 4
    inputs = np.sin(times * (1 + true)[:, None] + rng.uniform(0, 6, (count, 1)))
    inputs += 0.2 * rng.standard_normal((count, length))
    inputs[np.arange(length) >= lengths[:, None]] = 0
    targets = np.eye(2, dtype=np.float32)[true][:, None]
    return Split(inputs=inputs.astype(np.float32)[:, :, None], targets=targets, lengths=lengths)

@task("beats", version=1)
def task_of_beats(rng, length, *, count: int = 96):
    """Which of two shapes a beat has."""
    train, valid, test = (beats(rng, n, length) for n in (count, 48, 48))
    return Problem(train=train, valid=valid, test=test, objective=Objective.classification(),
                   classes=("normal", "ectopic"), asks="label", causal=False)
'''

METRIC = '''
"""The same shapes at one length, scored by a macro-averaged F1 of its own."""
import numpy as np
from sklearn.metrics import f1_score
from benchbench import Metric, Objective, Problem, Split, task

def macro_f1(targets, predictions):
    true, found = targets.argmax(-1).ravel(), predictions.argmax(-1).ravel()
    return f1_score(true, found, average="macro")

@task("shapes", version=1)
def shapes(rng, length):
    """Which of three frequencies a wave has."""
    def split(count):
        true = np.arange(count) % 3
        waves = np.sin(0.3 * np.arange(length) * (1 + true)[:, None] + rng.uniform(0, 6, (count, 1)))
        noisy = (waves + 0.2 * rng.standard_normal(waves.shape)).astype(np.float32)
        return Split(inputs=noisy[:, :, None], targets=np.eye(3, dtype=np.float32)[true][:, None])
    objective = Objective("shapes", "cross_entropy", {"my_f1": Metric(macro_f1, "higher")}, "my_f1", choose="my_f1")
    return Problem(train=split(96), valid=split(48), test=split(48), objective=objective, asks="label", causal=False)
'''

NET = '''
"""A recurrent core of ones own, which a second engine declines."""
from torch import nn
from benchbench import UnsupportedError, architecture
from benchbench.learn import Gradient

@architecture("mine", version=1, engines={"torch": None, "stub": 7})
def mine(setting, *, learning_rate: float = 3e-2):
    """A gated network."""
    if setting.engine == "stub":
        raise UnsupportedError("the stub computes nothing")
    def core(inputs, width):
        return nn.GRU(inputs, width, batch_first=True)
    return Gradient(setting, core, learning_rate=learning_rate)
'''

STUDY = """
name = "seams"
lengths = [20]
seeds = 2
engines = ["torch", "stub"]
plugins = ["beats.py", "shapes.py", "net.py"]
[[budgets]]
name = "few"
width = 12
updates = 150
batch = 32
[tasks.beats]
[tasks.shapes]
[architectures.rnn]
learning_rate = 1e-2
[architectures.lstm]
learning_rate = 1e-2
[architectures.gru]
learning_rate = 1e-2
width = [4, 12]
[architectures.esn]
[architectures.mine]
[architectures.linear]
[architectures.persistence]
[architectures.mean]
[architectures.majority]
"""
NETWORKS = ["rnn", "lstm", "gru", "esn", "mine"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of the study, its records as a frame, and the text of all pages of its report."""
    folder = tmp_path_factory.mktemp("seams")
    for name, text in (("beats.py", BEATS), ("shapes.py", METRIC), ("net.py", NET), ("seams.toml", STUDY)):
        (folder / name).write_text(text)
    run_study(folder / "seams.toml", folder / "results", machine="here")
    page = write_report("seams", folder / "results")
    pages = "\n".join(file.read_text() for file in sorted(page.parent.rglob("*.md")))
    return folder, load("seams", folder / "results"), pages


def test_every_trial_has_one_record_and_only_what_declines_is_not_ok(made):
    _, frame, _ = made
    assert len(frame) == 2 * 2 * (3 + 2 + 2 + 4)  # gru has two widths, mine two engines
    other = frame[frame["status"] != "ok"]
    assert set(other["status"]) == {"unsupported"}
    declined = set(zip(other["architecture"], other["task"], other["engine"], strict=True))
    assert declined == {
        ("mine", "beats", "stub"), ("mine", "shapes", "stub"), ("persistence", "beats", "torch"),
        ("persistence", "shapes", "torch"), ("linear", "beats", "torch"),
    }  # fmt: skip
    assert set(other.loc[other["engine"] == "stub", "message"]) == {"the stub computes nothing"}


def test_networks_beat_the_majority_on_classes_of_sequences_that_differ_in_length(made):
    _, frame, _ = made
    beats = frame[(frame["task"] == "beats") & (frame["status"] == "ok")]
    medians = beats.groupby("architecture")["test_balanced_accuracy"].median()
    assert (medians[NETWORKS] > 0.75).all(), medians
    assert medians["majority"] == medians["mean"] == 0.5
    assert set(beats["objective"]) == {"classification"}
    assert set(beats["primary"]) == {"balanced_accuracy"}
    pd.testing.assert_series_equal(beats["test_score"], beats["test_balanced_accuracy"], check_names=False)
    assert beats["test_mse"].isna().all()


def test_a_users_own_metric_scores_and_chooses(made):
    _, frame, _ = made
    shapes = frame[(frame["task"] == "shapes") & (frame["status"] == "ok")]
    assert set(shapes["primary"]) == {"my_f1"}
    assert shapes["test_score"].between(0, 1).all()
    assert shapes.groupby("architecture")["test_score"].median()["linear"] > 1 / 3
    assert shapes["test_balanced_accuracy"].isna().all()


def test_the_report_names_metrics_classes_and_the_competitors_that_declined(made):
    _, _, pages = made
    assert "balanced accuracy" in pages.replace("_", " ")
    assert "my_f1" in pages.replace("\\", "")
    assert "the stub computes nothing" in pages
    assert "MSE" not in pages


def test_a_second_run_of_a_complete_study_runs_no_trial(made):
    folder, frame, _ = made
    started = []
    again = run_study(folder / "seams.toml", folder / "results", machine="here", on_start=started.append)
    assert started == []
    assert {record.trial.key for record in again} == set(frame["key"])


def test_the_version_of_an_engine_is_part_of_the_key(made):
    folder, frame, _ = made
    again = run_study(folder / "seams.toml", folder / "results", machine="here")
    stub = [record.trial for record in again if record.trial.engine == "stub"]
    assert {trial.versions["engine"] for trial in stub} == {7}
    assert len(set(frame["key"])) == len(frame)


def test_kernels_are_recorded(made):
    _, frame, _ = made
    ok = frame[frame["status"] == "ok"]
    assert (ok.loc[ok["architecture"].isin(["rnn", "lstm", "gru", "esn", "mine"]), "kernel"] != "").all()
