"""Intervals, against SciPy and against properties that hold for all numbers."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from benchbench.statistics.intervals import (
    BOOTSTRAP_FROM,
    FEWEST_TASKS,
    interval,
    over_tasks,
    share,
    student,
    studentised,
)

FEW = 999


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n", [3, 5, 19])
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
def test_below_20_pairs_the_interval_and_p_value_equal_those_of_scipy_s_paired_test(n, alpha):
    first, second = np.random.default_rng(n).lognormal(size=(2, n))
    theirs = stats.ttest_rel(np.log(first), np.log(second))
    ours = interval(np.log(first) - np.log(second), rng(), alpha)
    assert ours[1:3] == pytest.approx(tuple(theirs.confidence_interval(1 - alpha)))
    assert ours.p == pytest.approx(theirs.pvalue)


def test_from_20_pairs_on_the_interval_is_the_wider_of_student_s_and_the_bootstrap():
    values = np.random.default_rng(1).exponential(size=BOOTSTRAP_FROM)
    plain, drawn, both = student(values), studentised(values, rng()), interval(values, rng())
    assert both.low == min(plain.low, drawn.low) != max(plain.low, drawn.low)
    assert both.high == max(plain.high, drawn.high) != min(plain.high, drawn.high)
    assert both.p == max(plain.p, drawn.p)


def test_the_bootstrap_of_many_normal_values_is_close_to_student_s_interval():
    values = np.random.default_rng(2).normal(1, 1, 400)
    assert studentised(values, rng())[:3] == pytest.approx(student(values)[:3], abs=0.01)


def test_the_bootstrap_leans_towards_the_long_tail_where_student_s_interval_is_symmetric():
    values = np.random.default_rng(3).lognormal(sigma=1.5, size=40)
    found = studentised(values, rng())
    assert found.high - found.value > 1.3 * (found.value - found.low)


def test_the_bootstrap_s_p_value_is_below_alpha_where_its_interval_excludes_zero():
    for shift in np.linspace(0, 1, 9):
        values = np.random.default_rng(4).standard_t(3, size=25) + shift
        found = studentised(values, rng(), resamples=FEW)
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_the_bootstrap_draws_only_from_its_generator():
    values = np.random.default_rng(5).normal(size=30)
    assert studentised(values, rng()) == studentised(values, rng())
    assert studentised(values, rng()) != studentised(values, np.random.default_rng(1))


def test_one_value_has_no_interval_and_two_have_a_wide_one():
    assert student(np.array([1.5]))[0] == 1.5
    assert np.isnan(student(np.array([1.5]))[1:]).all()
    assert student(np.array([1.0, 2.0]))[1:3] == pytest.approx((1.5 - 6.353, 1.5 + 6.353), abs=1e-3)
    assert np.isnan(student(np.empty(0))).all()


@pytest.mark.parametrize("n", [2, 5, 25])
def test_values_that_are_all_the_same_have_no_interval_unless_they_are_zero(n):
    assert interval(np.zeros(n), rng(), resamples=FEW) == (0.0, 0.0, 0.0, 1.0)
    found = interval(np.full(n, 0.3), rng(), resamples=FEW)
    assert found.value == pytest.approx(0.3)
    assert np.isnan(found[1:]).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=25), st.floats(0.1, 10), st.floats(-3, 3))
def test_an_interval_follows_a_change_of_units_and_of_sign(found, factor, shift):
    values = np.array(found)
    assume(values.std() > 1e-3)
    one = interval(values, rng(), resamples=99)
    moved = interval(factor * values + shift, rng(), resamples=99)
    assert moved[:3] == pytest.approx(tuple(factor * value + shift for value in one[:3]), abs=1e-6)
    turned = interval(-values, rng(), resamples=99)
    assert turned[:3] == pytest.approx((-one.value, -one.high, -one.low), abs=1e-6)


def test_fewer_than_ten_tasks_have_a_mean_and_no_interval():
    tasks = [np.array([float(i), i + 1.0]) for i in range(FEWEST_TASKS)]
    few, enough = over_tasks(tasks[1:], rng()), over_tasks(tasks, rng())
    assert few.value == pytest.approx(5.5)
    assert np.isnan(few[1:]).all()
    theirs = stats.ttest_1samp(np.arange(FEWEST_TASKS) + 0.5, 0.0).confidence_interval()
    assert enough[1:3] == pytest.approx(tuple(theirs))


def test_a_task_counts_once_however_many_seeds_it_has():
    tasks = [np.full(1 + 9 * (i == 0), float(i)) for i in range(FEWEST_TASKS)]
    assert over_tasks(tasks, rng()).value == pytest.approx(4.5)


@pytest.mark.parametrize(("count", "of"), [(0, 5), (5, 5), (3, 7), (1_000, 2_000)])
def test_the_interval_of_a_share_is_scipy_s_exact_one(count, of):
    theirs = stats.binomtest(count, of).proportion_ci(0.95, method="exact")
    assert share(count, of) == pytest.approx((count / of, theirs.low, theirs.high))
