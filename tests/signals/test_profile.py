"""The profile of a signal: gaps, outliers and the period, and none of these if there is none."""

import numpy as np
import pytest
from scipy.signal import lfilter

from benchbench.signals.profile import outliers, period, profile, stretches
from benchbench.signals.synthetic_ecg import series as ecg

SAMPLES = 5_000
STEPS = np.arange(SAMPLES)


def noise(seed, samples=SAMPLES):
    return np.random.default_rng(seed).standard_normal(samples)


@pytest.mark.parametrize("truth", [3.7, 24.0, 37.3, 300.0, 700.0])
def test_the_period_of_a_noisy_sine_is_found_to_half_a_percent(truth):
    found = period(np.sin(2 * np.pi * STEPS / truth) + 0.3 * noise(0))
    assert found == pytest.approx(truth, rel=0.005)


def test_a_period_is_found_in_a_signal_that_is_mostly_noise_and_in_one_with_a_trend():
    assert period(np.sin(2 * np.pi * STEPS / 50) + 2 * noise(0)) == pytest.approx(50, rel=0.02)
    assert period(0.01 * STEPS + np.sin(2 * np.pi * STEPS / 24)) == pytest.approx(24, rel=0.001)


def test_the_period_of_pulses_is_their_distance_and_not_an_overtone():
    pulses = np.zeros(SAMPLES)
    pulses[::97] = 1.0
    assert period(np.convolve(pulses, np.hanning(9), "same") + 0.01 * noise(0)) == pytest.approx(97, rel=0.005)


def test_the_period_of_an_ecg_is_about_a_second_of_heartbeats():
    assert period(ecg(np.random.default_rng(0), SAMPLES)) == pytest.approx(120, rel=0.1)


def test_noise_however_slow_has_no_period():
    walks = [period(noise(seed).cumsum()) for seed in range(20)]
    slow = [period(lfilter([1], [1, -share], noise(seed))) for share in (0.5, 0.9, 0.99) for seed in range(20)]
    white = [period(noise(seed)) for seed in range(20)]
    assert sum(one is not None for one in [*walks, *slow, *white]) <= 2  # of 100


def test_a_signal_of_fewer_than_five_periods_has_no_period():
    assert period(np.sin(2 * np.pi * np.arange(100) / 40)) is None


def test_gaps_are_stretches_of_rows_that_count_from_one():
    values = noise(0, 100)
    values[[3, 10, 11, 12]] = np.nan
    found = profile(values)
    assert found.gaps == ((4, 4), (11, 13))
    assert (found.samples, found.missing, found.longest_gap) == (100, 4, 3)


def test_stretches_at_both_ends_are_whole():
    assert stretches(np.array([True, False, True, True])) == ((1, 1), (3, 4))


def test_outliers_are_those_beyond_five_robust_deviations_and_do_not_hide_each_other():
    values = noise(0, 1_000)
    values[:50] = 1e6  # would raise a standard deviation, but not the median of the distances
    assert outliers(values).tolist() == list(range(50))
    assert profile(values).first_outliers == (1, 2, 3, 4, 5)


def test_a_signal_of_which_half_is_one_value_has_no_outliers():
    assert profile(np.array([0.0] * 60 + [1.0, 5.0] * 20)).outliers == 0


def test_the_correlation_of_neighbours_is_that_of_the_process_and_leaves_gaps_aside():
    values = lfilter([1], [1, -0.7], noise(0))
    assert profile(values).lag_one == pytest.approx(0.7, abs=0.03)
    values[::10] = np.nan
    assert profile(values).lag_one == pytest.approx(0.7, abs=0.03)


def test_two_samples_have_no_correlation_and_no_period():
    found = profile(np.array([1.0, 2.0]))
    assert found.lag_one is None
    assert found.period is None
