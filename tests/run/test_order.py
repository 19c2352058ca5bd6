"""Randomised complete blocks."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.spec import Budget, Trial
from benchbench.run.order import blocks


def grid(study, seeds, names, lengths=(10, 20)):
    return [
        Trial(study=study, task="t", architecture=name, length=length, seed=seed, budget=Budget(name="b", updates=1))
        for seed in range(seeds)
        for length in lengths
        for name in names
    ]


@given(seeds=st.integers(1, 6), count=st.integers(1, 5), study=st.sampled_from(["a", "b", "c"]))
def test_every_trial_comes_once_and_every_block_is_whole_and_in_one_piece(seeds, count, study):
    trials = grid(study, seeds, [f"n{i}" for i in range(count)])
    ordered = blocks(trials)
    assert Counter(trial.key for _, trial in ordered) == Counter(trial.key for trial in trials)
    assert [number for number, _ in ordered] == sorted(number for number, _ in ordered)
    places = {number: {(t.length, t.seed) for n, t in ordered if n == number} for number, _ in ordered}
    assert all(len(place) == 1 for place in places.values())
    assert set(Counter(number for number, _ in ordered).values()) == {count}


def test_the_order_depends_on_the_study_alone():
    trials = grid("a", 5, ["x", "y", "z"])
    assert blocks(trials) == blocks(trials)
    assert blocks(trials[::-1]) == blocks(trials)
    assert [t.key for _, t in blocks(trials)] != [t.key for t in trials]
    assert [t.seed for _, t in blocks(trials)] != [t.seed for _, t in blocks(grid("b", 5, ["x", "y", "z"]))]


def test_each_competitor_comes_first_about_as_often():
    trials = grid("a", 150, ["x", "y", "z"], lengths=(10,))
    firsts = Counter(trial.architecture for _, trial in blocks(trials)[::3])
    assert all(30 < firsts[name] < 70 for name in "xyz")


def test_an_empty_list_of_trials_gives_no_blocks():
    assert blocks([]) == []
