"""Laws of growth: against SciPy, against known laws, and against growth that is no power."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchbench.statistics.laws import law, power

SIZES = np.array([100.0, 200.0, 300.0])


def noisy(seeds, exponent=0.98, deviation=0.02, sizes=SIZES, seed=0):
    """Values (size, seed) of a power law with noise."""
    drawn = np.random.default_rng(seed).normal(0, deviation, (len(sizes), seeds))
    return 0.01 * sizes[:, None] ** exponent * np.exp(drawn)


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(1e-3, 1e3), exponent=st.floats(-2, 3), sizes=st.integers(3, 9), seeds=st.integers(2, 5))
def test_a_power_law_without_noise_is_found_and_holds(factor, exponent, sizes, seeds):
    at = np.arange(1.0, sizes + 1) * 50
    found = law(at, np.tile(factor * at[:, None] ** exponent, seeds))
    assert found.exponent.value == pytest.approx(exponent, abs=1e-9)
    assert found.predicted.value == pytest.approx(1)
    assert found.held == "holds"
    assert power(at, factor * at**exponent) == pytest.approx((factor, exponent), rel=1e-6, abs=1e-9)


def test_the_interval_of_the_exponent_is_student_s_over_the_slopes_of_the_seeds():
    sizes = np.array([50.0, 100, 200, 300])
    values = noisy(5, sizes=sizes, deviation=0.1)
    found = law(sizes, values)
    lines = [stats.linregress(np.log(sizes[:3]), np.log(seed[:3])) for seed in values.T]
    theirs = stats.ttest_1samp([line.slope for line in lines], 0)
    assert found.fitted == 3
    assert found.exponent.value == pytest.approx(np.mean([line.slope for line in lines]))
    assert found.exponent[1:3] == pytest.approx(tuple(theirs.confidence_interval()))
    said = [line.intercept + line.slope * np.log(300) for line in lines] - np.log(values[3])
    check = stats.ttest_1samp(said, 0)
    assert found.predicted[:3] == pytest.approx((np.exp(np.mean(said)), *np.exp(check.confidence_interval())))


@pytest.mark.parametrize(("sizes", "fitted"), [(3, 2), (4, 3), (5, 4), (6, 4), (9, 6)])
def test_the_largest_third_of_the_sizes_is_not_fitted(sizes, fitted):
    at = np.arange(1.0, sizes + 1)
    values = np.tile(at[:, None] ** 2, 3)
    values[fitted:] = 7.0  # nothing that is not fitted changes the exponent
    found = law(at, values)
    assert (found.fitted, found.exponent.value) == (fitted, pytest.approx(2))
    assert found.predicted.value == pytest.approx(sizes**2 / 7)


@pytest.mark.parametrize(
    ("values", "held"),
    [
        (noisy(5), "holds"),
        (noisy(5, deviation=0.3), "open"),
        (noisy(5) * [[1], [1], [1.5]], "fails"),
        (noisy(1), "open"),
    ],
)
def test_a_law_holds_where_its_prediction_lies_within_ten_percent_and_fails_outside(values, held):
    assert law(SIZES, values).held == held


def test_one_seed_has_an_exponent_without_an_interval():
    found = law(SIZES, noisy(1))
    assert found.exponent.value == pytest.approx(0.98, abs=0.1)
    assert np.isnan([found.exponent.low, found.predicted.high]).all()


def test_seeds_that_agree_exactly_give_intervals_without_width():
    bytes_ = np.tile([[100.0], [200.0], [400.0]], 3)
    found = law(SIZES, bytes_)
    assert found.exponent[:3] == pytest.approx((1, 1, 1))
    assert (found.predicted.low, found.predicted.high, found.held) == (
        pytest.approx(0.75),
        pytest.approx(0.75),
        "fails",
    )


def test_fewer_than_three_sizes_leave_nothing_to_check():
    with pytest.raises(ValueError, match="2 sizes: a law needs at least 3, two to fit and one to check"):
        law(SIZES[:2], noisy(5)[:2])


def test_in_95_of_100_studies_the_interval_holds_the_true_exponent():
    covered = [law(SIZES, noisy(5, seed=i)).exponent for i in range(600)]
    share = np.mean([one.low <= 0.98 <= one.high for one in covered])
    assert 0.93 <= share <= 0.97
