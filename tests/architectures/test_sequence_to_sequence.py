"""scheduled_sampling, encoder_decoder, autoencoder: the inputs of each step, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchbench import Budget, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.learn.gradient import Batch

SETTING = Setting(inputs=1, outputs=1, scored=6, length=10, width=5, seed=1, batch=8)
WAVES = np.sin(0.7 * np.arange(11) + np.arange(16)[:, None]).astype(np.float32)[:, :, None]
SPLIT = Split(inputs=WAVES[:, :-1], targets=WAVES[:, -6:])


def make(name, setting=SETTING, **options):
    return registry.load().get("architecture", name).function(setting, **options)


def fitted(name, split=SPLIT, updates=2, setting=SETTING, **options):
    learner = make(name, setting, **options)
    learner.fit(split, split, Meter(Budget(name="b", updates=updates), batches=2))
    return learner


def outputs(learner, split=SPLIT):
    with torch.no_grad():
        return learner.outputs(learner._network, Batch(split.inputs, split.targets, split.lengths)).numpy()


def test_the_probability_of_own_outputs_grows_in_steps_up_to_its_limit():
    chances = make("scheduled_sampling", chance=0.5, growth=0.1, every=100, most=0.85)._chances
    assert [chances.at(update) for update in (0, 99, 100, 350, 400, 9999)] == pytest.approx(
        [0.5, 0.5, 0.6, 0.8, 0.85, 0.85]
    )


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_probability_zero_feeds_true_values_and_probability_one_feeds_own_outputs(cell):
    true = fitted("scheduled_sampling", cell=cell, chance=0.0, growth=0.0)
    np.testing.assert_allclose(outputs(true), true.predict(SPLIT.inputs), atol=1e-5)
    own = fitted("scheduled_sampling", cell=cell, chance=1.0, growth=0.0, most=1.0)
    alone = own.generate(SPLIT.inputs[:, :1], 10)[:, -6:]
    np.testing.assert_allclose(outputs(own), alone, atol=1e-5)


def test_between_zero_and_one_each_sequence_and_step_is_drawn_independently():
    learner = fitted("scheduled_sampling", chance=0.5, growth=0.0)
    same = Split(inputs=np.repeat(SPLIT.inputs[:1], 16, axis=0), targets=np.repeat(SPLIT.targets[:1], 16, axis=0))
    assert len({row.tobytes() for row in outputs(learner, same)}) > 8


@pytest.mark.parametrize(
    ("split", "setting", "said"),
    [
        (Split(inputs=WAVES[:, :-1], targets=WAVES[:, -1:]), replace(SETTING, scored=1), "more than one scored step"),
        (Split(inputs=WAVES[:, :-1], targets=WAVES[::-1, -6:].copy()), SETTING, "not one step ahead"),
    ],
)
def test_own_outputs_that_cannot_be_the_next_inputs_are_declined(split, setting, said):
    with pytest.raises(UnsupportedError, match=said):
        fitted("scheduled_sampling", split, setting=setting)


def test_the_encoder_reads_up_to_the_first_scored_step_and_nothing_later():
    learner = fitted("encoder_decoder")
    changed = SPLIT.inputs.copy()
    changed[:, 5:] += 3
    np.testing.assert_array_equal(learner.predict(changed), learner.predict(SPLIT.inputs))
    changed[:, 4] += 3
    assert (learner.predict(changed) != learner.predict(SPLIT.inputs)).any()


def test_the_decoder_gets_its_own_outputs_or_in_training_the_true_ones():
    learner = fitted("encoder_decoder", cell="gru")
    network = learner._network
    with torch.no_grad():
        states, state = network.core(torch.tensor(SPLIT.inputs[:, :5]))
        own, given = [network.head(states[:, -1:])], state
        for _ in range(5):
            states, given = network.decoder(own[-1], given)
            own.append(network.head(states))
        taught = network.head(network.decoder(torch.tensor(SPLIT.targets[:, :-1]), state)[0])
    np.testing.assert_allclose(learner.predict(SPLIT.inputs), torch.cat(own, dim=1).numpy(), atol=1e-6)
    np.testing.assert_allclose(outputs(learner)[:, 1:], taught.numpy(), atol=1e-6)
    own_outputs = fitted("encoder_decoder", taught="own")
    np.testing.assert_allclose(outputs(own_outputs), own_outputs.predict(SPLIT.inputs), atol=1e-6)


def test_the_outputs_of_the_autoencoder_depend_on_its_code_alone():
    setting = replace(SETTING, scored=10, causal=False)
    split = Split(inputs=SPLIT.inputs, targets=SPLIT.inputs)
    learner = fitted("autoencoder", split, setting=setting, code=2)
    core = learner._network.core
    codes = core.code(core.encoder(torch.tensor(SPLIT.inputs))[0][:, -1])
    assert codes.shape == (16, 2)
    core.code.weight.data.zero_()  # a code that says nothing
    assert len({row.tobytes() for row in learner.predict(SPLIT.inputs)}) == 1


def test_the_autoencoder_declines_to_forecast():
    with pytest.raises(UnsupportedError, match="later inputs"):
        fitted("autoencoder")
