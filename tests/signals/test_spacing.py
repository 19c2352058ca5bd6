"""Columns of times: even, rounded, with holes, uneven."""

import numpy as np
import pytest

from benchbench.signals.spacing import Hole, named_time, perhaps_time, rises, seconds_of, spacing


def test_even_times_have_their_step_and_their_rate():
    found = spacing(np.arange(100) / 250, "s")
    assert found.rate_hz == pytest.approx(250)
    assert (found.holes, found.uneven) == ((), ())


def test_times_rounded_to_three_decimals_are_even():
    found = spacing(np.round(np.arange(5_000) / 360, 3), "s")
    assert found.rate_hz == pytest.approx(360, rel=1e-3)
    assert found.uneven == ()


def test_a_hole_says_after_which_row_how_many_samples_are_missing():
    times = np.delete(np.arange(100.0), [10, 11, 50])
    assert spacing(times).holes == (Hole(row=10, missing=2), Hole(row=48, missing=1))
    assert spacing(times).uneven == ()


def test_rows_that_come_unevenly_are_named():
    times = np.arange(100.0)
    times[40] += 0.3
    assert spacing(times).uneven == (41, 42)


def test_times_at_random_are_uneven_nearly_everywhere():
    times = np.random.default_rng(0).random(500).cumsum()
    assert len(spacing(times).uneven) > 300


def test_a_rate_is_known_only_where_times_are_in_seconds():
    assert spacing(np.arange(10.0)).rate_hz is None


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("time_ms", 1e-3),
        ("Zeit [s]", 1.0),
        ("seconds", 1.0),
        ("t (min)", 60.0),
        ("time", None),
        ("t", None),
        ("h", None),
    ],
)
def test_the_unit_of_a_time_is_in_its_name(name, seconds):
    assert seconds_of(name) == seconds


def test_some_names_are_always_times_and_some_may_be():
    assert [name for name in ("time", "Timestamp", "time_ms", "t", "load", "index") if named_time(name)] == [
        "time", "Timestamp", "time_ms",
    ]  # fmt: skip
    assert [name for name in ("", "t", "Index", "load", "voltage") if perhaps_time(name)] == ["", "t", "Index"]


def test_times_rise_where_each_is_there_and_later_than_the_one_before():
    assert rises(np.array([1.0, 2.0, 5.0]))
    assert not rises(np.array([1.0, 1.0]))
    assert not rises(np.array([1.0, np.nan, 3.0]))
    assert not rises(np.array([1.0]))
