"""The training loop: against a plain loop, and what it promises."""

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Setting, Split
from benchbench.core.errors import DivergedError, InputError
from benchbench.core.meter import Meter
from benchbench.core.seeds import stream
from benchbench.learn import Gradient
from benchbench.learn.device import seeded
from benchbench.learn.gradient import Network

SETTING = Setting(inputs=1, outputs=1, scored=1, length=20, width=8, seed=3, batch=16)


def gru(inputs, width):
    return nn.GRU(inputs, width, batch_first=True)


def sine(count=200, scored=1, phase=0.0):
    time = np.arange(21)[None] + 50 * np.arange(count)[:, None] / 7 + phase
    values = np.sin(0.3 * time).astype(np.float32)[:, :, None]
    return Split(inputs=values[:, :20], targets=values[:, 21 - scored :])


def fit(learner, updates=40, train=None, valid=None, **limits):
    meter = Meter(Budget(name="b", updates=updates, batch=16, **limits), batches=13)
    meter.start()
    learner.fit(train or sine(), valid or sine(40, phase=0.5), meter)
    meter.stop()
    return meter


def test_the_loss_path_is_that_of_a_plain_loop():
    train, valid = sine(), sine(40, phase=0.5)
    learner = Gradient(SETTING, gru, learning_rate=1e-2)
    fit(learner, updates=30, train=train, valid=valid)

    with seeded(SETTING.seed, "cpu"):
        network = Network(gru, SETTING)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    rng, order, best = stream(SETTING.seed, "batches"), [], (np.inf, None)
    for update in range(30):
        if len(order) == 0:
            order = rng.permutation(len(train))
        chosen, order = order[:16], order[16:]
        loss = ((network(torch.tensor(train.inputs[chosen])) - torch.tensor(train.targets[chosen])) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if (update + 1) % 3 == 0:
            prediction = network(torch.tensor(valid.inputs)).detach().numpy()
            best = min(best, (float(((prediction - valid.targets) ** 2).mean()), prediction.copy()), key=lambda b: b[0])
    np.testing.assert_allclose(learner.predict(valid.inputs), best[1], rtol=1e-4, atol=1e-5)


def test_it_learns_a_sine_to_a_hundredth_of_its_variance():
    learner = Gradient(SETTING, gru, learning_rate=1e-2)
    fit(learner, updates=400)
    test = sine(50, phase=1.0)
    assert float(((learner.predict(test.inputs) - test.targets) ** 2).mean()) < 0.005


def test_the_best_weights_on_validation_are_a_copy_that_later_updates_do_not_touch():
    learner = Gradient(SETTING, gru, optimizer="sgd", learning_rate=0.5)
    meter = fit(learner, updates=60)
    valid = sine(40, phase=0.5)
    kept = float(((learner.predict(valid.inputs) - valid.targets) ** 2).mean())
    assert kept == pytest.approx(min(point[2] for point in meter.curve), rel=1e-5)


def test_validation_is_scored_ten_times_and_at_the_end():
    meter = fit(Gradient(SETTING, gru), updates=50)
    assert [point[0] for point in meter.curve] == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]


def test_a_loss_that_is_no_longer_finite_is_divergence():
    learner = Gradient(SETTING, lambda i, w: nn.RNN(i, w, nonlinearity="relu", batch_first=True), optimizer="sgd",
                       learning_rate=1e20, clip=0.0)  # fmt: skip
    with pytest.raises(DivergedError, match="not finite after"):
        fit(learner)


def test_the_gradient_norm_is_clipped():
    def step_length(clip):
        learner = Gradient(SETTING, gru, optimizer="sgd", learning_rate=1.0, clip=clip)
        start = Gradient(SETTING, gru, optimizer="sgd", learning_rate=1e-30, clip=0.0)
        fit(learner, updates=1), fit(start, updates=1)
        pairs = zip(learner._network.parameters(), start._network.parameters(), strict=True)
        return float(torch.cat([(a - b).detach().flatten() for a, b in pairs]).norm())

    assert step_length(1e-3) == pytest.approx(1e-3, rel=1e-2)
    assert step_length(0.0) > 1e-2


def test_predictions_of_another_shape_than_the_targets_are_an_error_not_a_broadcast():
    class Short(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(1, 8, batch_first=True)

        def forward(self, inputs):
            states, state = self.gru(inputs)
            return states[:, -1:], state

    setting = Setting(inputs=1, outputs=1, scored=4, length=20, width=8, seed=3, batch=16)
    with pytest.raises(ValueError, match="predictions of shape"):
        fit(Gradient(setting, lambda i, w: Short()), train=sine(scored=4), valid=sine(40, 4))


def test_the_size_is_what_the_closed_form_of_a_gru_says():
    width = 8
    recurrent = 3 * (width * 1 + width * width + 2 * width)
    assert Gradient(SETTING, gru).size.trained == recurrent + width + 1
    assert Gradient(SETTING, gru).size.fixed == 0


def test_frozen_weights_count_as_fixed():
    def frozen(inputs, width):
        module = nn.GRU(inputs, width, batch_first=True)
        module.weight_hh_l0.requires_grad_(False)
        return module

    assert Gradient(SETTING, frozen).size.fixed == 3 * 8 * 8


def test_momentum_with_adam_is_refused():
    with pytest.raises(InputError, match="momentum"):
        Gradient(SETTING, gru, momentum=0.9)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_every_optimizer_lowers_the_training_error(optimizer):
    rate = {"adam": 1e-2, "sgd": 0.1, "rmsprop": 1e-3}[optimizer]
    meter = fit(Gradient(SETTING, gru, optimizer=optimizer, learning_rate=rate), updates=100)
    assert meter.curve[-1][3] < 0.8 * meter.curve[0][3]


def test_a_budget_of_seconds_ends_the_fit_by_the_clock_of_the_meter():
    ticks = iter(np.arange(0, 1000, 0.02))  # a reading an update, a few more around a validation
    meter = Meter(Budget(name="b", seconds=5.0), batches=13, clock=lambda: float(next(ticks)))
    meter.start()
    Gradient(SETTING, gru).fit(sine(), sine(40), meter)
    meter.stop()
    assert 150 <= meter.updates <= 250
    assert not meter.over
