"""A trial run again agrees bit by bit where machine and versions are the same, and within the seeds elsewhere."""

from pathlib import Path

import numpy as np
import pytest

from benchbench import run_study
from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.keys import Found, find
from benchbench.core.record import Status
from benchbench.run import agreement
from benchbench.run.repeat import place, repeat
from tests.run.conftest import write_study

pytestmark = pytest.mark.long

SHIPPED = """
name = "shipped"
lengths = [12]
seeds = 1
engines = ["torch", "numba"]
[[budgets]]
name = "few"
width = 4
updates = 4
batch = 16
"""
NUMBERS = """
[tasks.cosine]
warm_up = 6
train_series = 40
valid_series = 20
test_series = 20
free_runs = 3
free_steps = 20
"""
COMPETITORS = {
    NUMBERS: [
        "rnn", "lstm", "gru", "esn", "linear", "mean", "persistence", "encoder_decoder", "scheduled_sampling",
        "mistaken",
    ],
    "[tasks.noisy_sine]\n": ["autoencoder", "lstm"],
    "[tasks.names]\n": ["logistic", "majority", "gru", "esn", "mean"],
}  # fmt: skip

OPTIONS = {"logistic": 'shorter_sequences = "pad_front"\n'}


def stored(folder, architectures, tasks=NUMBERS, text=SHIPPED):
    """The records of a small study in ``folder``."""
    file = folder / "study.toml"
    file.write_text(
        text + tasks + "".join(f"[architectures.{name}]\n{OPTIONS.get(name, '')}" for name in architectures)
    )
    return run_study(file, folder / "r", jobs=2)


def test_no_shipped_architecture_is_left_out_of_those_that_are_repeated():
    assert {name for names in COMPETITORS.values() for name in names} == {*registry.load().names("architecture")}


@pytest.mark.long
@pytest.mark.parametrize("tasks", COMPETITORS, ids=["numbers", "windows", "classes"])
def test_every_shipped_architecture_repeats_bit_by_bit_on_every_engine(tasks, tmp_path):
    records = stored(tmp_path, COMPETITORS[tasks], tasks)
    assert {record.status for record in records} == {"ok"}
    for record in records:
        made = repeat(find(tmp_path / "r", record.trial.key))
        assert made.agreement == (True, True, made.agreement.said), (record.trial.label, made.agreement.said)


@pytest.fixture(scope="module")
def two_seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    stored(folder, ["gru"], text=SHIPPED.replace("seeds = 1", "seeds = 2").replace(', "numba"', ""))
    return folder / "r"


def test_a_repeated_trial_agrees_and_leaves_the_records_as_they_were(two_seeds):
    [file] = two_seeds.rglob("*.jsonl")
    before, [line, _] = file.read_bytes(), file.read_text().splitlines()
    assert line
    found = _first(two_seeds)
    made = repeat(found)
    assert made.agreement.agrees
    assert made.agreement.bitwise
    assert made.record.scores == found.record.scores
    assert file.read_bytes() == before


def _first(results: Path) -> Found:
    from benchbench.core.store import read

    return find(results, read(results, "shipped")[0].record.trial.key)


def test_a_changed_number_of_the_record_does_not_agree_and_is_named(two_seeds):
    found = _first(two_seeds)
    changed = found.record.model_copy(update={"scores": {**found.record.scores, "test_mse": 0.5}})
    said = agreement.bitwise(changed, found.record)
    assert not said.agrees
    [_, difference] = said.said
    assert difference.startswith("scores.test_mse: 0.5 in the record, ")


def other_machine(found: Found, **scores: float) -> Found:
    """As if the record, and its siblings, had been made by an older PyTorch."""
    environment = found.record.environment.model_copy(update={"torch": "1.0"})
    record = found.record.model_copy(update={"environment": environment, "scores": {**found.record.scores, **scores}})
    line = found.line._replace(record=record)
    return Found(line, [line if one == found.line else one for one in found.study])


def test_with_other_versions_the_scores_are_compared_with_the_spread_over_seeds(two_seeds):
    found = other_machine(_first(two_seeds))
    made = repeat(found)
    assert (made.agreement.agrees, made.agreement.bitwise) == (True, False)
    assert "torch 1.0 in the record" in made.agreement.said[0]
    assert "the scores of its 2 seeds differ" in made.agreement.said[1]


def test_a_score_that_differs_by_more_than_the_spread_over_seeds_does_not_agree(two_seeds):
    found = _first(two_seeds)
    far = found.record.model_copy(update={"scores": {**found.record.scores, "test_mse": 99.0}})
    assert not agreement.spread(found.record, far, found.siblings, "of another machine").agrees
    assert agreement.spread(found.record, found.record, found.siblings, "of another machine").agrees


def test_without_another_seed_there_is_nothing_to_compare_with_on_another_machine(two_seeds):
    found = other_machine(_first(two_seeds))
    with pytest.raises(InputError, match=r"torch 1.0 in the record.*no other seed of this competitor"):
        repeat(Found(found.line, [found.line]))


def test_where_seconds_end_the_fit_the_seeds_decide(two_seeds):
    found = _first(two_seeds)
    budget = found.record.trial.budget.model_copy(update={"seconds": 1.0})
    timed = found.record.model_copy(update={"trial": found.record.trial.model_copy(update={"budget": budget})})
    fewer = timed.model_copy(update={"spent": timed.spent.model_copy(update={"updates": 3})})
    assert agreement.clocked(timed, fewer)
    assert not agreement.clocked(timed, timed)
    assert not agreement.clocked(found.record, fewer)


PLUGGED = """
name = "small"
lengths = [20]
seeds = 1
plugins = ["plugin.py"]
[[budgets]]
name = "few"
width = 4
updates = 3
batch = 16
[tasks.wave]
path = "data.npy"
"""


@pytest.fixture(scope="module")
def plugged(tmp_path_factory):
    """The folder of a study with a plug-in and a file of data, and its one record."""
    folder = tmp_path_factory.mktemp("plugged")
    np.save(folder / "data.npy", np.zeros(3))
    file = write_study(folder, text=PLUGGED)
    run_study(file, folder / "r", jobs=1)
    return folder


def test_the_file_of_a_study_says_where_its_plug_ins_and_its_paths_are(plugged, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder, files = place(str(plugged / "small.toml"), [])
    assert repeat(find(plugged / "r", ""), folder=folder, plugins=files).agreement.agrees


@pytest.mark.parametrize(
    ("plugins", "said"),
    [
        ([], "unknown task 'wave'.*give that with --plugin FILE"),
        (["plugin.py"], "there is no 'data.npy' in .*--study FILE.toml"),
    ],
)
def test_a_plug_in_or_a_file_that_is_missing_is_named(plugged, plugins, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder, files = place(None, [plugged / name for name in plugins])
    with pytest.raises(InputError, match=said):
        repeat(find(plugged / "r", ""), folder=folder, plugins=files)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version=1", "task 'wave' has version 2 here, but version 1 in the record"),
        ("gain: float = 1.0", "the plug-in file of its (task|architecture) differs from the file of the record"),
    ],
)
def test_a_plug_in_of_another_version_or_content_is_refused(plugged, text, said, monkeypatch, tmp_path):
    monkeypatch.chdir(plugged)
    changed = tmp_path / "plugin.py"
    changed.write_text((plugged / "plugin.py").read_text().replace(text, text.replace("1", "2")))
    with pytest.raises(InputError, match=said):
        repeat(find(plugged / "r", ""), folder=plugged, plugins=[str(changed)])


def test_a_trial_that_a_limit_ended_needs_that_limit(plugged):
    found = find(plugged / "r", "")
    stopped = found.line._replace(record=found.record.model_copy(update={"status": Status.TIMEOUT, "message": "slow"}))
    with pytest.raises(InputError, match=r"ended as timeout \(slow\): give --timeout"):
        repeat(Found(stopped, [stopped]))
