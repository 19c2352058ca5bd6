"""Sequences of different length: a learner treats each as if it were alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.learn import Gradient
from benchbench.learn.sequences import blanked, ends_aligned, last, padding

LENGTH = 14


def both_ways(kind):
    return lambda inputs, width: kind(inputs, width, batch_first=True, bidirectional=True)


CORES = {
    "rnn": lambda i, w: nn.RNN(i, w, batch_first=True),
    "lstm": lambda i, w: nn.LSTM(i, w, batch_first=True),
    "gru": lambda i, w: nn.GRU(i, w, 2, batch_first=True),
    "both ways rnn": both_ways(nn.RNN),
    "both ways lstm": both_ways(nn.LSTM),
    "both ways gru": both_ways(nn.GRU),
}


def uneven(count=60, scored=2, seed=0, behind=0.0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(scored, LENGTH + 1, count)
    inputs = rng.standard_normal((count, LENGTH, 2)).astype(np.float32)
    targets = np.cumsum(inputs[:, :, :1], axis=1)
    targets = last(targets, scored, lengths)
    inputs[padding(lengths, LENGTH)] = behind
    return Split(inputs=inputs, targets=targets, lengths=lengths)


def made(core, scored=2, train=None, updates=5):
    setting = Setting(inputs=2, outputs=1, scored=scored, length=LENGTH, width=6, seed=1, batch=16, causal=False)
    learner = Gradient(setting, core, learning_rate=1e-2)
    train = train or uneven(scored=scored)
    learner.fit(train, train, Meter(Budget(name="b", updates=updates), batches=4))
    return learner


@pytest.mark.parametrize("scored", [1, 3])
@pytest.mark.parametrize("core", CORES)
def test_each_sequence_is_predicted_as_if_alone(core, scored):
    learner, split = made(CORES[core], scored), uneven(30, scored, seed=2)
    found = learner.predict(split.inputs, split.lengths)
    for predicted, series, length in zip(found, split.inputs, split.lengths, strict=True):
        np.testing.assert_allclose(predicted, learner.predict(series[None, :length])[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("behind", [1e9, np.nan])
@pytest.mark.parametrize("core", CORES)
def test_values_in_the_padding_change_neither_training_nor_prediction(core, behind):
    found = [
        made(CORES[core], train=uneven(behind=value)).predict(split.inputs, split.lengths)
        for value in (0.0, behind)
        for split in (uneven(30, seed=2, behind=value),)
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("core", ["lstm", "both ways gru"])
def test_an_update_on_a_batch_equals_the_sum_over_its_sequences_one_by_one(core):
    train = uneven(16)
    learner = made(CORES[core], train=train, updates=1)
    network = learner._network
    losses = [
        (network(torch.tensor(series[None, :length])) - torch.tensor(target)).square().mean()
        for series, target, length in zip(train.inputs, train.targets, train.lengths, strict=True)
    ]
    network.zero_grad()
    torch.stack(losses).mean().backward()
    alone = [weight.grad.clone() for weight in network.parameters()]
    network.zero_grad()
    (network(torch.tensor(train.inputs), train.lengths) - torch.tensor(train.targets)).square().mean().backward()
    for one, together in zip(alone, network.parameters(), strict=True):
        np.testing.assert_allclose(together.grad.numpy(), one.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("core", CORES)
def test_equal_lengths_have_the_same_effect_as_no_lengths(core):
    train = uneven()
    plain = Split(inputs=train.inputs, targets=train.targets)
    full = Split(inputs=train.inputs, targets=train.targets, lengths=np.full(len(train), LENGTH))
    one, other = made(CORES[core], train=plain), made(CORES[core], train=full)
    np.testing.assert_allclose(
        one.predict(train.inputs), other.predict(full.inputs, full.lengths), rtol=1e-4, atol=1e-5
    )


def test_the_states_of_both_directions_are_counted_and_read():
    learner = made(CORES["both ways gru"])
    assert learner._network.head.in_features == 12
    assert learner.size.trained == 2 * 3 * (6 * 2 + 6 * 6 + 2 * 6) + 12 + 1


def test_a_bidirectional_module_inside_another_is_declined_only_where_lengths_differ():
    class Wrapped(nn.Module):
        def __init__(self, inputs, width):
            super().__init__()
            self.inner = nn.GRU(inputs, width, batch_first=True, bidirectional=True)

        def forward(self, inputs, state=None):
            return self.inner(inputs, state)

    split = uneven()
    learner = made(Wrapped, train=Split(inputs=split.inputs, targets=split.targets))
    assert learner._network.head.in_features == 12
    with pytest.raises(UnsupportedError, match="inside the core"):
        made(Wrapped)


@pytest.mark.parametrize(
    "name", ["rnn", *(pytest.param(name, marks=pytest.mark.long) for name in ("lstm", "gru")), "esn"]
)
def test_the_competitors_learn_from_uneven_sequences(name):
    objective = Objective.classification()
    setting = Setting(inputs=2, outputs=2, scored=1, length=LENGTH, width=40, seed=1, batch=32, objective=objective)

    def split(seed):
        sums = uneven(400, 1, seed)
        which = (sums.targets[:, 0, 0] > 0).astype(int)
        return Split(inputs=sums.inputs, targets=np.eye(2, dtype=np.float32)[which][:, None], lengths=sums.lengths)

    learner = registry.load().get("architecture", name).function(setting)
    learner.fit(split(0), split(1), Meter(Budget(name="b", updates=250), batches=13))
    test = split(2)
    scores, _ = objective.scores(test.targets, learner.predict(test.inputs, test.lengths))
    assert scores["balanced_accuracy"] > 0.8


@given(st.integers(1, 4), st.integers(0, 50))
def test_scored_steps_are_counted_from_the_ends(scored, seed):
    split = uneven(7, scored, seed)
    zeros, ending = blanked(split.inputs + 1, split.lengths), ends_aligned(split.inputs, split.lengths)
    found = last(split.inputs, scored, split.lengths)
    for i, length in enumerate(split.lengths):
        np.testing.assert_array_equal(found[i], split.inputs[i, length - scored : length])
        np.testing.assert_array_equal(ending[i, LENGTH - length :], split.inputs[i, :length])
        assert not ending[i, : LENGTH - length].any()
        assert not zeros[i, length:].any()
        np.testing.assert_array_equal(zeros[i, :length], split.inputs[i, :length] + 1)


def test_a_bidirectional_core_declines_a_causal_problem():
    setting = Setting(inputs=2, outputs=1, scored=3, length=LENGTH, width=6, seed=1, batch=16)
    split = uneven(scored=3)
    learner = Gradient(setting, CORES["both ways gru"])
    with pytest.raises(UnsupportedError, match="must not see later inputs"):
        learner.fit(split, split, Meter(Budget(name="b", updates=1), batches=4))
