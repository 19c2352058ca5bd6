from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from benchbench.core.objective import Objective
from benchbench.core.problem import FreeRun, Problem, Setting, Size, Split


def zeros(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.zeros(shape, dtype=dtype)


def split(sequences: int = 3, time: int = 5, features: int = 1, scored: int = 1, outputs: int = 1) -> Split:
    return Split(inputs=zeros(sequences, time, features), targets=zeros(sequences, scored, outputs))


def test_a_split_knows_how_many_sequences_and_scored_steps_it_has() -> None:
    assert len(split(sequences=7)) == 7
    assert split(scored=2).scored == 2


@pytest.mark.parametrize(
    ("inputs", "targets", "said"),
    [
        (zeros(3, 5, 1, dtype=np.float64), zeros(3, 1, 1), "inputs must be a float32 array .* not float64"),
        (zeros(3, 5, 1), zeros(3, 1, 1, dtype=np.int32), "targets must be a float32 array .* not int32"),
        (zeros(3, 5), zeros(3, 1, 1), r"inputs .* three dimensions, not float32 \(3, 5\)"),
        (zeros(3, 5, 1), zeros(3), r"targets .* three dimensions, not float32 \(3,\)"),
        ([[[0.0]]], zeros(1, 1, 1), "inputs must be .* not list"),
        (zeros(3, 5, 1), None, "targets must be .* not NoneType"),
        (zeros(0, 5, 1), zeros(0, 1, 1), r"inputs is empty: shape \(0, 5, 1\)"),
        (zeros(3, 5, 1), zeros(3, 0, 1), r"targets is empty: shape \(3, 0, 1\)"),
        (zeros(3, 5, 1), zeros(4, 1, 1), "inputs have 3 sequences, but targets have 4"),
        (zeros(3, 5, 1), zeros(3, 6, 1), "targets have 6 scored steps, but a sequence of inputs has 5 steps"),
    ],
)
def test_a_split_whose_arrays_do_not_fit_is_refused_with_the_reason(inputs: Any, targets: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Split(inputs=inputs, targets=targets)


def test_windows_of_a_series_are_taken_without_a_copy() -> None:
    series = np.arange(1_000, dtype=np.float32)
    windows = sliding_window_view(series, 100)[:, :, None]
    made = Split(inputs=windows, targets=series[99:, None, None])
    assert np.shares_memory(made.inputs, series)
    assert np.shares_memory(made.targets, series)


def test_a_problem_takes_three_splits_of_one_kind() -> None:
    problem = Problem(train=split(9), valid=split(2), test=split(3))
    assert (problem.floor, problem.free_run, dict(problem.groups), dict(problem.provenance)) == (None, None, {}, {})


@pytest.mark.parametrize("other", [split(time=6), split(features=2), split(scored=2), split(outputs=2)])
def test_a_problem_refuses_splits_of_different_kinds(other: Split) -> None:
    for place in ("train", "valid", "test"):
        with pytest.raises(ValueError, match="train, valid and test differ"):
            Problem(**{**dict.fromkeys(("train", "valid", "test"), split()), place: other})


def test_problem_split_size_and_setting_are_frozen() -> None:
    problem = Problem(train=split(), valid=split(), test=split())
    setting = Setting(inputs=1, outputs=1, scored=1, length=5, width=8, seed=0)
    for thing, name in ((problem, "floor"), (split(), "inputs"), (Size(trained=1), "fixed"), (setting, "width")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, 3)


def test_a_size_counts_trained_and_fixed_numbers_together() -> None:
    assert Size(trained=3, fixed=4).total == 7
    assert Size(trained=3).total == 3


def test_a_free_run_knows_how_many_steps_are_generated() -> None:
    run = FreeRun(prefix=zeros(3, 5, 2), truth=zeros(3, 7, 2))
    assert (run.steps, run.unit, run.unit_steps, run.restore) == (7, "step", 1.0, None)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prefix": zeros(3, 5, 1, dtype=np.float64)}, "prefix must be a float32 array"),
        ({"prefix": zeros(3, 5)}, r"prefix must be a float32 array \(start, time, feature\)"),
        ({"prefix": [[[0.0]]]}, "prefix must be a float32 array"),
        ({"prefix": zeros(3, 0, 1)}, "prefix .* not empty"),
        ({"truth": zeros(3, 7, 1, dtype=np.int32)}, "truth must be a float32 array"),
        ({"truth": zeros(3, 0, 1)}, "truth .* not empty"),
        ({"truth": zeros(4, 7, 1)}, r"prefix .* and truth .* differ in starts or features"),
        ({"truth": zeros(3, 7, 2)}, r"prefix .* and truth .* differ in starts or features"),
        ({"unit_steps": 0}, "unit_steps must be above 0 and finite, not 0"),
        ({"unit_steps": -1.0}, "unit_steps must be above 0"),
        ({"unit_steps": float("nan")}, "unit_steps must be above 0 and finite, not nan"),
    ],
)
def test_a_free_run_with_inconsistent_parts_is_refused_with_the_reason(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FreeRun(**{"prefix": zeros(3, 5, 1), "truth": zeros(3, 7, 1), **changed})


def test_a_problem_takes_a_free_run_whose_prefix_is_as_long_as_its_sequences_or_longer() -> None:
    for length in (5, 9):
        run = FreeRun(prefix=zeros(3, length, 1), truth=zeros(3, 7, 1))
        assert Problem(train=split(), valid=split(), test=split(), free_run=run).free_run is run


@pytest.mark.parametrize(
    ("made", "features", "prefix", "said"),
    [
        ({}, 1, 4, "a prefix of 4 steps is shorter than the sequences"),
        ({}, 2, 5, "free_run has 2 features, but sequences have 1 inputs and 1 outputs"),
        ({"features": 2}, 2, 5, "free_run has 2 features, but sequences have 2 inputs and 1 outputs"),
        ({"features": 2}, 1, 5, "free_run has 1 features, but sequences have 2 inputs and 1 outputs"),
    ],
)
def test_a_problem_refuses_a_free_run_that_does_not_fit(
    made: dict[str, int], features: int, prefix: int, said: str
) -> None:
    run, part = FreeRun(prefix=zeros(3, prefix, features), truth=zeros(3, 7, features)), split(**made)
    with pytest.raises(ValueError, match=said):
        Problem(train=part, valid=part, test=part, free_run=run)


def test_a_problem_takes_further_starts_to_choose_option_sets_by_where_it_has_a_free_run() -> None:
    run, other = (FreeRun(prefix=zeros(3, 5, 1), truth=zeros(3, 7, 1)) for _ in range(2))
    parts = {"train": split(), "valid": split(), "test": split()}
    assert Problem(**parts, free_run=run, valid_run=other).valid_run is other
    with pytest.raises(ValueError, match="valid_run is given without a free_run"):
        Problem(**parts, valid_run=other)
    with pytest.raises(ValueError, match="valid_run: a prefix of 4 steps is shorter than the sequences"):
        Problem(**parts, free_run=run, valid_run=FreeRun(prefix=zeros(3, 4, 1), truth=zeros(3, 7, 1)))


def test_a_free_run_of_another_type_is_refused() -> None:
    wrong: Any = (zeros(3, 5, 1), zeros(3, 7, 1))
    with pytest.raises(TypeError, match=r"free_run must be a benchbench\.FreeRun, not tuple"):
        Problem(train=split(), valid=split(), test=split(), free_run=wrong)


def one_hot(*classes: int, count: int = 2) -> np.ndarray:
    return np.eye(count, dtype=np.float32)[list(classes)][:, None]


def labelled(targets: np.ndarray, **facts: object) -> Problem:
    inputs = np.zeros((len(targets), 5, 1), np.float32)
    splits = {name: Split(inputs=inputs, targets=targets) for name in ("train", "valid", "test")}
    return Problem(**splits, objective=Objective.classification(), **facts)


def test_a_classification_takes_one_hot_targets_and_names_of_its_classes() -> None:
    assert labelled(one_hot(0, 1, 1), classes=("normal", "ectopic"), asks="label").classes == ("normal", "ectopic")


@pytest.mark.parametrize("targets", [np.full((3, 1, 2), 0.5, np.float32), np.zeros((3, 1, 2), np.float32)])
def test_targets_of_a_classification_that_are_not_one_hot_are_refused(targets: np.ndarray) -> None:
    with pytest.raises(ValueError, match="train: the targets of a classification are one-hot"):
        labelled(targets)


def test_the_names_of_classes_must_be_as_many_as_the_outputs_of_the_targets() -> None:
    with pytest.raises(ValueError, match="3 classes are named, but the targets have 2"):
        labelled(one_hot(0, 1), classes=("a", "b", "c"))
    with pytest.raises(ValueError, match="two classes or more"):
        labelled(np.ones((3, 1, 1), np.float32))


def test_an_unknown_value_of_asks_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="unknown value of asks 'lable'; did you mean 'label'"):
        labelled(one_hot(0, 1), asks="lable")


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (np.array([5, 3]), "one for each of 3 sequences"),
        (np.array([5.0, 3.0, 2.0]), "must be an array of whole numbers"),
        ([5, 3, 2], "must be an array of whole numbers"),
        (np.array([5, 3, 6]), "between the 2 scored steps and the 5 steps"),
        (np.array([5, 3, 1]), "between the 2 scored steps and the 5 steps"),
    ],
)
def test_lengths_lie_between_the_scored_steps_and_the_time(lengths: object, message: str) -> None:
    arrays = {"inputs": np.zeros((3, 5, 1), np.float32), "targets": np.zeros((3, 2, 1), np.float32)}
    assert Split(**arrays, lengths=np.array([5, 2, 3])).lengths is not None
    with pytest.raises(ValueError, match=message):
        Split(**arrays, lengths=lengths)


def test_only_the_test_split_may_have_labels() -> None:
    arrays = {"inputs": np.zeros((3, 5, 1), np.float32), "targets": np.zeros((3, 1, 1), np.float32)}
    plain, marked = Split(**arrays), Split(**arrays, labels=np.array([0, 1, 0]))
    assert Problem(train=plain, valid=plain, test=marked).test.labels is not None
    with pytest.raises(ValueError, match="labels are in train or valid, which learners see"):
        Problem(train=marked, valid=plain, test=plain)


def test_all_splits_or_none_must_have_lengths() -> None:
    arrays = {"inputs": np.zeros((3, 5, 1), np.float32), "targets": np.zeros((3, 1, 1), np.float32)}
    plain, padded = Split(**arrays), Split(**arrays, lengths=np.array([5, 4, 3]))
    with pytest.raises(ValueError, match="must all have lengths, or none"):
        Problem(train=padded, valid=plain, test=plain)


def test_names_of_classes_are_texts() -> None:
    with pytest.raises(TypeError, match="classes must be texts"):
        labelled(one_hot(0, 1), classes=(0, 1))
