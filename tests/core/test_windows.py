import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from benchbench.core.errors import InputError
from benchbench.core.problem import Problem, Split
from benchbench.core.windows import (
    MOST_TRAIN,
    STARTS,
    RawFreeRun,
    chronological,
    consecutive,
    cut,
    forecast,
    forecast_series,
    free_run_of,
    join,
    samples_needed,
    spread_stretches,
    stretches_from_end,
)

sizes = st.tuples(st.integers(1, 40), st.integers(1, 20), st.integers(0, 2_000))


def enough(length: int, horizon: int) -> int:
    """The number of samples that the message on a short series asks for."""
    with pytest.raises(InputError) as caught:
        chronological(0, length, horizon)
    return int(re.search(r"give (\d+) samples", str(caught.value))[1])


def walk(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=samples).cumsum()


def raw(array: np.ndarray, problem: Problem) -> np.ndarray:
    """Scaled values as the sample numbers they stood for."""
    scale, mean = problem.provenance["std"][0], problem.provenance["mean"][0]
    return np.rint(array.astype(np.float64) * scale + mean).astype(int)


@given(sizes)
def test_the_parts_follow_each_other_with_a_gap_of_length_and_horizon(size: tuple[int, int, int]) -> None:
    length, horizon, more = size
    samples = enough(length, horizon) + more
    parts = chronological(samples, length, horizon)
    assert parts[0].start == 0
    assert parts[-1].stop == samples
    assert [right.start - left.stop for left, right in pairwise(parts)] == [length + horizon] * 2
    assert all(part.stop - part.start >= length + horizon for part in parts), "each part holds a window"


@given(sizes)
def test_the_parts_are_70_15_and_15_hundredths_of_what_the_gaps_leave(size: tuple[int, int, int]) -> None:
    length, horizon, more = size
    samples = enough(length, horizon) + more
    usable = samples - 2 * (length + horizon)
    shares = [part.stop - part.start for part in chronological(samples, length, horizon)]
    assert sum(shares) == usable
    for share, fraction in zip(shares, (0.70, 0.15, 0.15), strict=True):
        assert abs(share - fraction * usable) <= 1


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 1))
def test_the_number_of_samples_in_a_refusal_is_sufficient_and_hardly_too_large(
    length: int, horizon: int, more: int
) -> None:
    need = enough(length, horizon)
    assert len(chronological(need + more, length, horizon)) == 3
    with pytest.raises(InputError):
        chronological(need - 15, length, horizon)


@given(st.integers(1, 30), st.integers(1, 15), st.integers(0, 800))
def test_a_series_is_refused_or_each_part_holds_a_window(length: int, horizon: int, samples: int) -> None:
    series = np.arange(samples, dtype=np.float64)
    try:
        problem = forecast_series(series, length=length, horizon=horizon)
    except InputError as error:
        message = str(error)
    else:
        assert min(len(problem.train), len(problem.valid), len(problem.test)) >= 1
        return
    assert f"a series of {samples} samples is too short for windows of {length} and horizon {horizon}" in message


@given(sizes, st.integers(1, 5))
def test_every_target_lies_the_horizon_after_the_last_input(size: tuple[int, int, int], stride: int) -> None:
    length, horizon, more = size
    series = np.arange(enough(length, horizon) + more, dtype=np.float64)
    problem = forecast_series(series, length=length, horizon=horizon, stride=stride)
    for split, name in ((problem.train, "train"), (problem.valid, "valid"), (problem.test, "test")):
        start, stop = problem.provenance["ranges"][name]
        inputs, targets = raw(split.inputs, problem)[:, :, 0], raw(split.targets, problem)[:, 0, 0]
        assert (np.diff(inputs, axis=1) == 1).all(), "a window is consecutive samples"
        assert (targets == inputs[:, -1] + horizon).all()
        assert inputs[:, 0].tolist() == list(range(start, stop - length - horizon + 1, stride))
        assert inputs.min() >= start
        assert targets.max() < stop


@given(sizes)
def test_no_sample_is_in_two_parts(size: tuple[int, int, int]) -> None:
    length, horizon, more = size
    series = np.arange(enough(length, horizon) + more, dtype=np.float64)
    problem = forecast_series(series, length=length, horizon=horizon)
    spans = [
        (raw(split.inputs, problem).min(), raw(split.targets, problem).max())
        for split in (problem.train, problem.valid, problem.test)
    ]
    assert all(right[0] - left[1] > length + horizon for left, right in pairwise(spans))


def test_windows_are_views_of_the_series() -> None:
    series = np.arange(10_000, dtype=np.float32)[:, None]
    split = cut(series, length=100, horizon=3)
    assert split.inputs.shape == (9_898, 100, 1)
    assert np.shares_memory(split.inputs, series)
    assert np.shares_memory(split.targets, series)
    assert join([split]) is split


def test_the_windows_of_one_series_share_memory_with_each_other() -> None:
    problem = forecast_series(walk(5_000), length=100, horizon=5)
    for split in (problem.train, problem.valid, problem.test):
        assert np.shares_memory(split.inputs[0], split.inputs[1])
        assert np.shares_memory(split.inputs, split.targets)


@given(st.integers(0, 10**6), st.sampled_from([1e6, -1e6, 1e12]))
def test_changes_in_validation_and_test_reach_neither_train_nor_the_scaler(place: int, sentinel: float) -> None:
    series = walk(600)
    plain = forecast_series(series, length=10, horizon=5)
    first_unseen = plain.provenance["ranges"]["train"][1]
    changed = series.copy()
    changed[first_unseen + place % (600 - first_unseen)] = sentinel
    touched = forecast_series(changed, length=10, horizon=5)
    assert touched.train.inputs.tobytes() == plain.train.inputs.tobytes()
    assert touched.train.targets.tobytes() == plain.train.targets.tobytes()
    assert (touched.provenance["mean"], touched.provenance["std"]) == (
        plain.provenance["mean"],
        plain.provenance["std"],
    )


@given(st.integers(0, 10**6))
def test_changes_in_test_do_not_reach_validation(place: int) -> None:
    series = walk(600)
    plain = forecast_series(series, length=10, horizon=5)
    first_unseen = plain.provenance["ranges"]["valid"][1]
    changed = series.copy()
    changed[first_unseen + place % (600 - first_unseen)] = 1e9
    touched = forecast_series(changed, length=10, horizon=5)
    assert touched.valid.inputs.tobytes() == plain.valid.inputs.tobytes()
    assert touched.valid.targets.tobytes() == plain.valid.targets.tobytes()


def test_the_training_series_has_mean_zero_and_deviation_one_in_each_feature() -> None:
    series = np.stack([walk(900, 1) * 50 + 300, walk(900, 2) * 0.01], axis=1)
    problem = forecast([series[:600]], [series[600:750]], [series[750:]], length=1, horizon=1)
    seen = np.concatenate([problem.train.inputs[:, 0], problem.train.targets[-1:, 0]]).astype(np.float64)
    assert seen.shape == (600, 2)
    assert seen.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert seen.std(axis=0) == pytest.approx([1, 1], abs=1e-6)
    assert problem.provenance["mean"] == pytest.approx(series[:600].mean(axis=0), rel=1e-12)
    assert problem.provenance["std"] == pytest.approx(series[:600].std(axis=0), rel=1e-12)


def test_the_floor_is_in_units_of_the_scaled_series() -> None:
    series = walk(600) * 7
    problem = forecast_series(series, length=10, horizon=5, floor=0.5)
    deviation = series[slice(*problem.provenance["ranges"]["train"])].std()
    assert problem.floor == pytest.approx(0.5 / deviation**2, rel=1e-12)
    assert forecast_series(series, length=10, horizon=5).floor is None


def test_several_series_are_cut_one_by_one() -> None:
    first, second = np.arange(20.0), np.arange(1_000.0, 1_030.0)
    problem = forecast([first, second], [first], [second], length=4, horizon=2)
    assert (len(problem.train), len(problem.valid), len(problem.test)) == (15 + 25, 15, 25)
    inputs, targets = raw(problem.train.inputs, problem)[:, :, 0], raw(problem.train.targets, problem)[:, 0, 0]
    assert (np.diff(inputs, axis=1) == 1).all(), "no window spans two series"
    assert (targets == inputs[:, -1] + 2).all()


def test_a_stride_of_k_keeps_every_kth_window() -> None:
    series = np.arange(100, dtype=np.float32)[:, None]
    every, third = cut(series, 10, 5), cut(series, 10, 5, stride=3)
    assert third.inputs.tolist() == every.inputs[::3].tolist()
    assert third.targets.tolist() == every.targets[::3].tolist()


def test_the_provenance_has_the_facts_of_the_task_and_of_the_windows() -> None:
    facts = forecast_series(walk(600), length=10, horizon=5, stride=2, provenance={"source": "walk"}).provenance
    assert (facts["source"], facts["horizon"], facts["stride"]) == ("walk", 5, 2)
    assert set(facts) == {"source", "horizon", "stride", "mean", "std", "ranges"}


def test_a_series_of_one_window_is_enough_and_one_sample_fewer_is_not() -> None:
    long, short = np.arange(12.0), np.arange(11.0)
    assert len(forecast([long], [long], [long], length=7, horizon=5).train) == 1
    for place in range(3):
        series = [[short] if place == part else [long] for part in range(3)]
        with pytest.raises(InputError, match="a series of 11 samples holds no window of 7 with horizon 5"):
            forecast(*series, length=7, horizon=5)


def test_a_training_part_that_is_constant_is_refused() -> None:
    constant, long = np.full(50, 0.1), np.arange(50.0)
    with pytest.raises(InputError, match="the training part is constant"):
        forecast([constant], [long], [long], length=7, horizon=5)
    with pytest.raises(InputError, match="the training part is constant"):
        forecast([np.stack([long, constant], axis=1)], [long], [long], length=7, horizon=5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 300, 599])
def test_a_series_with_a_missing_or_infinite_value_is_refused(value: float, place: int) -> None:
    series = walk(600)
    series[place] = value
    with pytest.raises(InputError, match="missing or not finite"):
        forecast_series(series, length=10, horizon=5)


def test_splits_are_joined_in_order() -> None:
    def split(value: float) -> Split:
        return Split(inputs=np.full((2, 3, 1), value, np.float32), targets=np.full((2, 1, 1), value, np.float32))

    joined: Any = join([split(1), split(2)])
    assert joined.inputs[:, 0, 0].tolist() == joined.targets[:, 0, 0].tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("series", [1.6e18 + 1e5 * np.sin(np.arange(400.0)), 1e-170 * np.sin(np.arange(400.0))])
def test_a_series_that_cannot_be_standardised_is_refused(series: np.ndarray) -> None:
    with pytest.raises(InputError, match="varies too little"):
        forecast_series(series, length=10, horizon=1)


@given(st.integers(1, 12), st.integers(1, 9), st.integers(1, 5), st.integers(1, 4), st.integers(0, 30))
def test_windows_with_many_scored_steps_equal_a_plain_loop(
    length: int, horizon: int, stride: int, features: int, more: int
) -> None:
    samples = length + horizon + more
    series = np.arange(samples * features, dtype=np.float32).reshape(samples, features)
    for scored in range(1, length + 1):
        found = cut(series, length, horizon, stride, scored)
        begins = [begin for begin in range(0, samples, stride) if begin + length - 1 + horizon < samples]
        inputs = [series[begin : begin + length] for begin in begins]
        targets = [[series[begin + t + horizon] for t in range(length - scored, length)] for begin in begins]
        np.testing.assert_array_equal(found.inputs, inputs)
        np.testing.assert_array_equal(found.targets, targets)


@given(sizes, st.data())
def test_after_the_warm_up_every_step_is_scored_once(size: tuple[int, int, int], data: st.DataObject) -> None:
    length, horizon, more = size
    warm_up = data.draw(st.integers(0, length - 1))
    series = np.arange(enough(length, horizon) + more, dtype=np.float64)
    problem = forecast_series(series, length=length, horizon=horizon, warm_up=warm_up)
    for split, name in ((problem.train, "train"), (problem.valid, "valid"), (problem.test, "test")):
        start, stop = problem.provenance["ranges"][name]
        assert split.scored == length - warm_up
        inputs, targets = raw(split.inputs, problem)[:, :, 0], raw(split.targets, problem)[:, :, 0]
        assert (targets == inputs[:, warm_up:] + horizon).all()
        first = start + warm_up + horizon
        assert targets.ravel().tolist() == list(range(first, first + targets.size)), "each once, none left out"
        assert stop - targets.max() <= split.scored, "as many windows as there is room for"


@pytest.mark.parametrize("warm_up", [-1, 10, 11])
def test_a_warm_up_that_leaves_nothing_to_score_is_refused(warm_up: int) -> None:
    with pytest.raises(InputError, match=f"warm_up {warm_up} leaves nothing to score in windows of length 10"):
        forecast_series(walk(600), length=10, horizon=1, warm_up=warm_up)


@given(st.integers(1, 20), st.integers(1, 30), st.integers(1, 9), st.integers(0, 40), st.integers(1, 3))
def test_stretches_of_a_free_run_are_the_spacing_apart_and_end_where_the_series_ends(
    length: int, steps: int, spacing: int, before: int, features: int
) -> None:
    samples = before + samples_needed(length, steps, spacing)
    series = np.arange(samples * features, dtype=np.float64).reshape(samples, features)
    found = stretches_from_end(series, length, steps, spacing)
    begins = before + spacing * np.arange(STARTS)
    np.testing.assert_array_equal(found, [series[begin : begin + length + steps] for begin in begins])
    assert begins[-1] + length + steps == samples


def test_a_free_run_is_scaled_as_train_is_and_restored_to_the_units_of_the_signal() -> None:
    scaler = StandardScaler().fit(np.stack([walk(300, 1) * 50 + 300, walk(300, 2) * 0.01], axis=1))
    values = np.random.default_rng(0).standard_normal((4, 30, 2)) * [50, 0.01] + [300, 0]
    run = free_run_of(RawFreeRun(values=values, unit="day", unit_steps=7.0), scaler, 10)
    whole = np.concatenate([run.prefix, run.truth], axis=1)
    np.testing.assert_allclose(whole, (values - scaler.mean_) / scaler.scale_, rtol=1e-5, atol=1e-5)
    assert (run.prefix.shape, run.truth.shape, run.unit, run.unit_steps) == ((4, 10, 2), (4, 20, 2), "day", 7.0)
    assert run.restore is not None
    np.testing.assert_allclose(run.restore(run.truth), values[:, 10:], rtol=1e-5, atol=1e-6)
    squashed = free_run_of(RawFreeRun(values=values, restore=lambda raw: np.exp(raw / 100)), scaler, 10)
    assert squashed.restore is not None
    np.testing.assert_allclose(squashed.restore(squashed.truth), np.exp(values[:, 10:] / 100), rtol=1e-5)


def test_there_is_a_free_run_only_at_horizon_one() -> None:
    stretches = RawFreeRun(values=np.zeros((4, 30, 1)))
    one, two = (forecast_series(walk(600), length=10, horizon=h, free_run=stretches).free_run for h in (1, 2))
    assert one is not None
    assert one.steps == 20
    assert two is None


@given(st.lists(st.integers(20, 200), min_size=1, max_size=4), st.integers(1, 15), st.integers(1, 10))
def test_stretches_are_spread_over_all_series_and_lie_within_one(lengths: list[int], length: int, steps: int) -> None:
    series = [1_000.0 * number + np.arange(float(samples)) for number, samples in enumerate(lengths)]
    room = sum(max(0, samples - length - steps + 1) for samples in lengths)
    if room < STARTS:
        with pytest.raises(InputError, match=f"a free run of {steps} steps from 50 starts takes"):
            spread_stretches(series, length, steps)
        return
    found = spread_stretches(series, length, steps)
    assert found.shape == (STARTS, length + steps, 1)
    assert (np.diff(found, axis=1) == 1).all()
    long = [one for one in series if len(one) >= length + steps]
    assert (found[0, 0, 0], found[-1, -1, 0]) == (long[0][0], long[-1][-1])
    assert len(np.unique(found[:, 0, 0])) == STARTS


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=4), st.integers(1, 30))
def test_the_chosen_stride_is_the_shortest_with_few_enough_windows(counts: list[int], length: int) -> None:
    series = [np.arange(float(count + length)) for count in counts]
    problem = forecast(series, series[:1], series[:1], length=length, horizon=1, stride=None)
    stride = problem.provenance["stride"]
    assert len(problem.train) <= MOST_TRAIN
    assert stride == 1 or sum(-(-count // (stride - 1)) for count in counts) > MOST_TRAIN
    assert ("thinned" in problem.provenance) == (stride > 1)


@given(st.integers(0, 900), st.lists(st.floats(0.1, 1), min_size=1, max_size=4), st.integers(1, 60))
def test_consecutive_parts_have_their_shares_and_gaps_between_them(
    samples: int, fractions: list[float], gap: int
) -> None:
    try:
        parts = consecutive(samples, fractions, gap)
    except InputError:
        usable = samples - gap * (len(fractions) - 1)
        assert min(fractions) / sum(fractions) * usable < gap + 1
        return
    assert (parts[0].start, parts[-1].stop) == (0, samples)
    assert all(right.start - left.stop == gap for left, right in pairwise(parts))
    sizes = np.array([part.stop - part.start for part in parts])
    assert np.abs(sizes - np.array(fractions) / sum(fractions) * sizes.sum()).max() <= 1
