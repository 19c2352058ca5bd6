"""The Lorenz states: other integrators, known points and numbers, Lyapunov exponent, how long runs stay together."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchbench.core.errors import InputError
from benchbench.signals import lorenz
from benchbench.signals.lorenz import LYAPUNOV, slope, states


def jacobian_times(state, vector):
    (x, y, z), (a, b, c) = state, vector
    return np.array([10 * (b - a), a * (28 - z) - x * c - b, a * y + x * b - 8 / 3 * c])


@pytest.mark.parametrize("point", [(0, 0, 0), (72**0.5, 72**0.5, 27), (-(72**0.5), -(72**0.5), 27)])
def test_the_three_fixed_points_do_not_move(point):
    np.testing.assert_allclose(slope(0.0, np.array(point, float)), 0, atol=1e-12)


def test_the_slope_has_the_jacobian_of_the_equations_and_shrinks_volumes_by_41_thirds():
    state = np.array([1.0, -2.0, 3.0])
    columns = [(slope(0, state + 1e-6 * e) - slope(0, state - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
    np.testing.assert_allclose(columns, [jacobian_times(state, e) for e in np.eye(3)], atol=1e-8)
    assert np.trace(columns) == pytest.approx(-41 / 3)


@pytest.mark.parametrize("method", ["LSODA", "RK45"])
def test_the_states_agree_with_another_integrator_for_five_lyapunov_times(method):
    ours = states(np.random.default_rng(0), 277)
    times = 0.02 * np.arange(277)
    theirs = solve_ivp(slope, (0, times[-1]), ours[0], method, times, rtol=1e-11, atol=1e-11).y.T
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_runs_at_the_tolerance_and_at_a_hundredth_of_it_stay_together_for_ten_lyapunov_times(monkeypatch, seed):
    monkeypatch.setattr(lorenz, "DISCARDED", 0.0)
    samples = round(10 / LYAPUNOV / 0.02)
    ours, finer = (states(np.random.default_rng(seed), samples, tolerance=t) for t in (1e-10, 1e-12))
    assert np.sqrt(np.mean(((ours - finer) / finer.std(axis=0)) ** 2, axis=1)).max() <= 0.4


@pytest.mark.long
def test_the_largest_lyapunov_exponent_is_the_published_one():
    """The variational equation by Runge-Kutta 4, 150 orbits at once."""
    h, settle, count = 0.01, 10, 11_000
    state = states(np.random.default_rng(0), 150, interval=2.0).T
    both = np.stack([state, np.ones_like(state)])
    grown = np.zeros(150)

    def rule(both):
        return np.stack([slope(0.0, both[0]), jacobian_times(*both)])

    for step in range(count):
        k1 = rule(both)
        k2 = rule(both + h / 2 * k1)
        k3 = rule(both + h / 2 * k2)
        both = both + h / 6 * (k1 + 2 * k2 + 2 * k3 + rule(both + h * k3))
        size = np.sqrt(np.sum(both[1] ** 2, axis=0))
        both[1] /= size
        grown += np.log(size) * (step * h >= settle)
    assert LYAPUNOV == 0.906
    assert np.mean(grown) / (count * h - settle) == pytest.approx(0.906, rel=0.03)


@pytest.mark.long
def test_the_orbit_is_on_the_attractor_with_its_known_mean_and_spread():
    found = states(np.random.default_rng(0), 2_000, interval=0.2)
    assert found[:, 2].mean() == pytest.approx(23.55, abs=0.25)
    assert found.std(axis=0) == pytest.approx((7.92, 9.01, 8.62), rel=0.02)


def test_samples_are_the_interval_apart_and_every_seed_has_an_orbit_of_its_own():
    fine, coarse = (states(np.random.default_rng(0), n, interval=i) for n, i in ((9, 0.01), (5, 0.02)))
    np.testing.assert_allclose(fine[::2], coarse, atol=1e-4)
    assert np.abs(coarse - states(np.random.default_rng(1), 5)).max() > 1
    assert (coarse.shape, coarse.dtype) == ((5, 3), np.float64)


@pytest.mark.parametrize("interval", [0.0, -0.1, float("nan"), float("inf")])
def test_an_interval_that_is_not_positive_is_refused(interval):
    with pytest.raises(InputError, match="the time between two samples must be above 0"):
        states(np.random.default_rng(0), 5, interval=interval)
