"""Data from the examiner arrive unchanged in a competitor's process, and nothing else arrives with them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from benchbench import Problem, Split
from benchbench.core.metrics import mse
from benchbench.core.objective import Metric, Objective
from benchbench.core.spec import Budget, Trial
from benchbench.run.exchange import FitData, data_key, pack, unpack


def problem(stride=1, reverse=False, **facts):
    """Windows of one series: views that overlap."""
    series = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)[:: -1 if reverse else 1]
    windows = sliding_window_view(series, 21, axis=0).transpose(0, 2, 1)[::stride]
    splits = [Split(inputs=part[:, :-1], targets=part[:, -1:, :1]) for part in np.array_split(windows, 3)]
    return Problem(train=splits[0], valid=splits[1], test=splits[2], **facts)


def arrays(found):
    return [array for s in (found.train, found.valid) for array in (s.inputs, s.targets)]


def there(problem):
    """The data of a problem that a competitor may see, as they arrive in another process."""
    return unpack(pack(FitData.of(problem)), lambda name, targets, predictions: 7.0)


@given(stride=st.integers(1, 40), reverse=st.booleans())
def test_every_array_comes_back_equal(stride, reverse):
    before = problem(stride, reverse)
    for old, new in zip(arrays(before), arrays(there(before)), strict=True):
        np.testing.assert_array_equal(old, new)
        assert old.flags.writeable == new.flags.writeable


def test_windows_that_overlap_are_sent_once():
    assert len(pack(FitData.of(problem()))) < 2 * 400 * 2 * 4 * 2


def base(array):
    """All numbers in the memory below a view."""
    below = array
    while getattr(below, "base", None) is not None:
        below = below.base
    return np.frombuffer(below, np.float32)


def test_values_that_no_window_of_train_and_valid_shows_are_not_sent():
    both = np.arange(1, 2001, dtype=np.float32).reshape(1000, 2)  # an observed column and a secret one
    windows = sliding_window_view(both[:, :1], 10, axis=0).transpose(0, 2, 1)[::3]
    splits = [Split(inputs=part[:, :-1], targets=part[:, -1:]) for part in np.array_split(windows, 3)]
    found = there(Problem(train=splits[0], valid=splits[1], test=splits[2]))
    for array in arrays(found):
        held = {float(value) for value in base(array).ravel()}
        assert not held & set(both[:, 1].tolist())
        assert not held & (
            set(splits[2].inputs.ravel().tolist())
            - set(splits[1].inputs.ravel().tolist())
            - set(splits[1].targets.ravel().tolist())
        )


def test_a_metric_that_cannot_be_sent_is_computed_by_the_examiner():
    metrics = {"own": Metric(lambda targets, predictions: 1.0), "mse": Metric(mse)}
    own = Objective("mine", "squared_error", metrics, "mse", "own")
    found = there(problem(objective=own)).objective
    ones = np.ones((2, 1, 1), np.float32)
    assert found.choice(ones, ones) == 7.0
    assert found.metrics["mse"].function is mse


def test_the_key_depends_on_the_data_and_not_on_the_competitor():
    one = Trial(study="s", task="wave", architecture="a", length=10, seed=0, budget=Budget(name="b", updates=1))
    assert data_key(one) == data_key(one.model_copy(update={"architecture": "other", "device": "gpu"}))
    for change in ({"seed": 1}, {"length": 11}, {"task": "x"}, {"task_options": {"a": 1}}, {"versions": {"task": 2}}):
        assert data_key(one) != data_key(one.model_copy(update=change))
    assert data_key(one, seeded=False) == data_key(one.model_copy(update={"seed": 1}), seeded=False)
