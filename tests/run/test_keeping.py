"""A fitted learner is kept as arrays or as tensors, never by pickle, and predicts and generates the same afterwards."""

import hashlib
import io
import pickle
import re

import numpy as np
import pytest
import torch

from benchbench import Size, Split
from benchbench.core import artifacts, registry
from benchbench.core.errors import InputError
from benchbench.core.meter import Meter
from benchbench.core.objective import Objective
from benchbench.core.problem import Setting
from benchbench.core.record import Environment, Kept, Record, Status
from benchbench.core.spec import Budget, Trial
from benchbench.run import keeping

RNG = np.random.default_rng(1)
WAVES = np.sin(0.4 * np.arange(15) + RNG.uniform(0, 6, (40, 1))).astype(np.float32)[:, :, None]
NUMBERS = Split(inputs=WAVES[:, :-1], targets=WAVES[:, 1:][:, -3:])
LAST = Split(inputs=WAVES[:, :-1], targets=WAVES[:, -1:])
CLASSES = Split(inputs=WAVES[:, :-1], targets=np.eye(2, dtype=np.float32)[(WAVES[:, -1, 0] > 0).astype(int)][:, None])

CASES = [
    ("rnn", "torch", NUMBERS, {"layers": 2}),
    ("lstm", "torch", NUMBERS, {"bidirectional": False, "dense_after": (5,)}),
    ("gru", "torch", NUMBERS, {"initial_state": "learned"}),
    ("gru", "torch", CLASSES, {"bidirectional": True}),
    ("gru", "numba", NUMBERS, {"initial_state": "learned"}),
    ("lstm", "numba", CLASSES, {}),
    ("rnn", "numba", LAST, {}),
    ("esn", "torch", NUMBERS, {"links_per_unit": 2}),
    ("esn", "torch", NUMBERS, {"topology": "orthogonal", "precision": "float64"}),
    ("esn", "torch", NUMBERS, {"feedback": 0.5}),
    ("esn", "torch", CLASSES, {}),
    ("linear", "torch", NUMBERS, {}),
    ("linear", "torch", CLASSES, {}),
    ("logistic", "torch", CLASSES, {}),
    ("majority", "torch", CLASSES, {}),
    ("mean", "torch", NUMBERS, {}),
    ("persistence", "torch", NUMBERS, {}),
    ("autoencoder", "torch", LAST, {}),
    ("encoder_decoder", "torch", NUMBERS, {}),
    ("scheduled_sampling", "torch", NUMBERS, {}),
    ("mistaken", "torch", LAST, {"mistake": "feature_axis"}),
]


def setting(split, engine="torch", width=12):
    classifies = split is CLASSES
    return Setting(
        inputs=1, outputs=split.targets.shape[2], scored=split.scored, length=14, width=width, seed=5, batch=16,
        engine=engine, causal=False,
        objective=Objective.classification() if classifies else Objective.regression(),
    )  # fmt: skip


def fitted(learner, split):
    meter = Meter(Budget(name="few", width=12, updates=4), batches=3)
    meter.start()
    learner.fit(split, split, meter)
    meter.stop()
    return learner


@pytest.mark.parametrize(("name", "engine", "split", "options"), CASES, ids=lambda one: str(one)[:30])
def test_every_shipped_learner_predicts_and_generates_bit_by_bit_the_same_when_it_is_restored(
    name, engine, split, options
):
    function, how = registry.load().get("architecture", name).function, setting(split, engine)
    learner, again = fitted(function(how, **options), split), function(how, **options)
    facts, _ = keeping.kept(learner, how, lambda: again, split)
    assert facts.message == ""
    assert facts.form == ("torch" if engine == "torch" and isinstance(learner, gradient()) else "arrays")
    assert np.array_equal(learner.predict(split.inputs), again.predict(split.inputs))
    if split is LAST and hasattr(learner, "generate"):
        pair = [one.generate(WAVES[:3, :14], 6) for one in (learner, again)]
        assert np.array_equal(*pair)
    assert facts.setting == {
        "inputs": 1, "outputs": split.targets.shape[2], "scored": split.scored, "length": 14, "width": 12, "seed": 5,
        "batch": 16, "causal": False,
    }  # fmt: skip


def gradient():
    from benchbench.learn.gradient import Gradient

    return Gradient


def test_the_weights_of_a_network_can_be_loaded_by_pytorch_with_nothing_but_weights_allowed():
    how = setting(LAST)
    learner = fitted(registry.load().get("architecture", "gru").function(how), LAST)
    _, content = keeping.kept(learner, how, lambda: registry.load().get("architecture", "gru").function(how), LAST)
    weights = torch.load(io.BytesIO(content), weights_only=True)
    assert weights["head.weight"].shape == (1, 12)


class Own:
    """A learner of a plug-in: one number."""

    size = Size(trained=1)

    def __init__(self, factor=0.0):
        self.factor = factor

    def predict(self, inputs):
        return self.factor * inputs[:, -1:]

    def keep(self):
        return {"factor": np.array(self.factor)}

    def restore(self, kept):
        self.factor = float(kept["factor"])


def test_a_learner_of_a_plug_in_says_how_it_is_kept():
    again = Own()
    facts, content = keeping.kept(Own(2.0), setting(LAST), lambda: again, LAST)
    assert (facts.form, again.factor, artifacts.unpacked(content)["factor"]) == ("arrays", 2.0, 2.0)


class Silent(Own):
    keep = None


class Pickled(Own):
    def keep(self):
        return {"factor": np.array([Own()], dtype=object)}


class Mixed(Own):
    def keep(self):
        return {"a": np.zeros(1), "b": torch.zeros(1)}


class Forgetful(Own):
    def restore(self, kept):
        pass


class Broken(Own):
    def keep(self):
        raise SystemExit("no")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Silent, "it has no keep and restore"),
        (Pickled, "an array of objects cannot be kept"),
        (Mixed, r"keep\(\) returns tensors, and others under \['a'\]"),
        (Forgetful, "what it keeps predicts something else when it is restored"),
        (Broken, "SystemExit: no"),
    ],
)
def test_the_entry_of_a_learner_that_cannot_be_kept_says_why(kind, said):
    facts, content = keeping.kept(kind(2.0), setting(LAST), kind, LAST)
    assert content is None
    assert facts.form is None
    assert re.search(said, facts.message)


def test_a_network_that_carries_state_from_batch_to_batch_is_not_kept():
    function, how = registry.load().get("architecture", "mistaken").function, setting(LAST)
    learner = fitted(function(how, mistake="state_left_over"), LAST)
    facts, _ = keeping.kept(learner, how, lambda: function(how, mistake="state_left_over"), LAST)
    assert facts.message == "what it keeps predicts something else when it is restored"


@pytest.fixture
def stored(tmp_path):
    """A record of a linear learner whose file lies in its place."""
    how = setting(LAST)
    function = registry.load().get("architecture", "linear").function
    facts, content = keeping.kept(fitted(function(how), LAST), how, lambda: function(how), LAST)
    budget = Budget(name="few", width=12, updates=4)
    trial = Trial(study="mine", task="series", architecture="linear", length=14, seed=0, budget=budget)
    record = Record(
        trial=trial, status=Status.OK, started="2026-01-01T00:00:00+00:00", kept=facts,
        environment=Environment(machine="here"),
    )  # fmt: skip
    artifacts.write(artifacts.kept_path(tmp_path, record), content)
    return tmp_path, record


def test_a_file_that_was_changed_or_is_gone_is_refused(stored):
    results, record = stored
    known, file = registry.load(), artifacts.kept_path(results, record)
    assert file.name == f"{record.trial.key}.learner.npz"
    assert keeping.restored(record, results, known).predict(LAST.inputs).shape == (40, 1, 1)
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(InputError, match="is not the one that its record names"):
        keeping.restored(record, results, known)
    file.unlink()
    with pytest.raises(InputError, match="is not there"):
        keeping.restored(record, results, known)


def test_a_file_with_a_pickle_in_it_is_refused_even_where_the_record_names_it(stored):
    results, record = stored
    stream = io.BytesIO()
    np.savez(stream, readout=np.array([pickle.dumps], dtype=object), allow_pickle=True)
    content = stream.getvalue()
    artifacts.write(artifacts.kept_path(results, record), content)
    facts = record.kept.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    with pytest.raises(InputError, match="cannot be restored: ValueError: Object arrays cannot be loaded"):
        keeping.restored(record.model_copy(update={"kept": facts}), results, registry.load())


@pytest.mark.parametrize(
    ("kept", "said"),
    [(None, "its learner was not kept; benchbench run STUDY --keep"), (Kept(message="so"), "could not be kept: so")],
)
def test_the_output_says_that_a_learner_was_not_kept(kept, said, stored):
    results, record = stored
    with pytest.raises(InputError, match=said):
        keeping.restored(record.model_copy(update={"kept": kept}), results, registry.load())


def test_the_files_of_learners_that_records_name_stay_and_others_are_cleared(stored):
    results, record = stored
    folder = artifacts.kept_path(results, record).parent
    (folder / "0123456789abcdef.learner.pt").write_bytes(b"left over")
    (folder / f"{record.kept_name}.77.new").write_bytes(b"left over")
    artifacts.clear(folder, [record])
    assert [file.name for file in folder.iterdir()] == [record.kept_name]
