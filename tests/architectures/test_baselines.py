"""mean, majority, persistence and linear: closed forms and scikit-learn's ridge."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter

RNG = np.random.default_rng(0)


def split(count=80, length=12, scored=1, features=1, outputs=1):
    inputs = RNG.standard_normal((count, length, features)).astype(np.float32)
    targets = RNG.standard_normal((count, scored, outputs)).astype(np.float32)
    return Split(inputs=inputs, targets=targets)


REGRESSION, CLASSES = Objective.regression(), Objective.classification()
BASELINES = ["linear", "majority", "mean", "persistence"]


def classes(count=80, length=12, scored=1, features=2, shares=(0.2, 0.5, 0.3)):
    """One-hot targets of three classes; the number of the class is added to inputs that are otherwise noise."""
    which = RNG.choice(len(shares), (count, scored), p=shares)
    inputs = RNG.standard_normal((count, length, features)) + which[:, :1, None]
    return Split(inputs=inputs.astype(np.float32), targets=np.eye(len(shares), dtype=np.float32)[which])


def uneven(split, behind=0.0):
    """The same sequences with lengths from 5 to 12; the padding has the value ``behind``."""
    lengths = RNG.integers(5, 13, len(split))
    inputs = split.inputs.copy()
    for sequence, length in zip(inputs, lengths, strict=True):
        sequence[length:] = behind
    return Split(inputs=inputs, targets=split.targets, lengths=lengths)


def fitted(name, train, valid=None, objective=REGRESSION, **options):
    _, length, features = train.inputs.shape
    setting = Setting(
        inputs=features, outputs=train.targets.shape[2], scored=train.scored, length=length, width=1, seed=0,
        objective=objective,
    )  # fmt: skip
    learner = registry.load().get("architecture", name).function(setting, **options)
    learner.fit(train, valid or train, Meter(Budget(name="b", updates=10), batches=1))
    return learner


def test_mean_predicts_the_mean_of_each_output():
    train = split(scored=3, outputs=2)
    predictions = fitted("mean", train).predict(train.inputs[:5])
    assert predictions.shape == (5, 3, 2)
    np.testing.assert_allclose(predictions[0, 0], train.targets.mean(axis=(0, 1)), rtol=1e-5)


def test_persistence_repeats_the_present():
    train = split(scored=4)
    np.testing.assert_array_equal(fitted("persistence", train).predict(train.inputs), train.inputs[:, -4:])


def test_persistence_declines_a_problem_whose_outputs_are_not_its_inputs():
    with pytest.raises(UnsupportedError, match="as many outputs as inputs"):
        fitted("persistence", split(features=2, outputs=1))


def test_linear_is_ridge_on_the_flattened_window():
    train, valid = split(count=200, features=2), split()
    learner = fitted("linear", train, split(count=50, features=2))
    reference = Ridge(alpha=learner._solution.strength * 200).fit(train.inputs.reshape(200, -1), train.targets[:, 0])
    windows = split(features=2).inputs
    np.testing.assert_allclose(
        learner.predict(windows)[:, 0], reference.predict(windows.reshape(80, -1)).reshape(-1, 1), atol=1e-4
    )
    assert valid is not train


def test_linear_finds_the_two_term_recurrence_of_a_cosine_exactly():
    phases = RNG.uniform(0, 2 * np.pi, (50, 1))
    series = np.cos(0.1 * np.arange(31)[None] + phases).astype(np.float32)[:, :, None]
    train = Split(inputs=series[:, :30], targets=series[:, 11:])
    learner = fitted("linear", train)
    assert learner.size.trained == 30 - 20 + 1 + 1
    assert np.abs(learner.predict(train.inputs) - train.targets).max() < 1e-4


def test_baselines_are_registered_as_baselines_that_solve():
    known = registry.load()
    found = [name for name in known.names("architecture") if known.get("architecture", name).baseline]
    assert found == sorted([*BASELINES, "logistic"])  # logistic has a test file of its own
    assert all(known.get("architecture", name).solves for name in [*found, "esn"])
    assert not any(known.get("architecture", name).solves for name in ("rnn", "lstm", "gru"))


def test_the_mean_of_one_hot_targets_is_the_frequency_of_each_class():
    train = classes(400, scored=3)
    predictions = fitted("mean", train, objective=CLASSES).predict(train.inputs[:4])
    counts = np.bincount(train.targets.argmax(axis=2).ravel(), minlength=3)
    np.testing.assert_allclose(predictions, np.broadcast_to(counts / counts.sum(), (4, 3, 3)), rtol=1e-5)


def test_majority_predicts_the_most_frequent_class_with_certainty():
    train = classes(400, scored=3)
    learner = fitted("majority", train, objective=CLASSES)
    np.testing.assert_array_equal(learner.predict(train.inputs[:4]), np.broadcast_to([0.0, 1.0, 0.0], (4, 3, 3)))
    assert CLASSES.scores(train.targets, learner.predict(train.inputs))[0]["balanced_accuracy"] == pytest.approx(1 / 3)


def test_majority_declines_regressions_and_persistence_declines_classifications():
    with pytest.raises(UnsupportedError, match="asks for numbers"):
        fitted("majority", split())
    with pytest.raises(UnsupportedError, match="not probabilities"):
        fitted("persistence", classes(features=3), objective=CLASSES)


def test_linear_classifies_by_ridge_on_one_hot_targets_and_a_softmax():
    train, valid, test = classes(300), classes(100), classes(50)
    learner = fitted("linear", train, valid, CLASSES)
    reference = Ridge(alpha=learner._solution.strength * 300).fit(train.inputs.reshape(300, -1), train.targets[:, 0])
    outputs = reference.predict(test.inputs.reshape(50, -1)) / learner._solution.temperature
    expected = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    predictions = learner.predict(test.inputs)
    np.testing.assert_allclose(predictions[:, 0], expected, atol=1e-4)
    np.testing.assert_allclose(predictions.sum(axis=2), 1, atol=1e-6)
    assert CLASSES.scores(test.targets, predictions)[0]["balanced_accuracy"] > 0.6


def test_persistence_repeats_the_last_inputs_before_each_sequence_ends():
    train = uneven(split(scored=4))
    predictions = fitted("persistence", train).predict(train.inputs, train.lengths)
    for predicted, series, length in zip(predictions, train.inputs, train.lengths, strict=True):
        np.testing.assert_array_equal(predicted, series[length - 4 : length])


def test_linear_declines_different_lengths_unless_it_may_pad():
    train = uneven(classes())
    with pytest.raises(UnsupportedError, match="shorter_sequences = "):
        fitted("linear", train, objective=CLASSES)
    learner = fitted("linear", train, objective=CLASSES, shorter_sequences="pad_front")
    plain = fitted("linear", classes(), objective=CLASSES)
    with pytest.raises(UnsupportedError, match="shorter_sequences = "):
        plain.predict(train.inputs, train.lengths)
    aligned = np.zeros_like(train.inputs)
    for moved, series, length in zip(aligned, train.inputs, train.lengths, strict=True):
        moved[12 - length :] = series[:length]
    np.testing.assert_array_equal(learner.predict(train.inputs, train.lengths), learner.predict(aligned))


@pytest.mark.parametrize("name", BASELINES)
def test_values_in_the_padding_change_nothing(name):
    objective = REGRESSION if name == "persistence" else CLASSES
    train = uneven(split(features=3, outputs=3) if name == "persistence" else classes())
    behind = np.arange(12) >= train.lengths[:, None]
    changed = Split(
        inputs=np.where(behind[:, :, None], np.float32(np.nan), train.inputs),
        targets=train.targets,
        lengths=train.lengths,
    )
    options = {"shorter_sequences": "pad_front"} if name == "linear" else {}
    found = [
        fitted(name, given, objective=objective, **options).predict(given.inputs, given.lengths)
        for given in (train, changed)
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("name", "kernel"), [(n, "ridge solve" if n == "linear" else "none") for n in BASELINES])
def test_baselines_name_the_code_that_ran(name, kernel):
    learner = fitted(name, split() if name == "persistence" else classes(),
                     objective=REGRESSION if name == "persistence" else CLASSES)  # fmt: skip
    assert learner.kernel == kernel
