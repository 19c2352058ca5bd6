"""rnn, lstm, gru: PyTorch's own modules with the options that a study gives."""

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.meter import Meter

SETTING = Setting(inputs=1, outputs=1, scored=1, length=10, width=6, seed=1)
NAMES = ["rnn", "lstm", "gru"]


def make(name, setting=SETTING, **options):
    return registry.load().get("architecture", name).function(setting, **options)


def fitted(name, updates=1, **options):
    rng = np.random.default_rng(0)
    split = Split(
        inputs=rng.standard_normal((64, 10, 1)).astype(np.float32),
        targets=rng.standard_normal((64, 1, 1)).astype(np.float32),
    )
    learner = make(name, **options)
    learner.fit(split, split, Meter(Budget(name="b", updates=updates), batches=1))
    return learner, split


@pytest.mark.parametrize(("name", "module"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_the_core_is_pytorchs_own_module(name, module):
    learner, _ = fitted(name)
    assert type(learner._network.core) is module


@pytest.mark.parametrize("name", NAMES)
def test_options_reach_the_module(name):
    learner, _ = fitted(name, layers=2, dropout=0.25, recurrent_init="identity", input_init="xavier_normal")
    core = learner._network.core
    assert (core.num_layers, core.dropout, core.hidden_size) == (2, 0.25, 6)


def test_relu_is_an_option_of_the_rnn():
    learner, _ = fitted("rnn", nonlinearity="relu")
    assert learner._network.core.nonlinearity == "relu"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("gates", "kinds"), [(1, "rnn"), (4, "lstm"), (3, "gru")])
def test_the_size_equals_the_closed_form(name, gates, kinds):
    if name != kinds:
        return
    width = 6
    assert make(name).size.trained == gates * (width + width**2 + 2 * width) + width + 1


@pytest.mark.parametrize("name", NAMES)
def test_predictions_equal_the_head_applied_to_the_modules_states(name):
    learner, split = fitted(name, updates=3)
    with torch.no_grad():
        states, _ = learner._network.core(torch.tensor(split.inputs))
        direct = learner._network.head(states[:, -1:])
    np.testing.assert_allclose(learner.predict(split.inputs), direct.numpy(), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_dropout_with_one_layer_is_refused(name):
    with pytest.warns(UserWarning, match="dropout"), pytest.raises(InputError, match="dropout"):
        _ = make(name, dropout=0.5).size
