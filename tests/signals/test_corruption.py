"""Gaps and outliers put into a signal."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.signals.corruption import corrupted

SIGNAL = np.sin(np.arange(5000) / 10)


def made(gaps=0.02, outliers=0.01, longest=12, seed=0):
    return corrupted(np.random.default_rng(seed), SIGNAL, gaps=gaps, outliers=outliers, longest=longest)


def test_gaps_and_outliers_have_the_shares_that_were_asked_for():
    found = made(gaps=0.0)
    assert (np.abs(found - SIGNAL) > 0).sum() == 50
    off = np.abs(found - SIGNAL)[found != SIGNAL]
    assert 2 <= off.min() < off.max() <= 5
    assert np.isnan(made()).sum() == 100


def test_gaps_are_short_and_separate_and_the_ends_are_not_missing():
    for seed in range(20):
        lost = np.isnan(made(gaps=0.3, seed=seed))
        edges = np.flatnonzero(np.diff(lost.astype(int)))
        lengths = edges[1::2] - edges[::2]
        assert not lost[0]
        assert not lost[-1]
        assert lengths.max() <= 12
        assert lost.sum() == 1500


def test_shares_of_zero_change_nothing():
    np.testing.assert_array_equal(made(gaps=0.0, outliers=0.0), SIGNAL)


@pytest.mark.parametrize("name", ["gaps", "outliers"])
def test_more_than_half_is_refused(name):
    with pytest.raises(InputError, match=f"{name}: 0.6 of the samples is too much; give at most 0.5"):
        made(**{name: 0.6})
