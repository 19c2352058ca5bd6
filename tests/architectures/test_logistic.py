"""The logistic baseline against scikit-learn called by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter

RNG = np.random.default_rng(0)


def splits(classes, count=80, scored=1):
    found = []
    for _ in range(3):
        inputs = RNG.standard_normal((count, 6, 2)).astype(np.float32)
        true = (inputs[:, -scored:, 0] > 0.3).astype(int) + (classes == 3) * (inputs[:, -scored:, 1] > 0.5)
        found.append(Split(inputs=inputs, targets=np.eye(classes, dtype=np.float32)[true]))
    return found


def fitted(train, valid, **options):
    setting = Setting(
        inputs=2, outputs=train.targets.shape[2], scored=train.scored, length=6, width=1, seed=0,
        objective=Objective.classification(), causal=False,
    )  # fmt: skip
    learner = registry.load().get("architecture", "logistic").function(setting, **options)
    learner.fit(train, valid, Meter(Budget(name="b", updates=5)))
    return learner


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", ["equal", "balanced"])
def test_logistic_keeps_the_regression_that_is_best_on_validation(classes, weights):
    train, valid, test = splits(classes)
    learner = fitted(train, valid, class_weights=weights)

    def rows(split):
        return split.inputs.transpose(0, 2, 1).reshape(len(split), -1)

    models = [
        LogisticRegression(C=strength, class_weight=None if weights == "equal" else weights, max_iter=500).fit(
            rows(train), train.targets.argmax(axis=2)[:, 0]
        )
        for strength in (1e-3, 1e-2, 1e-1, 1.0, 10.0)
    ]
    best = min(models, key=lambda model: log_loss(valid.targets[:, 0], model.predict_proba(rows(valid))))
    np.testing.assert_allclose(learner.predict(test.inputs)[:, 0], best.predict_proba(rows(test)), atol=1e-5)
    assert learner.size.trained == best.coef_.size + best.intercept_.size


def test_where_several_steps_are_scored_logistic_is_a_causal_filter():
    train, valid, test = splits(2, scored=3)
    learner = fitted(train, valid)
    changed = test.inputs.copy()
    changed[:, -1] += 5
    np.testing.assert_array_equal(learner.predict(changed)[:, :2], learner.predict(test.inputs)[:, :2])
    assert learner.size.trained == 4 * 2 + 1


def test_a_training_split_of_one_class_is_declined():
    train, valid, _ = splits(2)
    with pytest.raises(UnsupportedError, match="two classes"):
        fitted(Split(inputs=train.inputs, targets=np.tile(np.float32([[1, 0]]), (80, 1, 1))), valid)
