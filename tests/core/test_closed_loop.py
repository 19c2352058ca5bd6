from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.closed_loop import diverged, generate_by_window, nrmse_at, spectrum_distance, valid_steps

sizes = st.tuples(st.integers(1, 6), st.integers(2, 120), st.integers(1, 3))
seeds = st.integers(0, 2**32 - 1)


def runs(size: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


def sines(omega: float, starts: int = 4, steps: int = 1000, amplitude: float = 1.0) -> np.ndarray:
    times = np.arange(steps) + 37.0 * np.arange(starts)[:, None]
    return (amplitude * np.sin(omega * times)).astype(np.float32)[:, :, None]


@given(sizes, seeds)
def test_a_perfect_run_is_valid_to_the_end_with_no_error_and_the_spectrum_of_the_truth(
    size: tuple[int, int, int], seed: int
) -> None:
    truth = runs(size, seed)
    assert valid_steps(truth, truth).tolist() == [size[1]] * size[0]
    assert nrmse_at(truth, truth, size[1]) == 0
    assert not diverged(truth, truth).any()
    distance = spectrum_distance(truth, truth)
    assert distance == pytest.approx(0, abs=1e-7)


@given(sizes, seeds, st.data(), st.sampled_from([1.0, -1.0, 1e30, np.inf, -np.inf, np.nan]))
def test_an_error_switched_on_at_a_step_ends_the_valid_time_there(
    size: tuple[int, int, int], seed: int, data: st.DataObject, error: float
) -> None:
    truth = runs(size, seed)
    generated, begins = truth.copy(), []
    for start in range(size[0]):
        begin = data.draw(st.integers(0, size[1]))
        begins.append(begin)
        generated[start, begin:] += np.float32(error) * 0.5 * truth.std(axis=(0, 1))
    assert valid_steps(truth, generated).tolist() == begins


def test_an_error_of_four_tenths_of_a_deviation_is_valid_and_more_is_not() -> None:
    truth = np.array([-1, 1] * 50, np.float32)[None, :, None]  # deviation 1
    just, more = truth.copy(), truth.copy()
    just[0, 7], more[0, 7] = truth[0, 7] + np.float32(0.39999), truth[0, 7] + np.float32(0.40001)
    assert (valid_steps(truth, just)[0], valid_steps(truth, more)[0]) == (100, 7)
    assert valid_steps(truth, more, threshold=0.5)[0] == 100


def test_with_several_features_the_root_of_their_mean_square_counts() -> None:
    truth = np.stack([np.tile([-1.0, 1.0], 50), np.tile([-10.0, 10.0], 50)], axis=1)[None].astype(np.float32)
    off = truth.copy()
    off[0, 5:, 0] += 0.55  # alone: 0.55 / sqrt(2) = 0.39
    assert valid_steps(truth, off)[0] == 100
    off[0, 9:, 1] += 2.0  # together: sqrt((0.55^2 + 0.2^2) / 2) = 0.41
    assert valid_steps(truth, off)[0] == 9


@given(sizes, seeds, st.sampled_from([0.125, 4.0, 1024.0]), st.floats(-1, 1))
def test_the_scores_do_not_depend_on_the_units(
    size: tuple[int, int, int], seed: int, scale: float, shift: float
) -> None:
    truth, generated = runs(size, seed).astype(np.float64), runs(size, seed + 1).astype(np.float64)
    generated = truth + 0.4 * generated
    moved = [part * scale + shift for part in (truth, generated)]
    one: Any = (truth, generated)
    np.testing.assert_array_equal(valid_steps(*one), valid_steps(*moved))
    assert nrmse_at(*one, size[1]) == pytest.approx(nrmse_at(*moved, size[1]), rel=1e-9)
    np.testing.assert_array_equal(diverged(*one), diverged(*moved))
    assert spectrum_distance(*one) == pytest.approx(spectrum_distance(*moved), abs=1e-6)


def test_the_nrmse_at_a_step_equals_a_plain_loop() -> None:
    truth, generated = runs((7, 90, 1)).astype(np.float64), runs((7, 90, 1), 1).astype(np.float64)
    squares = [(generated[start, 83, 0] - truth[start, 83, 0]) ** 2 for start in range(7)]
    expected = (sum(squares) / 7 / truth.var()) ** 0.5
    assert nrmse_at(truth, generated) == pytest.approx(expected, rel=1e-12)


def test_an_nrmse_of_mean_predictions_is_one() -> None:
    truth = runs((2000, 3, 1))
    assert nrmse_at(truth, np.zeros_like(truth), 2) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_there_is_no_nrmse_of_runs_too_short_or_not_finite(value: float) -> None:
    truth = runs((3, 84, 1))
    assert nrmse_at(truth[:, :83], truth[:, :83]) is None
    broken = truth.copy()
    broken[1, 83] = value
    assert nrmse_at(truth, broken) is None


def test_a_run_diverges_where_it_leaves_the_range_of_the_truth_by_its_width() -> None:
    truth = np.tile(np.array([-1, 3], np.float32), 10)[None, :, None].repeat(6, axis=0)  # -1..3: allowed are -5..7
    generated = truth.copy()
    generated[:, 11, 0] = [-5, 7, -5.01, 7.01, np.nan, -np.inf]
    assert diverged(truth, generated).tolist() == [False, False, True, True, True, True]


def test_the_spectra_of_two_sines_far_apart_do_not_overlap() -> None:
    distance = spectrum_distance(sines(0.2), sines(1.7))
    assert distance is not None
    assert 0.98 < distance <= 1


def test_phase_and_amplitude_do_not_change_a_spectrum_and_the_distance_is_symmetric() -> None:
    assert spectrum_distance(sines(0.2), sines(0.2, amplitude=0.5)) == pytest.approx(0, abs=1e-6)
    noise, other = runs((4, 1000, 1)), runs((4, 1000, 1), 1) + sines(0.2)
    assert spectrum_distance(noise, other) == pytest.approx(spectrum_distance(other, noise))


def test_half_the_power_at_another_frequency_gives_hellingers_distance() -> None:
    mixed = sines(0.2) + sines(1.7)
    assert spectrum_distance(sines(0.2), mixed) == pytest.approx((1 - 0.5**0.5) ** 0.5, abs=0.005)


def test_a_constant_run_shares_no_spectrum_with_a_sine() -> None:
    assert spectrum_distance(sines(0.2), np.full((4, 1000, 1), 0.3, np.float32)) == 1


@given(sizes, seeds, seeds)
def test_a_spectrum_distance_is_between_zero_and_one(size: tuple[int, int, int], one: int, two: int) -> None:
    distance = spectrum_distance(runs(size, one), runs(size, two))
    assert distance is None or 0 <= distance <= 1


def test_starts_that_diverged_are_left_out_of_the_spectrum() -> None:
    truth = sines(0.2)
    generated = truth.copy()
    generated[1:] = np.nan
    assert spectrum_distance(truth, generated) == pytest.approx(spectrum_distance(truth, truth[:1]))
    assert spectrum_distance(truth, np.full_like(truth, 1e30)) is None


def test_persistence_in_a_sliding_window_generates_a_constant() -> None:
    prefix = runs((3, 9, 2))
    generated = generate_by_window(lambda windows: windows[:, -1:], prefix, 25, length=4)
    np.testing.assert_array_equal(generated, np.repeat(prefix[:, -1:], 25, axis=1))


def test_the_recurrence_of_a_cosine_in_a_sliding_window_generates_the_cosine() -> None:
    omega = 0.3
    times = np.arange(60) + np.array([[0.0], [5.5]])
    whole = np.cos(omega * times).astype(np.float32)[:, :, None]
    generated = generate_by_window(lambda w: 2 * np.cos(omega) * w[:, -1:] - w[:, -2:-1], whole[:, :10], 50, length=2)
    np.testing.assert_allclose(generated, whole[:, 10:], atol=2e-5)


def test_each_window_holds_the_last_steps_and_the_last_scored_step_is_taken() -> None:
    seen = []

    def count(windows: np.ndarray) -> np.ndarray:
        seen.append(windows[0, :, 0].tolist())
        return windows[:, -2:] + 1

    generated = generate_by_window(count, np.arange(6, dtype=np.float32)[None, :, None], 4, length=3)
    assert seen == [[3, 4, 5], [4, 5, 6], [5, 6, 7], [6, 7, 8]]
    assert generated[0, :, 0].tolist() == [6, 7, 8, 9]


@pytest.mark.parametrize("beyond", [np.nan, np.inf, -np.inf, 1e300])
def test_a_learner_never_gets_inputs_that_are_not_finite(beyond: float) -> None:
    def strict(windows: np.ndarray) -> np.ndarray:
        assert np.isfinite(windows).all()
        return np.full((len(windows), 1, 1), beyond)

    truth = runs((2, 5, 1))
    generated = generate_by_window(strict, runs((2, 6, 1)), 5, length=6)
    assert diverged(truth, generated).all()


def test_a_prefix_shorter_than_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="a prefix of 5 steps is shorter than the window of 6"):
        generate_by_window(lambda windows: windows, runs((2, 5, 1)), 3, length=6)


def test_generating_does_not_change_the_prefix() -> None:
    prefix = runs((2, 6, 1))
    before = prefix.copy()
    generate_by_window(lambda windows: windows[:, -1:] + 1, prefix, 5, length=6)
    np.testing.assert_array_equal(prefix, before)
