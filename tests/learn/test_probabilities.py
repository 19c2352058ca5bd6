"""The temperature of a readout's softmax, compared with other ways to find it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import softmax

from benchbench.core import metrics
from benchbench.learn.probabilities import fit_temperature, probabilities


def outputs(scale, seed=0, count=400):
    """Outputs that are, up to a scale, the logits from which classes are drawn, and the classes as one-hot targets."""
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((count, 1, 3))
    share = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    which = [rng.choice(3, p=row[0]) for row in share]
    return (scale * logits).astype(np.float32), np.eye(3, dtype=np.float32)[which][:, None]


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.1, 8), seed=st.integers(0, 20))
def test_the_slope_of_the_log_loss_is_zero_at_the_temperature(scale, seed):
    made, targets = outputs(scale, seed)
    wide = made.reshape(-1, 3).astype(np.float64)

    def slope(inverse):
        return ((softmax(inverse * wide, axis=1) - targets[:, 0]) * wide).sum(axis=1).mean()

    assert fit_temperature(made, targets) == pytest.approx(1 / brentq(slope, 1e-3, 1e3), rel=1e-3)


def test_no_other_temperature_of_a_grid_has_a_lower_log_loss():
    made, targets = outputs(3.0, count=2000)

    def loss(temperature):
        return metrics.log_loss(targets, probabilities(torch.from_numpy(made), temperature).numpy())

    best = fit_temperature(made, targets)
    assert best == pytest.approx(3.0, rel=0.1)  # the factor by which the outputs were scaled
    assert loss(best) <= min(loss(t) for t in np.geomspace(0.01, 100, 400)) + 1e-9


def test_the_temperature_of_useless_and_of_perfect_outputs_stays_within_bounds():
    targets = np.eye(3, dtype=np.float32)[np.arange(30) % 3][:, None]
    assert 0.01 <= fit_temperature(targets, targets) <= 0.05  # the log loss is zero there
    wrong = np.roll(targets, 1, axis=2)
    assert fit_temperature(wrong, targets) == pytest.approx(100, rel=1e-2)


@given(temperature=st.floats(0.01, 100))
def test_each_row_holds_probabilities(temperature):
    rows = probabilities(torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(0)), temperature)
    assert (rows >= 0).all()
    np.testing.assert_allclose(rows.sum(dim=-1).numpy(), 1, atol=1e-12)
