"""The echo state network: states against a ten-line loop, and what its options mean."""

import numpy as np
import pytest

from benchbench import Budget, Setting, Split
from benchbench.core import registry
from benchbench.core.meter import Meter


def make(width=30, scored=1, **options):
    setting = Setting(inputs=1, outputs=1, scored=scored, length=25, width=width, seed=4)
    return registry.load().get("architecture", "esn").function(setting, **options)


def sine(count=150, scored=1):
    time = np.arange(26)[None] + 11.3 * np.arange(count)[:, None]
    values = np.sin(0.4 * time).astype(np.float32)[:, :, None]
    return Split(inputs=values[:, :25], targets=values[:, 26 - scored :])


def fit(learner, split=None, updates=50, scored=1):
    split = split or sine(scored=scored)
    meter = Meter(Budget(name="b", updates=updates), batches=3)
    learner.fit(split, split, meter)
    return meter


@pytest.mark.parametrize("scored", [1, 10])
def test_states_equal_a_ten_line_loop(scored):
    learner = make(scored=scored, leak=0.3, density=1.0)
    fit(learner, scored=scored)
    inputs = sine(5).inputs
    w, v, b = (a.numpy().astype(np.float64) for a in (learner._recurrent, learner._input, learner._offset))
    expected = np.zeros((5, scored, 30))
    for i, series in enumerate(inputs):
        x = np.zeros(30)
        for t, u in enumerate(series):
            x = 0.7 * x + 0.3 * np.tanh(x @ w + u @ v + b)
            if t >= 25 - scored:
                expected[i, t - 25 + scored] = x
    np.testing.assert_allclose(learner.states(inputs).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("density", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("radius", [0.5, 1.2])
def test_the_reservoir_has_the_spectral_radius_and_density_asked_for(density, radius):
    learner = make(width=60, density=density, spectral_radius=radius)
    fit(learner)
    weights = learner._recurrent.numpy().astype(np.float64)
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(radius, rel=1e-4)
    assert np.count_nonzero(weights) == round(density * 60**2)


def test_the_size_counts_what_is_trained_and_what_is_fixed():
    learner = make(width=60, density=0.1)
    assert (learner.size.trained, learner.size.fixed) == (61, 360 + 60 + 60)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_smallest_reservoirs_can_be_drawn_and_fitted(width):
    learner = make(width=width)
    fit(learner)
    assert np.isfinite(learner.predict(sine(3).inputs)).all()


@pytest.mark.parametrize("scored", [1, 10])
def test_it_forecasts_a_sine_almost_exactly(scored):
    learner = make(scored=scored)
    fit(learner, scored=scored)
    test = sine(40, scored)
    assert np.mean((learner.predict(test.inputs) - test.targets) ** 2) < 1e-4


def test_the_chunk_changes_no_state(monkeypatch):
    learner, inputs = make(), sine(40).inputs
    fit(learner)
    together = learner.predict(inputs)
    monkeypatch.setattr("benchbench.architectures.esn._CHUNK", 7)
    np.testing.assert_allclose(learner.predict(inputs), together, atol=1e-5)


def test_a_small_budget_is_kept_and_the_readout_solved_from_what_it_allowed(monkeypatch):
    monkeypatch.setattr("benchbench.architectures.esn._CHUNK", 20)
    learner = make()
    meter = fit(learner, updates=2)
    assert (meter.updates, meter.over) == (2, False)
    assert np.isfinite(learner.predict(sine(3).inputs)).all()
