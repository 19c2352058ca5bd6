"""The seeds that a verdict needs, against noncentral t and simulation; and looks at a growing number of seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchbench.statistics.pairs import RATIO, compare_pairs
from benchbench.statistics.seeds import LOOKS, power, resolve, seeds_needed
from benchbench.statistics.verdicts import BETTER, OPEN, TIE

FEW = 199


def looked(scores, **more):
    return resolve(np.array(scores), np.random.default_rng(0), resamples=FEW, **more)


@pytest.mark.parametrize(("n", "deviation", "effect", "alpha"), [(5, 0.2, 0.3, 0.05), (30, 1.0, 0.4, 0.01)])
def test_the_power_equals_that_of_scipy_s_noncentral_t(n, deviation, effect, alpha):
    there, limit = stats.nct(n - 1, np.sqrt(n) * effect / deviation), stats.t.ppf(1 - alpha / 2, n - 1)
    assert power(n, deviation, effect, alpha) == pytest.approx(there.sf(limit), abs=1e-6)


def test_the_power_is_the_share_of_simulated_tests_that_find_the_effect():
    values = np.random.default_rng(0).normal(0.18, 0.3, size=(4_000, 24))
    found = stats.ttest_1samp(values, 0.0, axis=1).pvalue < 0.05
    assert power(24, 0.3, 0.18) == pytest.approx(found.mean(), abs=0.03)


def test_the_seeds_for_half_a_deviation_agree_with_textbooks():
    assert seeds_needed(1.0, 0.5) == 34  # Cohen 1988, d = 0.5, two-sided 0.05, power 0.8


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 3), st.floats(0.02, 1), st.floats(0.001, 0.1))
def test_the_seeds_are_the_fewest_that_reach_the_power(deviation, effect, alpha):
    n = seeds_needed(deviation, effect, alpha=alpha)
    assert n == 100_000 or power(n, deviation, effect, alpha) >= 0.8
    assert n == 2 or power(n - 1, deviation, effect, alpha) < 0.8
    assert seeds_needed(deviation, effect, alpha=alpha, pilot=5) >= n
    assert seeds_needed(2 * deviation, effect, alpha=alpha) >= n


def test_a_pilot_s_deviation_is_taken_at_its_upper_80_percent_limit():
    limit = np.sqrt(4 / stats.chi2.ppf(0.2, 4))
    assert seeds_needed(0.3, 0.18, pilot=5) == seeds_needed(0.3 * limit, 0.18) > seeds_needed(0.3, 0.18)


def test_without_noise_the_fewest_seeds_suffice():
    assert seeds_needed(0.0, 0.1) == 2


def test_an_effect_of_zero_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        seeds_needed(1.0, 0.0)


def test_a_clear_pair_is_decided_at_the_first_look_and_an_unclear_one_keeps_asking():
    rng = np.random.default_rng(1)
    a, b, c = rng.lognormal(sigma=0.05, size=(3, 30)) * np.array([[1.0], [5.0], [5.1]])
    found = looked([a, b, c])
    assert [pair.verdict for pair in found.pairs[:2]] == [BETTER, BETTER]
    assert found.decided_at[:2] == [5, 5]
    assert found.pairs[2].verdict in {TIE, OPEN}
    assert found.decided_at[2] > 5
    assert found.pairs[0].pairs == 5
    assert found.pairs[2].pairs == found.decided_at[2]


def test_a_look_has_a_quarter_of_alpha():
    a, b = np.random.default_rng(7).lognormal(sigma=0.2, size=(2, 30)) * np.array([[1.0], [1.5]])
    [now] = compare_pairs(np.array([a[:5], b[:5]]), np.random.default_rng(0), RATIO)
    [pair], [seeds] = looked([a, b])
    assert 0.05 / 4 < now.adjusted < 0.05
    assert seeds > 5
    [pair], _ = looked([a[:5], b[:5]], looks=(5,))
    assert pair.verdict == BETTER


def test_the_looks_stop_where_the_seeds_end():
    scores = np.random.default_rng(2).lognormal(size=(2, 10))
    assert looked(scores).decided_at == [10]
    assert LOOKS == (5, 10, 20, 30)


def test_pairs_that_are_decided_leave_more_of_alpha_to_the_others_and_ties_do_not():
    scores = np.random.default_rng(3).lognormal(sigma=0.3, size=(3, 10))
    settled = [np.array([value, value, np.nan]) for value in (0.0, 1.0)]
    after_wins, after_ties = (
        compare_pairs(scores, np.random.default_rng(0), RATIO, decided=one)[2].adjusted for one in settled
    )
    p = compare_pairs(scores, np.random.default_rng(0), RATIO)[2].effect.p
    assert (after_wins, after_ties) == (pytest.approx(p), pytest.approx(min(1.0, 3 * p)))
