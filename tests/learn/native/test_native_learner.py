"""The learner on the engine numba, compared with the learner on torch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.meter import Meter
from benchbench.learn.engines import gradient

SETTING = Setting(inputs=1, outputs=1, scored=1, length=20, width=10, seed=3, batch=24)
NAMES = [
    pytest.param(name, marks=() if name == "gru" else pytest.mark.long) for name in ("rnn", "gru", "lstm")
]  # compiling takes long


def waves(scored=1, count=50, length=20):
    rng = np.random.default_rng(0)
    times = np.arange(length + 1) / 3
    series = np.sin(times + rng.uniform(0, 6, (count, 1))) + 0.1 * rng.standard_normal((count, length + 1))
    series = series.astype(np.float32)[:, :, None]
    return Split(inputs=series[:, :-1], targets=series[:, -scored:])


def made(name, setting=SETTING, **options):
    return registry.load().get("architecture", name).function(setting, **options)


def fitted(name, engine, setting=SETTING, updates=12, split=None, **options):
    learner = made(name, replace(setting, engine=engine), **options)
    split = split or waves(setting.scored)
    meter = Meter(Budget(name="few", updates=updates), batches=3)
    learner.fit(split, split, meter)
    return learner, meter, split


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"layers": 2, "optimizer": "sgd", "momentum": 0.9},
        {"layers": 2, "initial_state": "learned", "schedule": "linear"},
    ],
)
def test_both_engines_learn_the_same(name, options):
    setting = replace(SETTING, scored=4)
    one, meter, split = fitted(name, "torch", setting, **options)
    other, beside, _ = fitted(name, "numba", setting, **options)
    np.testing.assert_allclose(other.predict(split.inputs), one.predict(split.inputs), rtol=1e-4, atol=1e-5)
    for (updates, _, valid, train), (other_updates, _, other_valid, other_train) in zip(
        meter.curve, beside.curve, strict=True
    ):
        assert (updates, valid, train) == pytest.approx((other_updates, other_valid, other_train), rel=1e-4)
    longer = np.concatenate([split.inputs, split.inputs], axis=1)[:5]
    np.testing.assert_allclose(other.generate(longer, 30), one.generate(longer, 30), rtol=1e-3, atol=1e-4)
    assert other.size == one.size


@pytest.mark.parametrize("state", ["zeros", "learned"])
@pytest.mark.parametrize("name", NAMES)
def test_the_initial_numbers_of_both_engines_are_equal_bit_by_bit(name, state):
    split, found = waves(), []
    for engine in ("torch", "numba"):
        learner, seen = made(name, replace(SETTING, engine=engine), layers=2, initial_state=state), {}

        def look(updates, learner=learner, seen=seen):
            seen.setdefault(updates, learner.snapshot(split.inputs).weights)

        learner.fit(split, split, Meter(Budget(name="few", updates=2), batches=3, watch=look))
        found.append(seen[0])
    assert found[0].keys() == found[1].keys()
    assert all(found[0][key].tobytes() == found[1][key].tobytes() for key in found[0])


def test_the_kernel_is_named_and_a_seed_repeats_bitwise():
    first, _, split = fitted("gru", "numba", layers=2, dropout=0.3)
    again, _, _ = fitted("gru", "numba", layers=2, dropout=0.3)
    assert first.kernel.startswith("numba gru v1 ")
    assert first.predict(split.inputs).tobytes() == again.predict(split.inputs).tobytes()


def test_the_states_of_a_snapshot_give_the_predictions():
    learner, _, split = fitted("lstm", "numba")
    states, weights = learner.snapshot(split.inputs)
    answers = states[:, -1] @ weights["head.weight"].T + weights["head.bias"]
    np.testing.assert_allclose(learner.predict(split.inputs)[:, 0], answers, rtol=1e-5, atol=1e-6)


def test_the_best_weights_on_validation_are_kept():
    split = waves()
    learner = made("gru", replace(SETTING, engine="numba"), learning_rate=0.3, schedule="constant")
    meter = Meter(Budget(name="few", updates=60), batches=3)
    learner.fit(split, split, meter)
    losses = [valid for _, _, valid, _ in meter.curve]
    now = float(np.mean((learner.predict(split.inputs) - split.targets) ** 2))
    assert now == pytest.approx(min(losses), rel=1e-5)
    assert min(losses) < losses[-1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nonlinearity", [{}, {"nonlinearity": "relu"}])
def test_weights_that_are_no_longer_finite_end_the_fit(name, nonlinearity):
    if nonlinearity and name != "rnn":
        return
    with pytest.raises(DivergedError, match="not finite"):
        fitted(name, "numba", optimizer="sgd", learning_rate=1e30, clip=0.0, **nonlinearity)


def test_probabilities_of_classes_equal_those_of_the_torch_engine():
    rng = np.random.default_rng(0)
    true = np.arange(50) % 3
    targets = np.eye(3, dtype=np.float32)[true][:, None]
    inputs = (waves().inputs * (1 + true[:, None, None])).astype(np.float32)
    lengths = rng.integers(12, 21, 50)
    split = Split(inputs=inputs, targets=targets, lengths=lengths)
    setting = replace(SETTING, outputs=3, objective=Objective.classification())
    found = [fitted("lstm", engine, setting, split=split)[0].predict(inputs, lengths) for engine in ("torch", "numba")]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[1].sum(axis=2), 1, rtol=1e-5)


class Own(nn.Module):
    """A core of one's own."""

    def __init__(self, inputs, width):
        super().__init__()
        self.inner = nn.GRU(inputs, width, batch_first=True)

    def forward(self, inputs, state=None):
        return self.inner(inputs, state)


@pytest.mark.parametrize(
    ("core", "why"),
    [
        (lambda i, w: nn.GRU(i, w, bidirectional=True, batch_first=True), "both directions"),
        (lambda i, w: nn.GRU(i, w, bias=False, batch_first=True), "a missing bias"),
        (lambda i, w: nn.LSTM(i, w, proj_size=2, batch_first=True), "projections"),
        (Own, "another module"),
    ],
)
def test_cores_and_options_that_the_kernels_lack_are_declined(core, why):
    with pytest.raises(UnsupportedError, match=why):
        gradient(replace(SETTING, engine="numba"), core)


def test_a_gpu_and_an_engine_that_does_not_exist_are_declined():
    with pytest.raises(UnsupportedError, match="CPU"):
        made("gru", replace(SETTING, engine="numba", device="cuda"))
    with pytest.raises(UnsupportedError, match="'other'"):
        made("gru", replace(SETTING, engine="other"))


def test_arrays_that_do_not_fit_are_refused_before_a_kernel_sees_them():
    learner, _, split = fitted("gru", "numba")
    with pytest.raises(ValueError, match="do not fit"):
        learner.predict(np.repeat(split.inputs, 2, axis=2))
    with pytest.raises(ValueError, match="lengths"):
        learner.predict(split.inputs, np.full(len(split.inputs), 21))


def test_inputs_may_be_windows_of_other_types_and_other_lengths():
    learner, _, split = fitted("gru", "numba")
    wanted = learner.predict(split.inputs.copy())
    assert learner.predict(split.inputs.astype(np.float64)).tobytes() == wanted.tobytes()
    longer = np.concatenate([split.inputs, split.inputs], axis=1)
    states = learner.snapshot(longer).states
    weights = learner.snapshot(longer).weights
    answers = states[:, -1] @ weights["head.weight"].T + weights["head.bias"]
    np.testing.assert_allclose(learner.predict(longer)[:, 0], answers, rtol=1e-5, atol=1e-6)
    lengths = np.full(len(longer), 20)
    np.testing.assert_allclose(learner.predict(longer, lengths), wanted, rtol=1e-5, atol=1e-6)


def test_updates_can_be_done_one_by_one():
    learner = made("gru", replace(SETTING, engine="numba"))
    updates = learner.updates(waves())
    next(updates)
    before = learner.snapshot(waves().inputs).weights
    next(updates)
    after = learner.snapshot(waves().inputs).weights
    assert any(not np.array_equal(before[name], after[name]) for name in before)


def test_torch_keeps_its_threads_and_random_numbers():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    fitted("gru", "numba")
    assert torch.equal(torch.rand(3), wanted)
