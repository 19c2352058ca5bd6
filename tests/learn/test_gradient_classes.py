"""The training loop on classes: the loss, the probabilities, and what chooses the weights."""

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.seeds import stream
from benchbench.learn import Gradient
from benchbench.learn.device import seeded
from benchbench.learn.network import Network

CLASSES = Objective.classification()
SHAPE = {"inputs": 1, "outputs": 3, "scored": 1, "length": 20, "width": 8, "seed": 3, "batch": 16}
SETTING = Setting(**SHAPE, objective=CLASSES)


def gru(inputs, width):
    return nn.GRU(inputs, width, batch_first=True)


def waves(count=150, seed=0, scored=1):
    """Three classes, waves of three frequencies in noise; the first is the most frequent."""
    rng = np.random.default_rng(seed)
    which = rng.choice(3, count, p=(0.5, 0.3, 0.2))
    angle = np.array([0.2, 0.6, 1.2])[which][:, None] * np.arange(20) + rng.uniform(0, 1.5, (count, 1))
    inputs = np.sin(angle) + 0.05 * rng.standard_normal(angle.shape)
    targets = np.repeat(np.eye(3, dtype=np.float32)[which][:, None], scored, axis=1)
    return Split(inputs=inputs.astype(np.float32)[:, :, None], targets=targets)


def fit(learner, updates=40, train=None, valid=None, watch=lambda _updates: None):
    meter = Meter(Budget(name="b", updates=updates, batch=16), batches=10, watch=watch)
    meter.start()
    learner.fit(train or waves(), valid or waves(60, seed=1), meter)
    meter.stop()
    return meter


def score(learner, name="balanced_accuracy"):
    test = waves(200, seed=2)
    return CLASSES.scores(test.targets, learner.predict(test.inputs))[0][name]


def test_the_losses_with_cross_entropy_equal_those_of_a_plain_loop():
    train, valid = waves(), waves(60, seed=1)
    learner = Gradient(SETTING, gru, learning_rate=1e-2, schedule="constant")
    meter = fit(learner, updates=10, train=train, valid=valid)
    with seeded(SETTING.seed, "cpu"):
        network = Network(gru, SETTING)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    order, losses, found = stream(SETTING.seed, "batches").permutation(len(train)), [], []
    for update in range(10):
        chosen = order[16 * update : 16 * update + 16]
        share = network(torch.tensor(train.inputs[chosen])).softmax(dim=-1)
        loss = -(share.log() * torch.tensor(train.targets[chosen])).sum(dim=-1).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        with torch.no_grad():
            share = network(torch.tensor(valid.inputs)).softmax(dim=-1).numpy()
        found.append(-np.mean(np.sum(valid.targets * np.log(share), axis=2)))
    np.testing.assert_allclose([point[3] for point in meter.curve], losses, rtol=1e-4)
    np.testing.assert_allclose([point[2] for point in meter.curve], found, rtol=1e-4)


@pytest.mark.parametrize("scored", [1, 4])
def test_predictions_are_probabilities(scored):
    learner = Gradient(Setting(**{**SHAPE, "scored": scored}, objective=CLASSES), gru)
    fit(learner, updates=5, train=waves(scored=scored), valid=waves(60, 1, scored))
    predictions = learner.predict(waves().inputs)
    assert (predictions.shape, predictions.dtype) == ((150, scored, 3), np.float32)
    assert (predictions >= 0).all()
    np.testing.assert_allclose(predictions.sum(axis=2), 1, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "esn", "linear"])
def test_every_competitor_beats_the_baselines(name):
    known = registry.load()
    setting = Setting(**{**SHAPE, "width": 40}, objective=CLASSES)
    options = {} if name in {"esn", "linear"} else {"learning_rate": 1e-2}

    def scores(name, **options):
        learner = known.get("architecture", name).function(setting, **options)
        fit(learner, updates=200, train=waves(600))
        return score(learner), score(learner, "log_loss")

    baselines = {baseline: scores(baseline) for baseline in ("mean", "majority")}
    accuracy, loss = scores(name, **options)
    assert baselines["mean"][0] == baselines["majority"][0] == pytest.approx(1 / 3)
    assert accuracy > 0.9
    assert loss < 0.5 * baselines["mean"][1]


def test_the_best_weights_are_those_that_the_objective_chooses_and_the_loss_decides_between_equals():
    valid, seen = waves(60, seed=1), []
    objective = Objective.classification(choose="accuracy")
    learner = Gradient(Setting(**SHAPE, objective=objective), gru, optimizer="sgd", learning_rate=1.0)

    def watch(updates):
        if updates:
            made = learner.predict(valid.inputs)
            seen.append((objective.choice(valid.targets, made), objective.loss_of(valid.targets, made)))

    fit(learner, updates=60, watch=watch)
    made = learner.predict(valid.inputs)
    kept = (objective.choice(valid.targets, made), objective.loss_of(valid.targets, made))
    assert len(set(seen)) > 5
    np.testing.assert_allclose(kept, min(seen), rtol=1e-5)


def test_there_is_no_free_run_of_probabilities():
    learner = Gradient(Setting(**{**SHAPE, "inputs": 3}, objective=CLASSES), gru)
    train = waves()
    three = Split(inputs=np.repeat(train.inputs, 3, axis=2), targets=train.targets)
    fit(learner, updates=2, train=three, valid=three)
    with pytest.raises(UnsupportedError, match="probabilities of classes"):
        learner.generate(three.inputs, 3)
