"""The optimizers of the engine along a trajectory, compared with torch's in float32 and in float64."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from tests.learn.native.cases import Case, Shape

SHAPE = Shape(width=16, batch=32, steps=20, scored=5)


def torch_losses(case, kind, make, clip, rates):
    network = case.twin(kind)
    optimizer = make(network.parameters())
    losses = []
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss = case.loss_of(network, kind)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "make", "rate"),
    [
        ({"clip": 1.0}, torch.optim.Adam, 1e-3),
        ({"clip": 0.1}, torch.optim.Adam, 1e-3),
        ({"optimizer": "sgd", "clip": 0.0}, torch.optim.SGD, 5e-2),
        ({"optimizer": "sgd", "momentum": 0.9, "clip": 1.0}, partial(torch.optim.SGD, momentum=0.9), 1e-2),
        ({"optimizer": "rmsprop", "clip": 0.0}, torch.optim.RMSprop, 1e-4),
        ({"optimizer": "rmsprop", "momentum": 0.5, "clip": 1.0}, partial(torch.optim.RMSprop, momentum=0.5), 1e-4),
    ],
)
def test_losses_stay_as_near_to_float64_as_those_of_torch(how, make, rate):
    case = Case("gru", SHAPE, **how)
    rates = [rate * (1 - i / 100) for i in range(60)]  # a rate that decays
    true = torch_losses(case, torch.float64, make, how["clip"], rates)
    beside = torch_losses(case, torch.float32, make, how["clip"], rates)
    found = np.array([case.engine.update(case.batch, rate) for rate in rates])
    assert true[-1] < 0.99 * true[0]
    assert np.abs(found / true - 1).max() <= max(3 * np.abs(beside / true - 1).max(), 1e-6)


@pytest.mark.parametrize(
    "cell", [pytest.param("rnn_tanh", marks=pytest.mark.long), "gru", pytest.param("lstm", marks=pytest.mark.long)]
)
def test_a_learned_initial_state_is_clipped_and_stepped_with_the_rest(cell):
    case = Case(cell, SHAPE._replace(layers=2, learned_start=True), clip=0.1)
    first = [start.detach().numpy().copy() for start in case.network.start]
    true, network = case.loss_of(case.twin()).item(), case.twin(torch.float32)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for i in range(20):
        optimizer.zero_grad()
        loss = case.loss_of(network, torch.float32)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.1)
        optimizer.step()
        found = case.engine.update(case.batch, 1e-2)
        assert found == pytest.approx(true if i == 0 else loss.item(), rel=1e-5)
    case.engine.copy_to(case.network)
    assert len(first) == (2 if cell == "lstm" else 1)
    for start, wanted, before in zip(case.network.start, network.start, first, strict=True):
        np.testing.assert_allclose(start.detach().numpy(), wanted.detach().numpy(), atol=1e-4)
        assert np.abs(start.detach().numpy() - before).min() > 1e-3


@pytest.mark.attacks
@pytest.mark.parametrize("cell", ["rnn_tanh", "gru", "lstm"])
def test_500_steps_of_adam_stay_as_near_to_float64_as_those_of_torch(cell):
    case = Case(cell, Shape(width=16, batch=16, steps=40, scored=10))
    rates = [1e-3] * 500
    true = torch_losses(case, torch.float64, torch.optim.Adam, 1.0, rates)
    beside = torch_losses(case, torch.float32, torch.optim.Adam, 1.0, rates)
    found = np.array([case.engine.update(case.batch, 1e-3) for _ in rates])
    assert np.abs(found / true - 1).max() <= 3 * np.abs(beside / true - 1).max()
