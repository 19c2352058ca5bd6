"""Ratios with their intervals: against theory, SciPy and data whose ratio is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchbench.compare.change import Change, difference_of_pairs, ratio_of_pairs, ratio_of_rounds
from benchbench.compare.compare import verdict
from benchbench.compare.measure import Measure

TIME = Measure("time", "time")


def noise(seed, n=60, spread=0.1, scale=1e-3):
    return scale * np.exp(np.random.default_rng(seed).normal(0, spread, n))


def test_the_ratio_of_rounds_is_the_ratio_of_medians_and_lies_in_its_interval():
    a, b = noise(1), noise(2, 80, scale=2e-3)
    ratio, low, high = ratio_of_rounds(a, b)
    assert ratio == np.median(b) / np.median(a)
    assert low < 2 < high
    assert low < ratio < high


def test_the_interval_of_independent_rounds_has_the_width_of_theory():
    n, spread = 400, 0.1
    widths = [np.log(high / low) for seed in range(12) for _, low, high in [ratio_of_rounds(*pair_of(seed, n, spread))]]
    expected = 2 * 1.96 * math.sqrt(2) * spread * math.sqrt(math.pi / 2 / n)
    assert np.mean(widths) == pytest.approx(expected, rel=0.12)


def pair_of(seed, n, spread):
    return noise(2 * seed, n, spread), noise(2 * seed + 1, n, spread)


def test_rounds_that_drift_give_a_wider_interval_than_the_same_rounds_shuffled():
    drifting = np.sort(noise(1, 100))
    shuffled = np.random.default_rng(0).permutation(drifting)
    wide, narrow = (ratio_of_rounds(rounds, rounds) for rounds in (drifting, shuffled))
    assert wide.high / wide.low > 1.1 * narrow.high / narrow.low


def test_many_rounds_are_thinned_in_the_same_way_each_time():
    a, b = noise(1, 9_000), noise(2, 9_001)
    ratio = ratio_of_rounds(a, b)
    assert ratio == ratio_of_rounds(a, b)
    assert 0.98 < ratio.low < 1 < ratio.high < 1.02


def test_the_interval_of_pairs_is_students_interval():
    a, b = noise(1, 6), noise(2, 6, scale=1.3e-3)
    logs = np.log(b / a)
    interval = stats.ttest_1samp(logs, 0).confidence_interval(0.95)
    ratio = ratio_of_pairs(a, b)
    assert ratio == pytest.approx(tuple(np.exp([logs.mean(), interval.low, interval.high])))
    assert ratio.value == pytest.approx(stats.gmean(b / a))


READINGS = st.floats(1e-9, 1e9)


@given(st.lists(st.tuples(READINGS, READINGS), min_size=3, max_size=20), st.floats(1e-3, 1e3))
def test_swapping_the_sides_inverts_the_ratio_of_pairs_and_the_unit_does_not_matter(pairs, unit):
    a, b = np.array(pairs).T
    ratio, low, high = ratio_of_pairs(a, b)
    assert ratio_of_pairs(b, a) == pytest.approx((1 / ratio, 1 / high, 1 / low), rel=1e-6)
    assert ratio_of_pairs(a * unit, b * unit) == pytest.approx((ratio, low, high), rel=1e-6)


@pytest.mark.parametrize("how", [ratio_of_rounds, ratio_of_pairs])
@pytest.mark.parametrize(("a", "b", "ratio"), [(0, 0, 1.0), (3, 3, 1.0), (0, 2, math.nan), (2, 0, math.nan)])
def test_two_zeros_have_the_ratio_one_and_zero_against_another_value_has_no_ratio(how, a, b, ratio):
    assert how(np.full(5, float(a)), np.full(5, float(b))) == pytest.approx((ratio,) * 3, nan_ok=True)


def test_a_pair_of_zeros_among_others_counts_as_one():
    assert ratio_of_pairs(np.array([0.0, 1.0, 1.0]), np.array([0.0, 8.0, 1.0])).value == pytest.approx(2)


@pytest.mark.parametrize("n", [10, 40])
def test_equal_code_is_seldom_called_different_and_code_that_takes_half_as_long_again_always(n):
    said = [verdict(TIME, ratio_of_rounds(*pair_of(seed, n, 0.1)), 1.05) for seed in range(40)]
    assert said.count("no difference seen") >= 38
    slower = [ratio_of_rounds(a, 1.5 * b) for a, b in (pair_of(seed, n, 0.1) for seed in range(40))]
    assert {verdict(TIME, ratio, 1.05) for ratio in slower} == {"slower"}


@pytest.mark.parametrize(
    ("measure", "low", "high", "said"),
    [
        (TIME, 1.06, 1.2, "slower"),
        (TIME, 1.04, 1.2, "no difference seen"),
        (TIME, 0.8, 0.95, "faster"),
        (TIME, 0.8, 0.96, "no difference seen"),
        (Measure("peak memory", "memory"), 1.06, 1.2, "more"),
        (Measure("peak memory", "memory"), 0.8, 0.9, "less"),
        (Measure("test mse", "score"), 2.0, 3.0, "worse"),
        (Measure("test mse", "score"), 0.2, 0.3, "better"),
        (Measure("test r2", "score", "higher"), 0.2, 0.3, "worse"),
    ],
)
def test_a_difference_is_reported_only_where_the_interval_lies_wholly_outside_the_margin(measure, low, high, said):
    assert verdict(measure, Change(1.0, low, high), 1.05) == said


@pytest.mark.parametrize(("low", "high", "said"), [(0.01, 0.2, "better"), (-0.2, -0.01, "worse"), (-0.1, 0.1, "no")])
def test_a_difference_of_scores_is_reported_only_where_its_interval_excludes_zero(low, high, said):
    skill = Measure("test r2", "score", "higher")
    assert verdict(skill, Change(0.1, low, high), 1.0, "difference").split()[0] == said


def test_the_difference_of_pairs_is_students_interval_of_the_mean():
    a, b = np.array([-0.2, 0.0, 0.1, 0.4]), np.array([0.1, 0.1, 0.3, 0.9])
    change = difference_of_pairs(a, b)
    low, high = stats.ttest_rel(b, a).confidence_interval()
    assert change == pytest.approx((np.mean(b - a), low, high))


def test_two_pairs_have_a_difference_and_no_interval():
    value, low, _ = difference_of_pairs(np.array([0.0, 1.0]), np.array([1.0, 3.0]))
    assert (value, math.isnan(low)) == (1.5, True)
