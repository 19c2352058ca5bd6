"""Window lengths from the period and the length of the signal."""

import pytest

from benchbench.core.errors import InputError
from benchbench.core.windows import chronological
from benchbench.run.advise.lengths import window_lengths


@pytest.mark.parametrize(
    ("period", "lengths"),
    [
        (50.02, (50, 100)), (37.3, (37, 75)), (24, (24, 48)), (7, (21, 42)), (2.5, (20, 40)), (200, (200, 300)),
        (300, (300,)), (1_000, (150, 300)), (None, (50, 100)),
    ],
)  # fmt: skip
def test_windows_are_one_and_two_periods_within_bounds(period, lengths):
    found = window_lengths(period, 10_000, 10)
    assert found == pytest.approx(lengths, abs=1)


@pytest.mark.parametrize("samples", [250, 400, 800])
def test_a_short_signal_gets_shorter_windows_that_it_can_hold(samples):
    lengths = window_lengths(100, samples, 10)
    assert max(lengths) < 100
    for length in lengths:
        chronological(samples, length, 10)  # which refuses what does not fit


def test_a_signal_that_is_too_short_is_refused_with_the_length_that_is_needed():
    with pytest.raises(InputError, match=r"the signal is too short: .* give 180 samples or more, or a shorter horizon"):
        window_lengths(None, 100, 10)
