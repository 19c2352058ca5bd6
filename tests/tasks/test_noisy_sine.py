"""The noisy sine: the best scores possible are known in closed form."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from benchbench.core.errors import InputError
from benchbench.tasks.noisy_sine import noisy_sine


def wiener(length, noise_variance=1 / 3, frequency=0.02):
    """The lowest MSE of a linear forecast of sin + white noise from ``length`` past values."""
    lags = np.arange(length)
    covariance = 0.5 * np.cos(frequency * (lags[:, None] - lags)) + noise_variance * np.eye(length)
    cross = 0.5 * np.cos(frequency * (lags + 1))
    return 0.5 + noise_variance - cross @ np.linalg.solve(covariance, cross)


def raw(problem, array):
    return array.astype(np.float64) * problem.provenance["std"][0] + problem.provenance["mean"][0]


@pytest.mark.parametrize(("length", "best"), [(4, 0.4059), (100, 0.3432), (200, 0.3364), (300, 0.3356)])
def test_the_closed_form_gives_the_published_best_scores(length, best):
    assert wiener(length) == pytest.approx(best, abs=5e-5)


@pytest.mark.parametrize("length", [4, 100])
def test_a_linear_fit_on_many_samples_reaches_the_closed_form(length):
    problem = noisy_sine(np.random.default_rng(0), length, samples=100_000)
    fit = LinearRegression().fit(problem.train.inputs[..., 0], problem.train.targets[:, 0, 0])
    error = np.mean((fit.predict(problem.test.inputs[..., 0]) - problem.test.targets[:, 0, 0]) ** 2)
    assert error * problem.provenance["std"][0] ** 2 == pytest.approx(wiener(length), rel=0.02)


def test_the_floor_is_the_variance_of_the_noise_in_scaled_units():
    problem = noisy_sine(np.random.default_rng(0), 100)
    assert problem.floor * problem.provenance["std"][0] ** 2 == pytest.approx(1 / 3)
    exact = raw(problem, problem.test.targets)[:, 0, 0] - np.sin(0.02 * np.arange(800, 1000))
    assert exact.min() >= -1e-6
    assert exact.max() <= 2 + 1e-6
    assert exact.var() == pytest.approx(1 / 3, rel=0.15)


def test_r2_on_the_last_200_samples_cannot_exceed_the_golden_bound():
    variance = np.sin(0.02 * np.arange(800, 1000)).var()
    assert 1 - (1 / 3) / (variance + 1 / 3) == pytest.approx(0.524, abs=5e-4)


@pytest.mark.parametrize("length", [4, 300, 700])
def test_every_length_is_scored_on_the_same_period_of_time(length):
    problem = noisy_sine(np.random.default_rng(0), length, noise=0.0, horizon=5)
    valid, test = (raw(problem, part.targets)[:, 0, 0] for part in (problem.valid, problem.test))
    np.testing.assert_allclose(valid, np.sin(0.02 * np.arange(600, 800)), atol=1e-6)
    np.testing.assert_allclose(test, np.sin(0.02 * np.arange(800, 1000)), atol=1e-6)
    first = 800 - 5 - length + 1
    np.testing.assert_allclose(
        raw(problem, problem.test.inputs)[0, :, 0], np.sin(0.02 * np.arange(first, first + length)), atol=1e-6
    )


def test_the_three_parts_have_noise_of_their_own():
    problem = noisy_sine(np.random.default_rng(0), 4)
    train = raw(problem, problem.train.targets)[-200:, 0, 0]
    valid = raw(problem, problem.valid.targets)[:, 0, 0]
    assert (
        abs(np.corrcoef(train - np.sin(0.02 * np.arange(600, 800)), valid - np.sin(0.02 * np.arange(600, 800)))[0, 1])
        < 0.2
    )


def test_windows_longer_than_the_training_part_are_refused():
    with pytest.raises(InputError, match="800 samples of train hold no window of 800 with horizon 1"):
        noisy_sine(np.random.default_rng(0), 800)


def test_the_free_run_has_noise_in_its_prefix_and_none_after_it():
    problem = noisy_sine(np.random.default_rng(0), 100)
    run = problem.free_run
    prefix, truth = raw(problem, run.prefix)[:, :, 0], raw(problem, run.truth)[:, :, 0]
    assert (prefix.shape, truth.shape) == ((50, 100), (50, 1000))
    clean = truth - 1  # the mean of 2 U(0, 1)
    np.testing.assert_allclose(clean[:, 2:], 2 * np.cos(0.02) * clean[:, 1:-1] - clean[:, :-2], atol=2e-6)
    phase = np.arctan2(clean[:, 0], (clean[:, 1] - clean[:, 0] * np.cos(0.02)) / np.sin(0.02))
    noise = prefix - np.sin(phase[:, None] + 0.02 * np.arange(-100, 0))
    assert (noise.min(), noise.max()) == pytest.approx((0, 2), abs=2e-3)
    assert noise.var() == pytest.approx(1 / 3, rel=0.03)
    np.testing.assert_allclose(run.restore(run.truth)[:, :, 0], truth, atol=1e-6)


def test_the_starts_of_the_free_run_have_all_phases_and_there_is_none_beyond_horizon_one():
    truth = noisy_sine(np.random.default_rng(0), 100, noise=0.0).free_run.truth[:, 0, 0]
    assert (truth.min(), truth.max()) == pytest.approx((-1.41, 1.41), abs=0.3)  # in deviations of a sine
    assert noisy_sine(np.random.default_rng(0), 100, horizon=2).free_run is None


def test_the_free_run_does_not_change_the_parts():
    rng = np.random.default_rng(0)
    problem = noisy_sine(np.random.default_rng(0), 100)
    drawn = np.sin(0.02 * np.arange(800)) + 2 * rng.random(800)
    inputs = np.lib.stride_tricks.sliding_window_view(drawn[:-1], 100)
    np.testing.assert_allclose(raw(problem, problem.train.inputs)[:, :, 0], inputs, atol=1e-6)


def test_option_sets_are_chosen_from_fifty_further_starts_with_noise_of_their_own():
    problem = noisy_sine(np.random.default_rng(0), 100)
    run, other = problem.valid_run, problem.free_run
    assert (run.prefix.shape, run.truth.shape) == (other.prefix.shape, other.truth.shape)
    assert np.abs(run.truth[:, 0] - other.truth[:, 0]).min() > 0
    clean = raw(problem, run.truth)[:, :, 0] - 1
    np.testing.assert_allclose(clean[:, 2:], 2 * np.cos(0.02) * clean[:, 1:-1] - clean[:, :-2], atol=2e-6)
    phase = np.arctan2(clean[:, 0], (clean[:, 1] - clean[:, 0] * np.cos(0.02)) / np.sin(0.02))
    noise = raw(problem, run.prefix)[:, :, 0] - np.sin(phase[:, None] + 0.02 * np.arange(-100, 0))
    assert (noise.min(), noise.max()) == pytest.approx((0, 2), abs=2e-3)
    assert noisy_sine(np.random.default_rng(0), 100, horizon=2).valid_run is None
