"""Processors without AVX-512, and without a switch for denormals."""

import numba
import numpy as np
import pytest

from benchbench.learn.native import cache, denormals, entries, variant
from benchbench.learn.native.denormals import flush, restore
from tests.learn.native.cases import Case, Shape


@pytest.mark.parametrize(
    ("features", "lanes", "name"),
    [
        ({"avx512f": True, "avx2": True}, 16, "avx512"),
        ({"avx512f": False, "avx2": True}, 8, "avx2"),
        ({"neon": True}, 8, "neon"),
        ({}, 8, "8 lanes"),
    ],
)
def test_vectors_have_the_lanes_of_the_processor(monkeypatch, features, lanes, name):
    monkeypatch.setattr(variant.binding, "get_host_cpu_features", lambda: features)
    assert variant.host_lanes() == lanes
    assert variant.instructions(lanes) == name


def halved():
    """A tiny number, halved by a newly compiled function while denormals are flushed."""

    @numba.njit
    def halve(numbers):
        before = flush()
        numbers[0] *= np.float32(0.5)
        restore(before)

    numbers = np.array([1e-40], np.float32)
    halve(numbers)
    return numbers[0]


def test_denormals_are_kept_where_the_processor_has_no_switch(monkeypatch):
    assert (halved() == 0) == denormals._X86
    assert np.float32(1e-40) * np.float32(0.5) > 0  # as before
    monkeypatch.setattr(denormals, "_X86", False)
    assert halved() == np.float32(1e-40) * np.float32(0.5)


@pytest.mark.attacks
def test_an_update_without_the_switch_is_the_same(monkeypatch, tmp_path):
    shape = Shape(features=2, width=9, batch=5, steps=8)
    loss, gradient = Case("rnn_tanh", shape).gradient()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "_loaded", {})
    monkeypatch.setattr(denormals, "_X86", False)
    for name in ("update", "respond", "generate"):  # new functions: numba gives a known signature no second code
        monkeypatch.setattr(entries, name, variant.entry(getattr(entries, name).py_func))
    other, again = Case("rnn_tanh", shape).gradient()
    assert other == loss
    assert again.tobytes() == gradient.tobytes()
