"""Problems that travel through files come back as they were."""

import pickle
from functools import partial

import numpy as np
import pytest
from benchbench.run.problem_cache import data_key, load, save, shared
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from benchbench import FreeRun, Problem, Split
from benchbench.core.spec import Budget, Trial


def problem(stride=1, reverse=False, **facts):
    """Windows of one series: views that overlap."""
    series = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)[:: -1 if reverse else 1]
    windows = sliding_window_view(series, 21, axis=0).transpose(0, 2, 1)[::stride]
    splits = [Split(inputs=part[:, :-1], targets=part[:, -1:, :1]) for part in np.array_split(windows, 3)]
    return Problem(train=splits[0], valid=splits[1], test=splits[2], **facts)


def zeros(*shape):
    return np.zeros(shape, np.float32)


def arrays(found):
    return [array for s in (found.train, found.valid, found.test) for array in (s.inputs, s.targets)]


@given(stride=st.integers(1, 40), reverse=st.booleans())
def test_every_array_comes_back_equal(tmp_path_factory, stride, reverse):
    file = tmp_path_factory.mktemp("share") / "problem"
    before = problem(stride, reverse)
    save(file, before)
    for old, new in zip(arrays(before), arrays(load(file)), strict=True):
        np.testing.assert_array_equal(old, new)
        assert old.flags.writeable == new.flags.writeable


def test_facts_come_back_equal(tmp_path):
    restore = partial(np.multiply, 2.0)
    free_run = FreeRun(prefix=zeros(5, 20, 1), truth=zeros(5, 30, 1), unit="Lyapunov time", restore=restore)
    split = Split(inputs=zeros(5, 20, 1), targets=zeros(5, 1, 1))
    facts = {"floor": 0.5, "groups": {"low": slice(0, 3)}, "provenance": {"source": "here"}, "free_run": free_run}
    before = Problem(train=split, valid=split, test=split, **facts)
    save(tmp_path / "problem", before)
    after = load(tmp_path / "problem")
    assert (after.floor, after.groups, after.provenance) == (0.5, {"low": slice(0, 3)}, {"source": "here"})
    assert (after.free_run.steps, after.free_run.unit, after.free_run.restore(3)) == (30, "Lyapunov time", 6)


def test_windows_that_overlap_are_written_once(tmp_path):
    save(tmp_path / "problem", problem())
    assert (tmp_path / "problem").stat().st_size < 3 * 400 * 2 * 4 * 2


def test_what_is_kept_is_read_and_what_is_not_is_made(tmp_path):
    made = []

    def make():
        made.append(1)
        return problem()

    assert shared(tmp_path / "problem", make).train.inputs.shape == problem().train.inputs.shape
    save(tmp_path / "problem", problem())
    np.testing.assert_array_equal(shared(tmp_path / "problem", make).test.inputs, problem().test.inputs)
    assert made == [1]


def test_what_cannot_be_kept_leaves_nothing(tmp_path):
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        save(tmp_path / "problem", problem(provenance={"source": lambda: None}))
    assert list(tmp_path.iterdir()) == []


def test_the_key_names_the_data_and_not_the_competitor():
    one = Trial(study="s", task="wave", architecture="a", length=10, seed=0, budget=Budget(name="b", updates=1))
    assert data_key(one) == data_key(one.model_copy(update={"architecture": "other", "device": "gpu"}))
    for change in ({"seed": 1}, {"length": 11}, {"task": "x"}, {"task_options": {"a": 1}}, {"versions": {"task": 2}}):
        assert data_key(one) != data_key(one.model_copy(update=change))
