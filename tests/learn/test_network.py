"""The network: the code that carries it out, the width of its states, and its snapshots for the microscope."""

import numpy as np
import pytest
import torch
from torch import nn

from benchbench import Budget, Setting, Split
from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.learn import Gradient
from benchbench.learn.network import Network, kernel_of

SETTING = Setting(inputs=2, outputs=1, scored=3, length=12, width=6, seed=1, batch=16)


def data(count=48):
    inputs = np.random.default_rng(0).standard_normal((count, 12, 2)).astype(np.float32)
    return Split(inputs=inputs, targets=inputs[:, -3:, :1])


def fit(learner, updates=4, watch=lambda _updates: None):
    learner.fit(data(), data(), Meter(Budget(name="b", updates=updates), batches=3, watch=watch))
    return learner


class Wider(nn.Module):
    """Its states are the cells and the outputs of an LSTM cell, joined, which no attribute says."""

    def __init__(self, inputs, width):
        super().__init__()
        self.cell = nn.LSTMCell(inputs, width)

    def forward(self, inputs, state=None):
        states = []
        for t in range(inputs.shape[1]):
            state = self.cell(inputs[:, t], state)
            states.append(torch.cat(state, dim=1))
        return torch.stack(states, dim=1), state


CORES = {
    "rnn": lambda i, w: nn.RNN(i, w, batch_first=True),
    "lstm": lambda i, w: nn.LSTM(i, w, batch_first=True),
    "gru": lambda i, w: nn.GRU(i, w, batch_first=True),
    "two layers": lambda i, w: nn.LSTM(i, w, 2, batch_first=True),
    "both ways": lambda i, w: nn.LSTM(i, w, batch_first=True, bidirectional=True),
    "projected": lambda i, w: nn.LSTM(i, w, batch_first=True, proj_size=2),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("lengths", [None, np.array([12, 5, 7, 3])])
@pytest.mark.parametrize("core", CORES)
def test_the_kernel_is_the_one_that_the_profiler_sees(core, lengths, onednn):
    network = Network(CORES[core], SETTING)
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(onednn)
    try:
        with torch.autograd.profiler.profile() as seen:
            network(torch.randn(4, 12, 2), lengths)
        said = kernel_of(network, "cpu", lengths=lengths is not None)
    finally:
        torch._C._set_mkldnn_enabled(before)
    ran = any("mkldnn_rnn" in event.name for event in seen.function_events)
    assert said == ("oneDNN LSTM" if ran else "ATen loop")


def test_the_kernel_of_a_users_own_core_is_called_torch_module():
    learner = Gradient(SETTING, Wider)
    assert learner.kernel is None
    assert fit(learner).kernel == "torch module"
    assert fit(Gradient(SETTING, CORES["gru"])).kernel == "ATen loop"


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_kernel_on_the_device_is_cudnn_unless_that_is_switched_off():
    network = Network(CORES["gru"], SETTING).to("cuda")
    assert kernel_of(network, "cuda", lengths=False) == "cuDNN"
    with torch.backends.cudnn.flags(enabled=False):
        assert kernel_of(network, "cuda", lengths=False) == "ATen loop"


def test_the_head_is_as_wide_as_the_states_and_the_size_counts_it():
    learner = fit(Gradient(SETTING, Wider))
    assert learner._network.head.in_features == 12
    assert learner.size.trained == sum(weight.numel() for weight in learner._network.parameters())
    assert learner.predict(data().inputs).shape == (48, 3, 1)


def test_a_core_that_cannot_be_carried_out_on_shapes_has_states_of_its_width():
    class Numbers(nn.Module):
        def __init__(self, inputs, width):
            super().__init__()
            self.gru = nn.GRU(inputs, width, batch_first=True)

        def forward(self, inputs, state=None):
            if float(inputs.sum()) == np.inf:
                raise ArithmeticError
            return self.gru(inputs, state)

    assert fit(Gradient(SETTING, Numbers))._network.head.in_features == 6


def test_looking_for_the_width_of_the_states_draws_no_random_numbers():
    def core(inputs, width):
        module = Wider(inputs, width)
        torch.rand(3, device="cpu")
        return module

    torch.manual_seed(0)
    core(2, 6)
    after = torch.rand(1)
    torch.manual_seed(0)
    network = Network(core, SETTING)
    torch.manual_seed(0)
    plain = core(2, 6)
    assert torch.equal(network.core.cell.weight_hh, plain.cell.weight_hh)
    assert torch.equal(torch.rand(1), after)


def test_another_engine_than_torch_is_declined():
    setting = Setting(inputs=2, outputs=1, scored=3, length=12, width=6, seed=1, engine="abacus")
    with pytest.raises(UnsupportedError, match="the gradient learner has no engine 'abacus'"):
        Gradient(setting, CORES["gru"])


def test_a_snapshot_shows_the_states_that_the_head_reads_and_every_weight():
    learner = fit(Gradient(SETTING, CORES["gru"]))
    inputs = data(5).inputs
    states, weights = learner.snapshot(inputs)
    assert states.shape == (5, 12, 6)
    gates = {f"core.{part}_l0" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    assert set(weights) == {"head.weight", "head.bias", *gates}
    np.testing.assert_allclose(
        states[:, -3:] @ weights["head.weight"].T + weights["head.bias"], learner.predict(inputs), atol=1e-6
    )
    weights["core.weight_hh_l0"][:] = 0  # a copy: the learner keeps its own
    np.testing.assert_array_equal(learner.snapshot(inputs).states, states)


def test_the_microscope_does_not_change_the_fit():
    def core(inputs, width):
        return nn.GRU(inputs, width, 2, dropout=0.5, batch_first=True)

    seen, watched, alone = [], Gradient(SETTING, core), Gradient(SETTING, core)
    fit(watched, 20, watch=lambda updates: seen.append((updates, watched.snapshot(data(2).inputs))))
    fit(alone, 20)
    np.testing.assert_array_equal(watched.predict(data().inputs), alone.predict(data().inputs))
    assert [updates for updates, _ in seen] == [0, *range(2, 21, 2)]
    first, later = (snapshot.weights["core.weight_hh_l0"] for _, snapshot in seen[:2])
    assert np.abs(first - later).max() > 0
