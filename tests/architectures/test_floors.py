"""mean, persistence and linear: closed forms and scikit-learn's ridge."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from benchbench import Budget, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter

RNG = np.random.default_rng(0)


def split(count=80, length=12, scored=1, features=1, outputs=1):
    inputs = RNG.standard_normal((count, length, features)).astype(np.float32)
    targets = RNG.standard_normal((count, scored, outputs)).astype(np.float32)
    return Split(inputs=inputs, targets=targets)


def fitted(name, train, valid=None):
    _, length, features = train.inputs.shape
    setting = Setting(
        inputs=features, outputs=train.targets.shape[2], scored=train.scored, length=length, width=1, seed=0
    )
    learner = registry.load().get("architecture", name).function(setting)
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


def test_persistence_declines_other_outputs_than_inputs():
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
