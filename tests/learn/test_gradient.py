"""The training loop: comparison with a plain loop, and its promises."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Setting, Split
from benchbench.core.closed_loop import generate_by_window
from benchbench.core.errors import DivergedError, InputError, UnsupportedError
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


def test_the_losses_equal_those_of_a_plain_loop():
    train, valid = sine(), sine(40, phase=0.5)
    learner = Gradient(SETTING, gru, learning_rate=1e-2, schedule="constant")
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


@pytest.mark.long
def test_a_network_learns_a_sine_to_a_hundredth_of_its_variance():
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


def test_a_loss_that_is_not_finite_ends_the_fit_as_diverged():
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
    with pytest.raises(ValueError, match="states must have the shape"):
        fit(Gradient(setting, lambda i, w: Short()), train=sine(scored=4), valid=sine(40, 4))


def test_the_size_equals_the_closed_form_of_a_gru():
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


CORES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@cache
def trained(core, scored=1):
    """A learner whose outputs affect its next steps, and the starts of its free run."""
    setting = replace(SETTING, scored=scored)
    learner = Gradient(setting, lambda i, w: CORES[core](i, w, batch_first=True), learning_rate=1e-2)
    fit(learner, updates=60, train=sine(scored=scored), valid=sine(40, scored, 0.5))
    return learner, sine(6, phase=1.0).inputs


@pytest.mark.parametrize("core", CORES)
def test_a_free_run_equals_a_plain_loop_over_the_whole_past(core):
    learner, prefix = trained(core)
    network, past, made = learner._network, torch.tensor(prefix), []
    with torch.no_grad():
        for _ in range(30):
            ahead = network.head(network.core(past)[0][:, -1:])
            past = torch.cat([past, ahead], dim=1)
            made.append(ahead)
    generated = learner.generate(prefix, 30)
    assert (generated.shape, generated.dtype) == ((6, 30, 1), np.float32)
    np.testing.assert_allclose(generated, torch.cat(made, dim=1).numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scored", [1, 5])
@pytest.mark.parametrize("core", CORES)
def test_a_free_run_starts_with_the_last_predicted_step(core, scored):
    learner, prefix = trained(core, scored)
    np.testing.assert_allclose(learner.generate(prefix, 3)[:, 0], learner.predict(prefix)[:, -1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("core", CORES)
def test_a_free_run_in_two_pieces_equals_the_run_in_one_piece(core):
    learner, prefix = trained(core)
    whole = learner.generate(prefix, 25)
    rest = learner.generate(np.concatenate([prefix, whole[:, :10]], axis=1), 15)
    np.testing.assert_allclose(rest, whole[:, 10:], rtol=1e-4, atol=1e-5)


def test_a_free_run_carries_a_state_that_knows_more_than_the_last_window():
    learner, prefix = trained("lstm")
    longer = np.concatenate([10 * prefix, prefix], axis=1)
    assert np.abs(learner.generate(longer, 5) - generate_by_window(learner.predict, longer, 5, 20)).max() > 1e-6


def test_a_free_run_by_window_sees_only_the_last_window():
    learner, prefix = trained("lstm")
    longer = np.concatenate([10 * prefix, prefix], axis=1)
    windowed = Gradient(SETTING, lambda i, w: nn.LSTM(i, w, batch_first=True), learning_rate=1e-2, free_run="window")
    fit(windowed, updates=60)
    past = longer.copy()
    for _ in range(12):
        past = np.concatenate([past, windowed.predict(past[:, -20:])], axis=1)
    made = windowed.generate(longer, 12)
    np.testing.assert_allclose(made, past[:, 40:], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(windowed.predict(prefix), learner.predict(prefix))
    assert np.abs(made - learner.generate(longer, 12)).max() > 1e-6


def test_a_core_without_a_state_generates_by_a_sliding_window():
    class Stateless(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv1d(1, 8, 3)

        def forward(self, inputs, state=None):
            padded = nn.functional.pad(inputs.transpose(1, 2), (2, 0))
            return self.convolution(padded).transpose(1, 2), None

    learner = Gradient(SETTING, lambda i, w: Stateless(), learning_rate=1e-2)
    fit(learner)
    prefix = np.concatenate([sine(6).inputs, sine(6, phase=1.0).inputs], axis=1)
    past = prefix.copy()
    for _ in range(12):
        past = np.concatenate([past, learner.predict(past[:, -20:])], axis=1)
    np.testing.assert_allclose(learner.generate(prefix, 12), past[:, 40:], rtol=1e-5, atol=1e-6)


def test_outputs_that_are_not_the_next_inputs_cannot_be_fed_back():
    setting = replace(SETTING, inputs=2)
    learner = Gradient(setting, gru)
    one = sine()
    two = Split(inputs=np.repeat(one.inputs, 2, axis=2), targets=one.targets)
    fit(learner, updates=2, train=two, valid=two)
    with pytest.raises(UnsupportedError, match="1 outputs cannot be the next 2 inputs"):
        learner.generate(two.inputs, 3)


def test_there_is_no_free_run_before_the_fit():
    with pytest.raises(RuntimeError, match="the learner is not fitted: call fit first"):
        Gradient(SETTING, gru).generate(sine().inputs, 3)


def test_a_free_run_uses_no_dropout_and_does_not_change_the_weights():
    learner = Gradient(SETTING, lambda i, w: nn.GRU(i, w, 2, dropout=0.5, batch_first=True))
    fit(learner, updates=5)
    before, prefix = learner.predict(sine().inputs), sine(6).inputs
    np.testing.assert_array_equal(learner.generate(prefix, 9), learner.generate(prefix, 9))
    np.testing.assert_array_equal(learner.predict(sine().inputs), before)
