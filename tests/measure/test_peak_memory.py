"""The peak that a fit adds, by the kernel or by sampling."""

import sys
import time

import numpy as np
import pytest

from benchbench.isolation.pool import isolated_map
from benchbench.measure.peak_memory import Peak

MEBIBYTE = 2**20
HOW = [
    pytest.param(False, marks=pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux")),
    True,
]


@pytest.mark.parametrize("sampled", HOW)
@pytest.mark.parametrize("size", [30, 300])
def test_an_allocation_is_read_within_three_percent(sampled, size):
    [(_, read)] = isolated_map(grow, [(sampled, size)])
    assert read == pytest.approx(size * MEBIBYTE, rel=0.03, abs=MEBIBYTE)


def grow(how):
    sampled, size = how
    np.ones(2 * size * MEBIBYTE, np.uint8)  # a higher peak, before
    peak = Peak(sampled=sampled)
    block = np.ones(size * MEBIBYTE, np.uint8)
    time.sleep(0.05)
    del block
    return peak.added()


@pytest.mark.parametrize("sampled", HOW)
def test_without_an_allocation_the_peak_is_almost_zero(sampled):
    [(_, read)] = isolated_map(stay, [sampled])
    assert 0 <= read < 5 * MEBIBYTE


def stay(sampled):
    return Peak(sampled=sampled).added()
