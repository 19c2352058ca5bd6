"""The random draws of the kernels: dropout between layers."""

import numpy as np
import pytest

from benchbench.learn.native.lanes import thin


def thinned(share, key, rows=200, length=64):
    memory = np.ones(2 * rows * length, np.float32)
    thin.py_func(memory, (0, length), (rows * length, length), (rows, length), share, key)
    return memory[rows * length :]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_a_share_of_numbers_is_dropped_and_the_rest_scaled(share):
    with np.errstate(over="ignore"):
        kept = thinned(share, 3)
    assert set(np.unique(kept)) <= {np.float32(0), np.float32(1 / (1 - share))}
    deviation = np.sqrt(share * (1 - share) / kept.size)
    assert (kept == 0).mean() == pytest.approx(share, abs=4 * deviation)


def test_equal_keys_drop_the_same_numbers_and_other_keys_drop_others():
    with np.errstate(over="ignore"):
        first, again, other = thinned(0.5, 3), thinned(0.5, 3), thinned(0.5, 3 + 2**32)
    assert (first == again).all()
    assert 0.45 < (first == other).mean() < 0.55
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.05
