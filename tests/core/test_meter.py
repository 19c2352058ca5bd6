from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.meter import Meter
from benchbench.core.spec import Budget


class Clock:
    """The methods of the ``clock`` fixture, for property tests, which cannot take a fixture."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def metered(clock: Callable[[], float], batches: int = 4, **limits: Any) -> Meter:
    return Meter(Budget(name="b", **limits), batches=batches, clock=clock)


def count(meter: Meter, step: Callable[[], object] = lambda: None) -> int:
    """Run the loop that every learner has, and return its number of steps."""
    steps = 0
    while meter.spend():
        step()
        steps += 1
    meter.stop()
    return steps


def test_a_limit_of_updates_is_exact(clock: Any) -> None:
    meter = metered(clock, updates=7)
    assert count(meter) == meter.updates == 7
    assert not meter.over


def test_an_epoch_is_as_many_updates_as_the_training_split_has_batches(clock: Any) -> None:
    assert count(metered(clock, batches=4, epochs=3)) == 12


def test_a_limit_in_seconds_ends_the_fit_at_the_first_reading_after_it(clock: Any) -> None:
    meter = metered(clock, seconds=10)
    assert count(meter, lambda: clock.advance(3)) == 4
    assert meter.seconds == 12


def test_a_fit_that_reaches_its_time_exactly_is_ended(clock: Any) -> None:
    assert count(metered(clock, seconds=9), lambda: clock.advance(3)) == 3


@pytest.mark.parametrize(
    ("limits", "steps"),
    [
        ({"updates": 3, "epochs": 1, "seconds": 5}, 3),
        ({"updates": 9, "epochs": 1, "seconds": 5}, 4),
        ({"updates": 9, "epochs": 2, "seconds": 5}, 5),
    ],
)
def test_the_limit_that_is_reached_first_ends_the_fit(limits: dict[str, Any], steps: int, clock: Any) -> None:
    assert count(metered(clock, **limits), lambda: clock.advance(1)) == steps


def test_time_before_the_start_is_not_on_the_clock(clock: Any) -> None:
    meter = metered(clock, updates=1)
    clock.advance(50)
    meter.start()
    clock.advance(2)
    meter.stop()
    assert meter.seconds == 2


def test_the_first_update_starts_the_clock_if_start_was_not_called(clock: Any) -> None:
    meter = metered(clock, updates=2)
    clock.advance(50)
    count(meter, lambda: clock.advance(1))
    assert meter.seconds == 2


def test_paused_time_does_not_count(clock: Any) -> None:
    meter = metered(clock, seconds=3)

    def step() -> None:
        clock.advance(1)
        with meter.paused():
            clock.advance(100)

    assert count(meter, step) == 3
    assert meter.seconds == 3
    assert not meter.over


def test_a_pause_in_a_pause_counts_once(clock: Any) -> None:
    meter = metered(clock, updates=5)
    meter.start()
    clock.advance(1)
    with meter.paused():
        clock.advance(10)
        with meter.paused():
            clock.advance(10)
        clock.advance(10)
    clock.advance(1)
    meter.stop()
    assert meter.seconds == 2


def test_an_exception_ends_a_pause(clock: Any) -> None:
    meter = metered(clock, updates=5)
    meter.start()

    def fail() -> None:
        clock.advance(10)
        raise KeyError

    with pytest.raises(KeyError), meter.paused():
        fail()
    clock.advance(1)
    meter.stop()
    assert meter.seconds == 1


def test_a_pause_before_the_start_takes_no_time_off(clock: Any) -> None:
    meter = metered(clock, updates=5)
    with meter.paused():
        clock.advance(10)
    assert count(meter, lambda: clock.advance(1)) == 5
    assert meter.seconds == 5


def test_a_start_within_a_pause_counts_from_the_end_of_the_pause(clock: Any) -> None:
    meter = metered(clock, updates=5)
    with meter.paused():
        clock.advance(10)
        meter.start()
        clock.advance(10)
    clock.advance(1)
    meter.stop()
    assert meter.seconds == 1


def test_an_update_cannot_hide_in_a_pause(clock: Any) -> None:
    meter = metered(clock, seconds=1)
    with pytest.raises(RuntimeError, match="updates are on the clock"), meter.paused():
        meter.spend()
    assert meter.updates == 0


def test_the_first_update_is_timed_separately_without_setup_and_pauses(clock: Any) -> None:
    meter = metered(clock, updates=3)
    meter.start()
    clock.advance(20)
    durations = iter([8.0, 1.0, 1.0])

    def step() -> None:
        clock.advance(next(durations))
        with meter.paused():
            clock.advance(100)

    count(meter, step)
    assert meter.first_update_seconds == 8
    assert meter.seconds == 30


def test_a_fit_of_one_update_has_the_time_of_its_first_update(clock: Any) -> None:
    meter = metered(clock, updates=5)
    meter.start()
    assert meter.spend()
    clock.advance(4)
    meter.stop()
    assert meter.first_update_seconds == 4


def test_time_after_a_refusal_is_not_part_of_the_first_update(clock: Any) -> None:
    meter = metered(clock, updates=1)
    while meter.spend():
        clock.advance(4)
    clock.advance(5)
    meter.stop()
    assert meter.first_update_seconds == 4
    assert meter.seconds == 9


def test_a_fit_without_updates_has_no_first_update(clock: Any) -> None:
    meter = metered(clock, updates=5)
    meter.start()
    clock.advance(4)
    meter.stop()
    assert (meter.first_update_seconds, meter.updates, meter.seconds) == (None, 0, 4)


def test_the_curve_has_updates_seconds_validation_and_training_error(clock: Any) -> None:
    meter = metered(clock, updates=2)
    while meter.spend():
        clock.advance(1)
        with meter.paused():
            clock.advance(10)
            meter.note(np.float32(0.5), train=None if meter.updates == 1 else np.float32(0.25))
    assert meter.curve == [(1, 1.0, 0.5, None), (2, 2.0, 0.5, 0.25)]
    assert {type(number) for point in meter.curve for number in point} == {int, float, type(None)}


def test_a_point_of_the_curve_outside_a_pause_has_the_time_at_which_it_was_noted(clock: Any) -> None:
    meter = metered(clock, updates=9)
    for _ in range(3):
        meter.spend()
        clock.advance(1)
    meter.note(0.5)
    assert meter.curve == [(3, 3.0, 0.5, None)]


def test_the_fraction_follows_the_limit_that_is_nearest(clock: Any) -> None:
    meter = metered(clock, updates=8, seconds=10)
    assert meter.fraction == 0
    meter.spend(4)
    assert meter.fraction == 0.5
    clock.advance(9)
    meter.spend()
    assert meter.fraction == 0.9
    clock.advance(90)
    meter.spend()
    assert meter.fraction == 1


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        ({"updates": 4}, [0, 1 / 4, 2 / 4, 3 / 4]),
        ({"epochs": 1}, [0, 1 / 4, 2 / 4, 3 / 4]),
        ({"seconds": 10}, [0, 3 / 10, 6 / 10, 9 / 10]),
        ({"updates": 5, "seconds": 12}, [0, 3 / 12, 6 / 12, 9 / 12]),
    ],
)
def test_the_share_used_before_an_update_does_not_include_it(
    limits: dict[str, Any], wanted: list[float], clock: Any
) -> None:
    meter, found = metered(clock, **limits), []
    while meter.spend():
        found.append(meter.used_before)
        clock.advance(3)
    assert found == pytest.approx(wanted)


def test_continuing_after_a_refusal_is_over_budget(clock: Any) -> None:
    meter = metered(clock, updates=2)
    count(meter)
    assert not meter.over
    assert not meter.spend()
    assert not meter.spend(3)
    assert meter.over
    assert (meter.updates, meter.overspent) == (2, 4)


def test_a_refusal_is_final_even_where_a_smaller_step_would_fit(clock: Any) -> None:
    meter = metered(clock, updates=10)
    assert meter.spend(8)
    assert not meter.spend(3)
    assert not meter.spend(2)
    assert meter.over


def test_being_late_by_less_than_a_twentieth_is_within_the_budget(clock: Any) -> None:
    meter = metered(clock, seconds=100)
    while meter.spend():
        clock.advance(1)
    clock.advance(4.5)
    meter.stop()
    assert not meter.over


def test_being_late_by_more_than_a_twentieth_is_over_the_budget(clock: Any) -> None:
    meter = metered(clock, seconds=100)
    while meter.spend():
        clock.advance(1)
    clock.advance(5.5)
    meter.stop()
    assert meter.over


def test_being_late_by_one_long_update_is_within_the_budget(clock: Any) -> None:
    meter = metered(clock, seconds=100)
    assert count(meter, lambda: clock.advance(60)) == 2
    assert meter.seconds == 120
    assert not meter.over


def test_time_after_a_refusal_does_not_count_as_a_long_update(clock: Any) -> None:
    meter = metered(clock, seconds=10)
    while meter.spend():
        clock.advance(1)
    clock.advance(500)
    meter.stop()
    assert meter.over


def test_the_device_is_waited_for_once_at_each_reading_and_at_no_other_time(clock: Any) -> None:
    meter = Meter(Budget(name="b", updates=100), batches=1, clock=clock, synchronize=clock.synchronize)
    meter.start()
    assert clock.waits == 1
    meter.spend()  # the first update is timed apart: read before and after it
    meter.spend()
    assert clock.waits == 3
    for _ in range(50):
        meter.spend()
    assert clock.waits == 3
    with meter.paused():
        assert clock.waits == 4
        meter.note(1.0)
        assert clock.waits == 4
    assert clock.waits == 5
    meter.stop()
    assert clock.waits == 6


def test_a_budget_of_seconds_reads_the_clock_at_each_update(clock: Any) -> None:
    meter = Meter(Budget(name="b", seconds=100), batches=1, clock=clock, synchronize=clock.synchronize)
    meter.start()
    for _ in range(50):
        meter.spend()
    assert clock.waits == 51


@pytest.mark.parametrize("updates", [0, -1])
def test_a_step_of_no_updates_is_an_error(updates: int, clock: Any) -> None:
    with pytest.raises(ValueError, match="at least one update"):
        metered(clock, updates=5).spend(updates)


def test_a_step_of_half_an_update_is_an_error(clock: Any) -> None:
    with pytest.raises(TypeError):
        metered(clock, updates=5).spend(1.5)


def test_a_count_as_a_numpy_integer_becomes_a_plain_integer(clock: Any) -> None:
    meter = metered(clock, updates=5)
    meter.spend(np.int64(3))
    assert type(meter.updates) is int


@given(limit=st.integers(1, 50), steps=st.lists(st.integers(1, 20), max_size=60))
def test_no_sequence_of_steps_overshoots_the_updates(limit: int, steps: list[int]) -> None:
    meter = metered(Clock(), updates=limit)
    given_leave = sum(step for step in steps if meter.spend(step))
    assert given_leave == meter.updates <= limit
    assert 0 <= meter.fraction <= 1


@given(
    seconds=st.integers(1, 100),
    parts=st.lists(st.tuples(st.sampled_from(["step", "pause", "idle"]), st.integers(0, 20)), max_size=60),
)
def test_the_seconds_are_the_time_outside_pauses(seconds: int, parts: list[tuple[str, int]]) -> None:
    clock = Clock()
    meter = metered(clock, seconds=seconds)
    meter.start()
    on = 0
    for kind, duration in parts:
        if kind == "step" and not meter.spend():
            assert on >= seconds
            break
        if kind == "pause":
            with meter.paused():
                clock.now += duration
        else:
            clock.now += duration
            on += duration
    meter.stop()
    assert meter.seconds == on


def dues(budget: Budget, batches: int, validate_at: str) -> list[int]:
    meter = Meter(budget, batches=batches, clock=lambda: 0.0, validate_at=validate_at)
    found = []
    while meter.spend():
        if meter.due():
            found.append(meter.updates)
    return found


def test_a_validation_is_due_at_each_tenth_of_the_budget_but_its_end() -> None:
    assert dues(Budget(name="b", updates=100), 7, "tenths") == list(range(10, 100, 10))
    assert dues(Budget(name="b", updates=3), 7, "tenths") == [1, 2]


def test_a_validation_is_due_at_the_end_of_each_epoch_but_the_last() -> None:
    assert dues(Budget(name="b", epochs=4), 7, "epochs") == [7, 14, 21]
    assert dues(Budget(name="b", updates=20), 7, "epochs") == [7, 14]


def test_the_microscope_looks_at_each_point_of_the_curve_and_off_the_clock(clock) -> None:
    looked = []

    def watch(updates: int) -> None:
        looked.append(updates)
        clock.advance(10)

    meter = Meter(Budget(name="b", updates=2), clock=clock, watch=watch)
    meter.start()
    meter.look()
    meter.spend()
    clock.advance(1)
    meter.note(0.5)
    meter.stop()
    assert looked == [0, 1]
    assert meter.seconds == 1


def test_for_the_former_names_of_the_losses_the_message_gives_the_new_ones(clock: Clock) -> None:
    meter = Meter(Budget(name="b", updates=1), clock=clock)
    with pytest.raises(TypeError, match=r"meter.note\(valid=..., train=...\).*valid_mse is now called valid; train"):
        meter.note(valid_mse=1.0, train_mse=2.0)
    with pytest.raises(TypeError, match="valid is missing"):
        meter.note()
