"""The pitfalls of training: too short a budget, and tuning one of two twins."""

import numpy as np
import pytest
from scipy.stats import t

from benchbench.pitfalls import one_sided_tuning, short_budget
from benchbench.pitfalls._networks import errors, interval, problem_of, ratio
from benchbench.pitfalls.one_sided_tuning import OURS, THEIRS, Tries


@pytest.fixture(scope="module")
def budgets():
    return short_budget.show(seeds=2, samples=500, budgets=(4, 30))


@pytest.fixture(scope="module")
def twins():
    return one_sided_tuning.show(seeds=3, tries=3, samples=400, updates=10)


def test_the_interval_is_student_s_on_the_logarithms():
    found = interval([1.0, np.e**2])
    assert found.mean == pytest.approx(np.e)
    assert np.log(found.high) == pytest.approx(1 + 12.7062, rel=1e-5)  # t with one degree of freedom, times 1
    assert np.log(found.low) == pytest.approx(1 - 12.7062, rel=1e-5)
    logs = np.random.default_rng(0).normal(0.3, 0.2, 8)
    half = t.ppf(0.975, 7) * logs.std(ddof=1) / 8**0.5
    assert np.log(interval(np.exp(logs))) == pytest.approx([logs.mean(), logs.mean() - half, logs.mean() + half])


def test_a_ratio_is_paired_by_seed():
    easy_and_hard = np.array([1e-6, 1.0, 1e-3])
    found = ratio(np.array([2.0, 2.2, 1.8]) * easy_and_hard, easy_and_hard)
    assert found == pytest.approx(interval([2.0, 2.2, 1.8]))
    assert found.high < 3
    assert ratio(easy_and_hard, easy_and_hard) == (1, 1, 1)
    assert np.isnan(interval([3.0]).low)


def test_the_error_is_in_units_of_the_standardised_series():
    problem = problem_of(0, 500, 20)
    found = errors(problem, "gru", 0, width=4, updates=1, learning_rate=1e-3)
    assert found.test == pytest.approx(float(problem.test.targets.var()), rel=0.6)  # of an untrained network
    assert errors(problem, "gru", 0, width=4, updates=200, learning_rate=1e-2).test < 0.2 * found.test


def test_networks_of_the_three_kinds_have_the_same_size():
    from benchbench.run.standalone import made

    train = problem_of(0, 500, 20).train
    sizes = [made(name, train, width=width, seed=0).size.total for name, width in short_budget.WIDTHS.items()]
    assert max(sizes) / min(sizes) < 1.06
    assert all(size == pytest.approx(2600, rel=0.05) for size in sizes)


def test_the_networks_are_ranked_at_each_budget(budgets):
    assert [row["updates"] for row in budgets.rows] == [4] * 3 + [30] * 3
    for part in (budgets.rows[:3], budgets.rows[3:]):
        assert [row["rank"] for row in part] == [1, 2, 3]
        assert {row["network"] for row in part} == set(short_budget.WIDTHS)
        means = [row["test MSE"] for row in part]
        assert means == sorted(means)
        assert [row["over the first"] for row in part] == pytest.approx([mean / means[0] for mean in means], rel=1e-4)
        assert (part[0]["ratio from"], part[0]["ratio to"]) == (1.0, 1.0)
        assert all(row["MSE from"] < row["test MSE"] < row["MSE to"] for row in part)


def test_each_budget_has_separate_fits_and_its_row_is_their_mean_over_the_seeds(budgets):
    made = [
        errors(problem_of(seed, 500, 50), "gru", seed, width=28, updates=30, learning_rate=short_budget.RATE).test
        for seed in range(2)
    ]
    [row] = [row for row in budgets.rows if (row["updates"], row["network"]) == (30, "gru")]
    assert row["test MSE"] == pytest.approx((made[0] * made[1]) ** 0.5, rel=1e-5)


def test_the_sentence_says_which_network_leads_at_which_budget(budgets):
    early, late = budgets.rows[0], budgets.rows[3]
    assert f"After 4 updates, {early['network']} leads with a test MSE of {early['test MSE']:.2g}" in budgets.sentence
    assert f"After 30 updates, {late['network']} leads with {late['test MSE']:.2g}" in budgets.sentence
    assert ("so the leader is the same" in budgets.sentence) == (early["network"] == late["network"])
    assert ("95 % interval" in budgets.sentence) == (early["network"] != late["network"])


def test_one_seed_has_no_interval():
    found = short_budget.show(seeds=1, samples=500, budgets=(2, 3))
    assert {row["ratio from"] for row in found.rows} == {None}


def test_the_try_that_is_best_on_validation_counts_and_not_the_best_on_test():
    tries = Tries(np.array([[3.0, 1.0, 0.5], [1.0, 2.0, 3.0]]), np.array([[30.0, 10.0, 20.0], [7.0, 1.0, 1.0]]))
    assert tries.tuned(1).tolist() == [30, 7]
    assert tries.tuned(2).tolist() == [10, 7]
    assert tries.tuned(3).tolist() == [20, 7]


def test_both_twins_draw_independently_from_the_same_space():
    few = {"seeds": 2, "tries": 3, "samples": 400, "updates": 3}
    ours, theirs = (one_sided_tuning._tries(name, **few) for name in (OURS, THEIRS))
    assert ours.test.shape == (2, 3)
    assert not np.isin(ours.test, theirs.test).any()
    again = one_sided_tuning._tries(OURS, **few)
    np.testing.assert_array_equal(ours.test, again.test)


def test_a_row_compares_the_tries_that_it_names(twins):
    assert [(row["tries of ours"], row["tries of theirs"]) for row in twins.rows] == [(1, 1), (2, 1), (3, 1), (3, 3)]
    ours, theirs = (one_sided_tuning._tries(name, 3, 3, 400, 10) for name in (OURS, THEIRS))
    row = twins.rows[2]
    found = ratio(theirs.tuned(1), ours.tuned(3))
    assert [row["theirs / ours"], row["ratio from"], row["ratio to"]] == pytest.approx(found, rel=1e-5)
    assert row["ours is better"] == f"{int((ours.tuned(3) < theirs.tuned(1)).sum())} of 3"
    verdict = "ours is better" if found.low > 1 else "theirs is better" if found.high < 1 else "no difference shown"
    assert row["said"] == verdict


@pytest.mark.long
def test_tuning_one_of_two_twins_makes_it_win_and_tuning_both_does_not():
    found = one_sided_tuning.show(seeds=8, tries=12)
    unfair, fair = found.rows[-2:]
    assert (unfair["tries of theirs"], fair["tries of theirs"]) == (1, 12)
    assert unfair["ratio from"] > 1
    assert unfair["said"] == "ours is better"
    assert fair["ratio from"] < 1 < fair["ratio to"]
    assert f"{unfair['theirs / ours']:.3g} times" in found.sentence
    assert unfair["MSE of theirs"] == found.rows[0]["MSE of theirs"]


@pytest.mark.long
def test_the_network_that_leads_after_few_updates_does_not_lead_after_many():
    found = short_budget.show(seeds=3, budgets=(300, 10_000))
    early, late = found.rows[0]["network"], found.rows[3]["network"]
    assert (early, late) == ("rnn", "gru")
    assert f"After 10,000 updates, {late} leads" in found.sentence
