"""Schedules of the learning rate: closed forms, PyTorch's own, and the rates that learners of both engines use."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchbench import Budget, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.meter import Meter
from benchbench.learn.engines import gradient
from benchbench.learn.schedule import factor

SETTING = Setting(inputs=1, outputs=1, scored=1, length=12, width=8, seed=3, batch=10)
SERIES = np.sin(np.arange(42 * 13).reshape(42, 13, 1) / 5).astype(np.float32)
SPLIT = Split(inputs=SERIES[:, :-1], targets=SERIES[:, -1:])
SCHEDULES = ["constant", "linear", "cosine"]


@pytest.mark.parametrize(
    ("schedule", "warm_up", "used", "wanted"),
    [
        ("constant", 0.0, 0.0, 1.0),
        ("constant", 0.0, 0.9, 1.0),
        ("constant", 0.2, 0.05, 0.25),
        ("constant", 0.2, 0.2, 1.0),
        ("linear", 0.0, 0.0, 1.0),
        ("linear", 0.0, 0.75, 0.25),
        ("linear", 0.5, 0.75, 0.5),
        ("linear", 0.5, 1.0, 0.0),
        ("cosine", 0.0, 0.0, 1.0),
        ("cosine", 0.0, 1 / 3, 0.75),
        ("cosine", 0.0, 0.5, 0.5),
        ("cosine", 0.4, 0.8, 0.25),
        ("cosine", 0.4, 0.1, 0.25),
        ("cosine", 0.0, 1.0, 0.0),
    ],
)
def test_factors_equal_the_closed_forms(schedule, warm_up, used, wanted):
    assert factor(schedule, warm_up, used) == pytest.approx(wanted, abs=1e-12)


@given(st.sampled_from(SCHEDULES), st.floats(0, 0.99), st.floats(0, 1), st.floats(0, 1))
def test_a_rate_rises_over_the_warm_up_and_never_after_it(schedule, warm_up, one, other):
    early, late = sorted((one, other))
    first, second = factor(schedule, warm_up, early), factor(schedule, warm_up, late)
    assert 0 <= first <= 1
    if late < warm_up:
        assert first <= second
    elif early >= warm_up:
        assert first >= second


def rates(engine, budget, **options):
    """The learning rates of a learner's updates, in a fit in which each update takes three seconds."""
    setting = replace(SETTING, engine=engine)
    learner = gradient(setting, lambda i, w: nn.GRU(i, w, batch_first=True), learning_rate=0.01, **options)
    given, seconds, make = [], [0], learner._updating

    def watched(network, train):
        update = make(network, train)

        def step(rate):
            given.append(rate)
            seconds[0] += 3
            return update(rate)

        return step

    learner._updating = watched
    learner.fit(SPLIT, SPLIT, Meter(budget, batches=5, clock=lambda: seconds[0]))
    return np.array(given)


PYTORCH = {
    "linear": lambda optimizer, count: torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=count),
    "cosine": torch.optim.lr_scheduler.CosineAnnealingLR,
}


@pytest.mark.parametrize("schedule", PYTORCH)
@pytest.mark.parametrize("limits", [{"updates": 40}, {"epochs": 8}])
def test_both_engines_use_the_rates_of_pytorchs_schedulers_over_the_budget(schedule, limits):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
    scheduler, wanted = PYTORCH[schedule](optimizer, 40), []
    for _ in range(40):
        wanted.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    found = [rates(engine, Budget(name="few", **limits), schedule=schedule) for engine in ("torch", "numba")]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[0], wanted, rtol=1e-9)


def test_a_warm_up_is_a_share_of_the_budget():
    found = rates("torch", Budget(name="few", updates=20), schedule="linear", warm_up=0.2)
    np.testing.assert_allclose(found[:4], 0.01 * np.arange(4) / 4, atol=1e-15)
    np.testing.assert_allclose(found[4:], 0.01 * (1 - np.arange(16) / 16))


@pytest.mark.parametrize("engine", ["torch", "numba"])
def test_a_rate_falls_over_the_seconds_of_a_budget(engine):
    found = rates(engine, Budget(name="few", seconds=30), schedule="linear")
    np.testing.assert_allclose(found, 0.01 * (1 - np.arange(10) / 10))


@pytest.mark.parametrize("engine", ["torch", "numba"])
def test_a_constant_rate_equals_the_option_bit_by_bit(engine):
    assert set(rates(engine, Budget(name="few", updates=12), schedule="constant")) == {0.01}


def trained(name, engine, **options):
    learner = registry.load().get("architecture", name).function(replace(SETTING, engine=engine), **options)
    learner.fit(SPLIT, SPLIT, Meter(Budget(name="few", updates=200), batches=5))
    return learner.predict(SPLIT.inputs)


@pytest.mark.long
@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_engines_stay_as_near_over_200_updates_with_a_schedule_as_without(name, schedule):
    plain, *scheduled = (
        [trained(name, engine, **options) for engine in ("torch", "numba")]
        for options in ({"schedule": "constant"}, {"schedule": schedule, "warm_up": 0.1})
    )
    apart = np.abs(plain[0] - plain[1]).max()
    assert np.abs(scheduled[0][0] - scheduled[0][1]).max() <= max(2 * apart, 1e-5)
    assert np.abs(scheduled[0][0] - plain[0]).max() > 10 * apart


def test_an_unknown_schedule_and_a_warm_up_over_the_whole_budget_are_refused():
    core = lambda i, w: nn.GRU(i, w, batch_first=True)  # noqa: E731
    with pytest.raises(InputError, match=r"'cosin'.*cosine"):
        gradient(SETTING, core, schedule="cosin")
    with pytest.raises(InputError, match=r"warm_up = 1: .*below 1"):
        gradient(SETTING, core, warm_up=1)
