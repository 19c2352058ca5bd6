"""The microscope: snapshots of a learner, and the reason in the record if there are none."""

import numpy as np
import pytest

from benchbench.core import artifacts, registry
from benchbench.core import study as studies
from benchbench.core.record import Environment
from benchbench.run.trial import run_trial

SOURCE = """
from benchbench import Snapshot
class Seen(Base):
    def __init__(self, setting):
        super().__init__(setting)
        self.weight = np.zeros(2)
    def fit(self, train, valid, meter):
        meter.look()
        while meter.spend():
            self.weight += 1
            meter.note(1.0)
    def snapshot(self, inputs):
        {body}
@architecture("seen", version=1)
def seen(setting):
    return Seen(setting)
"""


@pytest.fixture
def outcome(study):
    """The outcome of a trial under the microscope; its learner's ``snapshot`` has the given body."""

    def run(body, name="seen"):
        file = study(f"[architectures.{name}]", SOURCE.replace("{body}", body))
        file.write_text(file.read_text().replace("seeds = 1", "seeds = 1\nmicroscope = true"))
        read = studies.read(file)
        known = registry.load(read.plugins)
        [trial] = read.trials(known)
        return run_trial(trial, known, Environment(machine="here"))

    return run


def arrays(outcome, tmp_path):
    artifacts.write(artifacts.path(tmp_path, outcome.record), outcome.artifact)
    return artifacts.read(tmp_path, outcome.record)[0]


def test_snapshots_are_copies_from_before_training_and_each_validation(outcome, tmp_path):
    found = outcome("return Snapshot(states=inputs, weights={'w': self.weight})")
    assert (found.record.status, found.record.message) == ("ok", "")
    kept = arrays(found, tmp_path)
    assert kept["snapshot.updates"].tolist() == [0, 1, 2, 3]
    assert [kept[f"snapshot.{i}.weights.w"][0] for i in range(4)] == [0, 1, 2, 3]
    assert kept["snapshot.0.states"].shape == (1, 20, 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return {'w': 1}", "the microscope saw nothing: "),
        ("return None", "the microscope saw nothing: TypeError"),
        (
            "return Snapshot(states=None, weights={'w': np.array([{}], dtype=object)})",
            "weights.w in the snapshot must be an array of numbers",
        ),
        ("raise RuntimeError('broken lens')", "RuntimeError: broken lens"),
    ],
)
def test_a_snapshot_that_fails_costs_no_score_and_the_record_says_so(outcome, body, message):
    found = outcome(body)
    assert found.record.status == "ok"
    assert message in found.record.message
    assert found.artifact is None
    assert found.record.scores["test_mse"] > 0


def test_the_record_says_that_a_learner_has_no_snapshots(outcome):
    assert outcome("pass", "good").record.message == "the microscope saw nothing: the learner has no method snapshot"


@pytest.mark.parametrize(("name", "weight"), [("lstm", "core.weight_hh_l0"), ("esn", "recurrent")])
def test_shipped_networks_show_states_and_recurrent_weights(outcome, tmp_path, name, weight):
    kept = arrays(outcome("pass", name), tmp_path)
    last = len(kept["snapshot.updates"]) - 1
    assert kept[f"snapshot.{last}.states"].shape[:2] == (1, 20)
    assert np.isfinite(kept[f"snapshot.{last}.weights.{weight}"]).all()
