"""The cosines: noise-free, many-to-many, scored by range of amplitudes."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.core.options import bind, expand
from benchbench.core.registry import registered
from benchbench.tasks import cosine as module
from benchbench.tasks.cosine import cosine

SCHEMA = registered(module)[0].options


def raw(problem, array):
    return array[..., 0].astype(np.float64) * problem.provenance["std"][0] + problem.provenance["mean"][0]


def test_predicting_zero_has_the_golden_error():
    problems = [cosine(np.random.default_rng(seed), 1000, warm_up=100, train_series=10) for seed in range(5)]
    assert problems[0].test.inputs.shape == (1000, 1000, 1)
    assert problems[0].test.targets.shape == (1000, 900, 1)
    errors = [np.mean(raw(problem, problem.test.targets) ** 2) for problem in problems]
    assert np.mean(errors) == pytest.approx(0.542, rel=0.025)
    assert problems[0].floor == 0.0


def test_with_the_fixed_frequency_two_past_values_are_enough():
    problem = cosine(np.random.default_rng(0), 200, warm_up=1)
    inputs, targets = raw(problem, problem.test.inputs), raw(problem, problem.test.targets)
    exact = 2 * np.cos(10 / 99) * inputs[:, 1:] - inputs[:, :-1]
    np.testing.assert_allclose(exact, targets, atol=2e-6)


def test_a_target_is_the_next_input():
    problem = cosine(np.random.default_rng(0), 50, warm_up=20)
    np.testing.assert_array_equal(problem.train.targets[:, :-1], problem.train.inputs[:, 21:])


def test_drawn_frequencies_fill_their_range():
    problem = cosine(np.random.default_rng(0), 400, frequency="drawn", warm_up=1)
    inputs, targets = raw(problem, problem.test.inputs), raw(problem, problem.test.targets)
    middle = inputs[:, 1:]
    ratio = np.sum((targets + inputs[:, :-1]) * middle, axis=1) / np.sum(middle**2, axis=1)
    omega = np.arccos(ratio / 2)
    assert (omega.min(), omega.max()) == pytest.approx((0.05, 0.3), abs=0.002)
    assert omega.mean() == pytest.approx(0.175, abs=0.01)


def amplitudes(problem, split):
    return np.abs(raw(problem, split.inputs)).max(axis=1)


def test_ranges_share_each_split_evenly_and_name_the_test_groups():
    options = bind(SCHEMA, {"ranges": {"small": [0.1, 0.2], "large": [3.0, 4.0]}}, "study")
    problem = cosine(np.random.default_rng(0), 100, train_series=9, valid_series=4, test_series=7, **options)
    assert problem.groups == {"small": slice(0, 4), "large": slice(4, 7)}
    for split, small in ((problem.train, 5), (problem.valid, 2), (problem.test, 4)):
        assert np.sum(amplitudes(problem, split) < 1) == small
    found = amplitudes(problem, problem.test)[problem.groups["large"]]
    assert ((found > 2.9) & (found < 4.001)).all()


def test_ranges_without_a_name_are_named_by_their_ends():
    problem = cosine(np.random.default_rng(0), 100, ranges=((0.5, 1.5), (1.5, 2.0)))
    assert problem.groups == {"0.5..1.5": slice(0, 500), "1.5..2.0": slice(500, 1000)}


def test_a_list_of_ranges_in_a_study_is_one_value_and_does_not_multiply():
    ranges = [[0.5, 1.5], [1.5, 2.0]]
    assert expand(SCHEMA, {"ranges": ranges}, "study") == [{"ranges": ranges}]


def test_the_scaler_is_fitted_on_the_training_series_only():
    few = cosine(np.random.default_rng(0), 100, train_series=700, test_series=10)
    many = cosine(np.random.default_rng(0), 100, train_series=700, test_series=1000)
    assert few.provenance == many.provenance
    assert few.train.inputs.mean() == pytest.approx(0, abs=0.01)


def test_a_warm_up_as_long_as_the_sequences_is_refused():
    with pytest.raises(InputError, match="warm_up 100 leaves nothing to score in sequences of length 100"):
        cosine(np.random.default_rng(0), 100, warm_up=100)


@pytest.mark.parametrize("bad", [(1.5, 0.5), (-1.0, 1.0), (0.0, 0.0), (0.5, float("inf")), (float("nan"), 1.0)])
def test_a_range_with_wrong_ends_is_refused(bad):
    with pytest.raises(InputError, match="must be 0 <= low <= high"):
        cosine(np.random.default_rng(0), 100, ranges=(bad,))


def test_no_range_and_fewer_series_than_ranges_are_refused():
    with pytest.raises(InputError, match="ranges is empty"):
        cosine(np.random.default_rng(0), 100, ranges=())
    with pytest.raises(InputError, match="valid_series 1 is less than one for each of the 2 ranges"):
        cosine(np.random.default_rng(0), 100, ranges=((0.5, 1.5), (1.5, 2.0)), valid_series=1)


def test_a_range_of_three_numbers_is_refused_by_the_schema():
    with pytest.raises(InputError, match="ranges"):
        bind(SCHEMA, {"ranges": [[0.5, 1.0, 1.5]]}, "study")


@pytest.mark.parametrize("frequency", ["fixed", "drawn"])
def test_the_free_run_follows_the_recurrence_of_each_cosine(frequency):
    problem = cosine(np.random.default_rng(0), 60, frequency=frequency, test_series=10)
    run = problem.free_run
    whole = raw(problem, np.concatenate([run.prefix, run.truth], axis=1))
    assert whole.shape == (50, 60 + 1000)
    middle, both = whole[:, 1:-1], whole[:, 2:] + whole[:, :-2]
    ratio = np.sum(both * middle, axis=1, keepdims=True) / np.sum(middle**2, axis=1, keepdims=True)
    np.testing.assert_allclose(both, ratio * middle, atol=2e-6)
    omega = np.arccos(ratio / 2)
    if frequency == "fixed":
        np.testing.assert_allclose(omega, 10 / 99, rtol=1e-4)
    else:
        assert (omega.min(), omega.max()) == pytest.approx((0.05, 0.3), abs=0.02)
    np.testing.assert_allclose(run.restore(run.truth)[:, :, 0], whole[:, 60:], atol=1e-6)


def test_the_series_of_the_free_run_are_further_ones_and_spread_over_the_ranges():
    problem = cosine(np.random.default_rng(0), 60, ranges=((0.1, 0.2), (3.0, 4.0)), test_series=100)
    peaks = np.abs(problem.free_run.restore(problem.free_run.truth)).max(axis=(1, 2))
    assert np.sum(peaks < 0.3) == np.sum(peaks > 2.9) == 25
    known = {row.tobytes() for part in (problem.train, problem.valid, problem.test) for row in part.inputs}
    assert not known & {row.tobytes() for row in problem.free_run.prefix}


def test_option_sets_are_chosen_on_further_series_of_the_ranges_of_training():
    options = {"ranges": ((0.1, 0.2), (3.0, 4.0)), "test_ranges": ((9.0, 10.0),), "test_series": 10}
    problem = cosine(np.random.default_rng(0), 60, **options)
    run = problem.valid_run
    peaks = np.abs(run.restore(run.truth)).max(axis=(1, 2))
    assert np.sum(peaks < 0.21) == np.sum((peaks > 2.9) & (peaks < 4.01)) == 25
    assert np.abs(problem.free_run.restore(problem.free_run.truth)).max(axis=(1, 2)).min() > 8.9
    whole = raw(problem, np.concatenate([run.prefix, run.truth], axis=1))
    expected = 2 * np.cos(10 / 99) * whole[:, 1:-1]
    np.testing.assert_allclose(whole[:, 2:] + whole[:, :-2], expected, atol=1e-5)
    known = {row.tobytes() for row in (*problem.train.inputs, *problem.valid.inputs, *problem.test.inputs)}
    assert not known & {row.tobytes() for row in run.prefix}
