"""How many seeds, lengths and updates fit, from made-up timings."""

import re

import pytest

from benchbench.core.errors import InputError
from benchbench.run.advise.amounts import SHARE, amounts
from benchbench.run.advise.timing import Pace, Timing


def timing(update=0.001, seed=2.0, start=3.0, jobs=2, most=None):
    """Four networks and three baselines at the lengths 50 and 100."""
    paces = [Pace(length, update * length / 50, most) for length in (50, 100) for _ in range(4)]
    return Timing(seconds={50: seed, 100: seed}, paces=tuple(paces), start=start, jobs=jobs)


def planned(minutes, made=None, *, spent=10.0, after=5.0):
    return amounts(made or timing(), (50, 100), 60 * minutes, spent=spent, after=after)


@pytest.mark.parametrize("minutes", [1, 1.5, 2, 3, 5, 10, 20, 60])
def test_a_study_with_its_report_ends_within_the_minutes(minutes):
    found = planned(minutes)
    assert 10 + 5 + found.seconds <= SHARE * 60 * minutes
    assert found.seconds == pytest.approx(timing().study_seconds(found.lengths, found.seeds, found.updates))


def test_more_minutes_give_more_seeds_lengths_or_updates():
    made = [planned(minutes) for minutes in (1, 2, 5, 20)]
    trained = [len(one.lengths) * one.seeds * one.updates for one in made]
    assert trained == sorted(trained)
    assert len(set(trained)) > 2
    assert (made[-1].lengths, made[-1].seeds, made[-1].updates) == ((50, 100), 10, 2_000)


def test_there_are_three_seeds_or_more_unless_only_one_fits():
    assert {planned(minutes).seeds for minutes in (0.7, 1, 2, 5)} <= {3, 5, 10}
    assert planned(5).seeds >= 5
    assert planned(0.42).seeds == 1


def test_the_message_on_too_few_minutes_gives_a_number_that_is_enough():
    with pytest.raises(
        InputError, match=r"--minutes 0.3 is too few: one seed of 100 updates takes about 0\.\d minutes"
    ) as e:
        planned(0.3)
    said = str(e.value)
    assert planned(float(re.search(r"about ([0-9.]+) minutes", said)[1])).seeds == 1
    assert said.endswith("Give --minutes 1, or more")
    assert planned(1)


def test_updates_are_written_in_two_digits():
    assert all(planned(minutes).updates % 10 == 0 for minutes in (1, 2, 3, 4, 5))


def test_a_learner_that_solves_takes_no_more_updates_than_there_are_batches():
    assert timing(most=30).study_seconds((50,), 3, 2_000) == timing(most=30).study_seconds((50,), 3, 30)


def test_one_more_update_costs_its_seconds_divided_by_the_jobs():
    made = timing(update=0.01)
    more = made.study_seconds((50,), 4, 1_020) - made.study_seconds((50,), 4, 20)
    assert more == pytest.approx(4 * 4 * 1_000 * 0.01 / 2 + 1_000 * 0.01)  # and the tail of the last trial
