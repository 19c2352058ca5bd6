"""Initial weights: the moments and the algebra that each name promises."""

import numpy as np
import pytest
import torch
from torch import nn

from benchbench.core.errors import InputError
from benchbench.learn.device import seeded
from benchbench.learn.initialise import initialise


def lstm(width=40, inputs=30, **inits):
    with seeded(0, "cpu"):
        chosen = {"input_init": "xavier_uniform", "recurrent_init": "orthogonal", **inits}
        return initialise(nn.LSTM(inputs, width, batch_first=True), **chosen)


def gates(weight, width=40):
    return [gate.detach().numpy() for gate in weight.split(width)]


def test_orthogonal_recurrent_weights_are_orthogonal_gate_by_gate():
    for gate in gates(lstm().weight_hh_l0):
        np.testing.assert_allclose(gate @ gate.T, np.eye(40), atol=1e-5)


def test_the_forget_bias_is_one_in_total_and_every_other_bias_zero():
    module = lstm()
    total = (module.bias_ih_l0 + module.bias_hh_l0).detach().numpy().reshape(4, 40)
    np.testing.assert_array_equal(total, np.repeat([[0], [1], [0], [0]], 40, axis=1))


def test_identity_is_the_identity_in_every_gate():
    for gate in gates(lstm(recurrent_init="identity").weight_hh_l0):
        np.testing.assert_array_equal(gate, np.eye(40))


@pytest.mark.parametrize(
    ("name", "bound"),
    [("uniform", 40**-0.5), ("xavier_uniform", (6 / 70) ** 0.5), ("kaiming_uniform", (6 / 30) ** 0.5)],
)
def test_uniform_initialisations_fill_their_interval(name, bound):
    values = lstm(input_init=name).weight_ih_l0.detach().numpy()
    assert np.abs(values).max() <= bound
    assert np.abs(values).max() > 0.98 * bound
    assert values.std() == pytest.approx(bound / 3**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [("normal", 40**-0.5), ("xavier_normal", (2 / 70) ** 0.5), ("kaiming_normal", (2 / 30) ** 0.5)],
)
def test_normal_initialisations_have_their_deviation(name, deviation):
    assert lstm(input_init=name).weight_ih_l0.std().item() == pytest.approx(deviation, rel=0.05)


def test_input_and_recurrent_weights_are_filled_separately():
    module = lstm(input_init="identity", recurrent_init="identity")
    assert module.weight_ih_l0.shape != module.weight_hh_l0.shape
    np.testing.assert_array_equal(gates(module.weight_ih_l0)[0], np.eye(40, 30))


def test_dropout_without_a_layer_to_act_on_is_refused():
    with pytest.warns(UserWarning, match="dropout"), pytest.raises(InputError, match="layers = 2"):
        initialise(nn.GRU(1, 4, dropout=0.5), input_init="uniform", recurrent_init="uniform")


def test_on_the_meta_device_nothing_is_filled():
    with torch.device("meta"):
        module = initialise(nn.GRU(1, 4), input_init="orthogonal", recurrent_init="orthogonal")
    assert module.weight_hh_l0.is_meta
