"""Pairs of a table: effects, Holm's procedure, failures, and the effects of swapping and scaling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchbench.statistics.pairs import RATIO, Comparison, beaten, compare_pairs, differences, holm, scale_of
from benchbench.statistics.verdicts import BETTER, OPEN, TIE, ranks

DIFFERENCE = Comparison(scale="difference", better="higher")
INF, NAN = float("inf"), float("nan")


def table(*scores, comparison=RATIO, **more):
    return compare_pairs(np.array(scores, float), np.random.default_rng(0), comparison, resamples=199, **more)


def noisy(level, seed, n=5, sigma=0.05):
    return level * np.random.default_rng(seed).lognormal(sigma=sigma, size=n)


def rejected_step_by_step(p, alpha):
    """Holm's procedure as its paper words it: the smallest first, against alpha over how many are left."""
    left, rejected = sorted(range(len(p)), key=lambda i: p[i]), set()
    while left and p[left[0]] <= alpha / len(left):
        rejected.add(left.pop(0))
    return rejected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.5))
def test_holm_s_adjusted_p_values_reject_what_the_step_by_step_procedure_rejects(p, alpha):
    adjusted = holm(np.array(p))
    sure = {i for i in range(len(p)) if adjusted[i] < alpha * (1 - 1e-9)}
    near = {i for i in range(len(p)) if adjusted[i] <= alpha * (1 + 1e-9)}
    assert sure <= rejected_step_by_step(p, alpha) <= near


def test_holm_s_adjusted_p_values_are_those_worked_out_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([NAN, 0.01])) == pytest.approx([1.0, 0.02])
    assert holm(np.empty(0)).size == 0


def test_the_effect_is_the_ratio_of_geometric_means_with_student_s_interval_of_the_log_ratios():
    a, b = noisy(1.0, 1), noisy(2.0, 2)
    [pair] = table(a, b)
    theirs = stats.ttest_rel(np.log(a), np.log(b))
    assert pair.effect.value == pytest.approx(stats.gmean(a) / stats.gmean(b))
    assert pair.effect[1:3] == pytest.approx(tuple(np.exp(theirs.confidence_interval())))
    assert pair.adjusted == pytest.approx(theirs.pvalue)
    assert pair.deviation == pytest.approx(np.std(np.log(a / b), ddof=1))
    assert (pair.verdict, pair.winner, pair.pairs) == (BETTER, 0, 5)


def test_the_effect_of_accuracies_is_the_difference_of_their_means():
    a, b = np.array([0.95, 0.93, 0.94, 0.96, 0.95]), np.array([0.85, 0.82, 0.86, 0.84, 0.85])
    [pair] = table(a, b, comparison=DIFFERENCE)
    theirs = stats.ttest_rel(a, b).confidence_interval()
    assert pair.effect[:3] == pytest.approx((a.mean() - b.mean(), *theirs))
    assert pair.winner == 0


def test_a_difference_that_one_pair_alone_shows_is_not_shown_by_a_table_of_many():
    a, b = noisy(1.0, 3, sigma=0.1), noisy(1.3, 4, sigma=0.1)
    others = [noisy(1.0, seed, sigma=0.6) for seed in range(10, 16)]
    assert table(a, b)[0].verdict == BETTER
    assert table(a, b, *others)[0].verdict == OPEN


def test_a_tie_lies_within_10_percent_either_way_and_a_sure_difference_is_no_tie():
    base = noisy(1.0, 5, n=10, sigma=0.5)
    shake = np.exp(np.tile([0.02, -0.02], 5))
    assert table(base * shake, base)[0].verdict == TIE
    assert table(base * shake, 1.05 * base)[0].verdict == BETTER
    assert table(base * shake**10, base)[0].verdict == OPEN


def test_the_margin_of_a_tie_of_accuracies_is_a_share_of_their_distance_from_one():
    good, other = np.array([[0.97, 0.99, 0.97, 0.99, 0.98], [0.98, 0.97, 0.99, 0.98, 0.98]])
    assert table(good, other, comparison=DIFFERENCE)[0].verdict == OPEN
    assert table(good - 0.4, other - 0.4, comparison=DIFFERENCE)[0].verdict == TIE


def test_the_same_scores_twice_are_a_tie():
    same = noisy(1.0, 6)
    [pair] = table(same, same)
    assert (pair.verdict, pair.effect[:3], pair.wins.value, pair.losses.value) == (TIE, (1.0, 1.0, 1.0), 0.0, 0.0)


def test_one_pair_is_open_however_far_apart_the_scores_are_and_two_need_a_large_difference():
    assert table([1.0], [9.0])[0].verdict == OPEN
    assert table([1.0, 1.1], [1.5, 1.9])[0].verdict == OPEN
    assert table([1.0, 1.1], [9.0, 9.8])[0].verdict == BETTER


def test_accuracies_that_differ_by_the_same_on_every_seed_are_open():
    assert table([0.95] * 4, [0.90] * 4, comparison=DIFFERENCE)[0].verdict == OPEN


def test_a_pair_with_a_failure_is_lost_and_not_in_the_ratio():
    a, b = [1.0, 1.1, 1.2, INF, INF, INF], [2.0, 2.1, 2.5, 2.0, INF, NAN]
    [pair] = table(a, b)
    assert (pair.pairs, pair.failures) == (3, 2)
    assert pair.effect.value == pytest.approx(stats.gmean(a[:3]) / stats.gmean(b[:3]))
    assert (pair.wins.value, pair.losses.value) == (3 / 5, 1 / 5)


def test_a_competitor_with_the_better_ratio_that_fails_on_most_units_is_not_called_better():
    a, b = noisy(1.0, 7, n=9), noisy(3.0, 8, n=9)
    assert table(a, b)[0].verdict == BETTER
    a[4:] = INF
    assert table(a, b)[0].verdict == OPEN
    assert table(b, a)[0].verdict == OPEN


def test_a_competitor_that_never_finished_is_open_against_every_other():
    [pair] = table([INF] * 5, noisy(1.0, 9))
    assert (pair.verdict, pair.pairs, pair.failures, pair.losses.value) == (OPEN, 0, 5, 1.0)


def test_a_ratio_of_scores_that_are_not_positive_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        differences(np.array([0.0, 1.0]), np.array([1.0, 1.0]))


@pytest.mark.parametrize(
    ("scores", "better", "scale"),
    [
        ([0.1, 2.0, NAN, INF], "lower", "ratio"),
        ([0.0, 2.0], "lower", "difference"),
        ([0.9, 0.8], "higher", "difference"),
    ],
)
def test_accuracies_and_scores_without_a_ratio_are_compared_by_their_difference(scores, better, scale):
    assert scale_of(np.array(scores), better) == scale


positive = st.lists(st.floats(0.01, 100), min_size=25, max_size=25)
lengths = st.sampled_from([3, 5, 20, 25])


@settings(max_examples=40, deadline=None)
@given(positive, positive, lengths)
def test_swapping_two_competitors_inverts_the_interval_and_turns_the_verdict(first, second, n):
    [one], [other] = table(first[:n], second[:n]), table(second[:n], first[:n])
    value, low, high, _ = one.effect
    assert other.effect.value == pytest.approx(1 / value)
    with np.errstate(divide="ignore"):  # an end may be as good as 0
        low, high, other_low, other_high = np.log([low, high, *other.effect[1:3]])
    assert (other_low, other_high) == pytest.approx((-high, -low), rel=1e-5, abs=1e-9, nan_ok=True)
    assert (other.wins, other.losses) == (one.losses, one.wins)
    assert other.verdict == one.verdict
    assert other.winner == (None if one.winner is None else 1 - one.winner)


@settings(max_examples=40, deadline=None)
@given(positive, positive, lengths, st.floats(0.01, 100))
def test_scaling_all_scores_leaves_the_ratio_and_its_interval(first, second, n, factor):
    [one] = table(first[:n], second[:n])
    [scaled] = table(factor * np.array(first[:n]), factor * np.array(second[:n]))
    assert scaled.effect[:3] == pytest.approx(one.effect[:3], rel=1e-5, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(positive, min_size=2, max_size=5), lengths)
def test_a_competitor_that_is_better_than_another_is_never_worse_than_it_and_has_an_earlier_rank_group(scores, n):
    better = beaten(table(*[one[:n] for one in scores]), len(scores))
    assert not (better & better.T).any()
    groups = ranks(better)
    assert (groups >= 1).all()
    assert (groups <= len(scores)).all()
    if len(scores) == 2 and better.any():
        assert groups[better.any(axis=1)] == [1]


def test_a_rank_group_is_one_more_than_the_number_of_better_competitors():
    levels = [1.0, 1.0, 10.0, 100.0]
    scores = [noisy(level, i, n=10) for i, level in enumerate(levels)]
    assert ranks(beaten(table(*scores), 4)).tolist() == [1, 1, 3, 4]
