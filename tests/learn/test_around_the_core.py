"""Options around a core: dense layers, learned initial states, logistic units, class weights, reservoir weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.learn import Gradient
from benchbench.learn.backward import steps_back
from benchbench.learn.initialise import initialise
from benchbench.learn.network import Network
from benchbench.learn.sigmoid import SigmoidRNN

SETTING = Setting(inputs=2, outputs=1, scored=1, length=9, width=5, seed=1, batch=8)
INPUTS = np.random.default_rng(0).standard_normal((6, 9, 2)).astype(np.float32)
TARGETS = INPUTS[:, -1:, :1]


def make(name, setting=SETTING, **options):
    return registry.load().get("architecture", name).function(setting, **options)


def fitted(name, setting=SETTING, updates=3, targets=TARGETS, **options):
    split = Split(inputs=INPUTS, targets=targets)
    learner = make(name, setting, **options)
    learner.fit(split, split, Meter(Budget(name="b", updates=updates), batches=1))
    return learner


@pytest.mark.parametrize(("layers", "sides", "bias"), [(1, 1, True), (2, 1, True), (2, 2, True), (1, 1, False)])
def test_logistic_units_equal_a_plain_loop(layers, sides, bias):
    torch.manual_seed(0)
    module = SigmoidRNN(2, 4, layers, bias=bias, bidirectional=sides == 2, batch_first=True)
    states, last = module(torch.tensor(INPUTS))

    given = torch.tensor(INPUTS)
    for layer in range(layers):
        found = []
        for side in ("", "_reverse")[:sides]:
            weight = {part: getattr(module, f"{part}_l{layer}{side}") for part in ("weight_ih", "weight_hh")}
            offset = sum(getattr(module, f"bias_{part}_l{layer}{side}") for part in ("ih", "hh")) if bias else 0
            state, made = torch.zeros(6, 4), []
            for step in given.flip(1).unbind(1) if side else given.unbind(1):
                state = torch.sigmoid(step @ weight["weight_ih"].T + state @ weight["weight_hh"].T + offset)
                made.append(state)
            found.append(torch.stack(made[::-1] if side else made, dim=1))
            ends = state
        given = torch.cat(found, dim=2)
    torch.testing.assert_close(states, given, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(last[-1], ends, rtol=1e-5, atol=1e-6)


def test_dense_layers_are_around_the_core():
    learner = fitted("gru", dense_before=(7, 3), dense_after=(4,))
    network = learner._network
    assert (network.core.input_size, network.core.hidden_size) == (3, 5)
    with torch.no_grad():
        first, _, second, _ = network.before
        given = torch.relu(second(torch.relu(first(torch.tensor(INPUTS)))))
        hidden, _, last = network.head
        by_hand = last(torch.relu(hidden(network.core(given)[0][:, -1:])))
    np.testing.assert_allclose(learner.predict(INPUTS), by_hand.numpy(), atol=1e-6)
    assert learner.size.trained == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("name", "numbers"), [("rnn", 2 * 5), ("gru", 2 * 5), ("lstm", 2 * 2 * 5)])
def test_a_learned_initial_state_is_trained_for_each_layer(name, numbers):
    learner = fitted(name, layers=2, initial_state="learned")
    start = torch.cat([part.detach().flatten() for part in learner._network.start])
    assert start.numel() == numbers
    assert learner.size.trained - make(name, layers=2).size.trained == numbers
    assert float(start.abs().min()) > 0


def test_a_learned_initial_state_is_where_sequences_of_any_length_start():
    learner = fitted("gru", replace(SETTING, causal=False), bidirectional=True, initial_state="learned")
    network, lengths = learner._network, np.array([9, 4, 6, 9, 2, 5])
    padded = network(torch.tensor(INPUTS), lengths)
    for row, length in enumerate(lengths):
        alone = network(torch.tensor(INPUTS[row : row + 1, :length]))
        torch.testing.assert_close(padded[row], alone[0], rtol=1e-5, atol=1e-6)


def test_a_users_own_core_has_no_initial_state_to_learn():
    class Own(nn.Module):
        def forward(self, inputs):
            return inputs, None

    with pytest.raises(UnsupportedError, match="initial state"):
        _ = Gradient(SETTING, lambda inputs, width: Own(), initial_state="learned").size


def test_without_bias_zero_inputs_leave_the_states_at_zero():
    learner = fitted("lstm", bias=False)
    states, _ = learner._network.core(torch.zeros(1, 4, 2))
    assert not states.any()


def test_balanced_class_weights_make_each_class_count_the_same():
    setting = replace(SETTING, outputs=2, objective=Objective.classification(), causal=False)
    targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 0, 0, 1]][:, None]
    learner = fitted("gru", setting, targets=targets, class_weights="balanced")
    outputs = torch.randn(6, 1, 2)
    losses = nn.functional.cross_entropy(outputs[:, 0], torch.tensor(targets[:, 0]), reduction="none")
    by_hand = (losses[:5].mean() + losses[5]) / 2
    torch.testing.assert_close(learner._loss(outputs, torch.tensor(targets)), by_hand)


def test_class_weights_are_declined_for_a_regression():
    with pytest.raises(UnsupportedError, match="class_weights"):
        fitted("gru", class_weights="balanced")


@pytest.mark.parametrize("width", [3, 40])
def test_reservoir_weights_have_fifteen_links_into_each_unit_and_a_spectral_radius_of_1_1(width):
    torch.manual_seed(0)
    module = initialise(nn.RNN(1, width), input_init="uniform", recurrent_init="reservoir")
    weight = module.weight_hh_l0.detach()
    assert (weight != 0).sum(dim=1).tolist() == [min(width, 15)] * width
    assert float(torch.linalg.eigvals(weight).abs().max()) == pytest.approx(1.1, rel=1e-4)


def test_the_gradient_back_in_time_is_the_product_of_the_jacobians():
    network = Network(lambda i, w: nn.RNN(i, w, batch_first=True), SETTING)
    inputs = torch.tensor(INPUTS[:1])
    found = steps_back(network, inputs)
    states, _ = network.core(inputs)
    across, back = network.core.weight_hh_l0, network.head.weight[0]
    by_hand = []
    for state in states[0].flip(0):
        by_hand.append(float(back.detach().norm()))
        back = (back * (1 - state**2)) @ across
    np.testing.assert_allclose(found, by_hand, rtol=1e-4)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_learner_reports_the_gradient_back_in_time_without_effect_on_training(name):
    learner = fitted(name, layers=2)
    before = learner.predict(INPUTS)
    back = learner.steps_back(INPUTS)
    assert back.shape == (9,)
    assert (back > 0).all()
    assert all(
        parameter.grad is None or parameter.grad.abs().sum() < np.inf for parameter in learner._network.parameters()
    )
    np.testing.assert_array_equal(learner.predict(INPUTS), before)


def test_a_bidirectional_network_shows_no_gradient_back_in_time():
    assert fitted("rnn", replace(SETTING, causal=False), bidirectional=True).steps_back(INPUTS) is None
