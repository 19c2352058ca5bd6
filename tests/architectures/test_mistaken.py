"""Each mistake has its own effect and no other."""

import numpy as np
import pytest
import torch

from benchbench import Budget, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter

SETTING = Setting(inputs=1, outputs=1, scored=1, length=8, width=6, seed=1, batch=16)
WAVES = np.sin(0.7 * np.arange(9) + np.arange(96)[:, None]).astype(np.float32)[:, :, None]
SPLIT = Split(inputs=WAVES[:, :-1], targets=WAVES[:, -1:])


def make(name="mistaken", setting=SETTING, **options):
    return registry.load().get("architecture", name).function(setting, **options)


def fitted(name="mistaken", updates=30, **options):
    learner = make(name, **options)
    meter = Meter(Budget(name="b", updates=updates), batches=6)
    learner.fit(SPLIT, SPLIT, meter)
    return learner, meter


@pytest.mark.long
def test_without_a_mistake_the_learner_equals_the_rnn_at_a_constant_rate():
    right = fitted("rnn", schedule="constant")[0]
    np.testing.assert_array_equal(fitted()[0].predict(SPLIT.inputs), right.predict(SPLIT.inputs))


def test_a_window_on_the_feature_axis_is_one_step_of_a_dense_layer():
    learner, _ = fitted(mistake="feature_axis")
    module = learner._network.core.module
    assert module.input_size == 8
    with torch.no_grad():
        flat = torch.tensor(SPLIT.inputs[:, :, 0])
        hidden = torch.tanh(flat @ module.weight_ih_l0.T + module.bias_ih_l0 + module.bias_hh_l0)
        by_hand = learner._network.head(hidden)
    np.testing.assert_allclose(learner.predict(SPLIT.inputs)[:, 0], by_hand, atol=1e-6)


def test_a_window_on_the_feature_axis_needs_a_single_scored_step():
    learner = make(setting=Setting(inputs=1, outputs=1, scored=3, length=8, width=6, seed=1), mistake="feature_axis")
    with pytest.raises(UnsupportedError, match="one step"):
        learner.fit(Split(inputs=WAVES[:, :-1], targets=WAVES[:, -3:]), SPLIT, Meter(Budget(name="b", updates=1)))


@pytest.mark.long
def test_a_broadcast_loss_makes_every_prediction_the_mean():
    right, wrong = (fitted(updates=400, mistake=mistake)[0] for mistake in ("none", "broadcast"))
    spread = SPLIT.targets.std()
    assert right.predict(SPLIT.inputs).std() > 0.8 * spread
    assert wrong.predict(SPLIT.inputs).std() < 0.1 * spread


def test_best_weights_kept_by_reference_are_the_last_weights():
    learner, meter = fitted(mistake="reference", learning_rate=0.5, optimizer="sgd", updates=60)
    error = float(np.square(learner.predict(SPLIT.inputs) - SPLIT.targets).mean())
    assert error == pytest.approx(meter.curve[-1][2], rel=1e-5)
    kept, meter = fitted(learning_rate=0.5, optimizer="sgd", updates=60)
    error = float(np.square(kept.predict(SPLIT.inputs) - SPLIT.targets).mean())
    assert error == pytest.approx(min(point[2] for point in meter.curve), rel=1e-5)


def test_a_state_left_over_makes_a_prediction_depend_on_the_batch_before():
    learner, _ = fitted(mistake="state_left_over")
    first, second = (learner.predict(SPLIT.inputs[:5]) for _ in range(2))
    assert (first != second).any()
