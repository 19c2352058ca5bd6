"""Marks: the signs in a record that its trial did not keep to the rules."""

import re

import pytest

from benchbench.core.marks import marks
from benchbench.core.record import Observed
from benchbench.report.write import write_report
from tests.report.conftest import make_record, make_study

FIT = 5.0
SECONDS = {"make": 0.01, "size": 0.02, "fit": FIT + 0.3, "first_predict": 0.03, "alone": 0.05, "predict": 0.15}


def record(*, seconds=None, cpu=None, watched=None, spent=None, **fields):
    """An honest record of a network, with some of what was seen changed."""
    plain = make_record("gru", **fields)
    known = {"fit_seconds": FIT, "paused_seconds": 0.25, "pauses": 11, "longest_seconds": 0.02, "compile_seconds": 0.0}
    seen = Observed(
        seconds={**SECONDS, **(seconds or {})},
        cpu_seconds={"fit": FIT, **(cpu or {})},
        **{"alone": 20, "alone_difference": 2e-7, "alone_error": 0.1, **(watched or {})},
    )
    changed = plain.spent.model_copy(update={**known, **(spent or {})})
    return plain.model_copy(update={"spent": changed, "watched": seen, "solves": False})


def found(one):
    return [(mark.kind, mark.about) for mark in marks(one)]


def test_an_honest_record_and_one_from_before_marks_have_no_mark():
    assert found(record()) == []
    assert [one for made in make_study() for one in found(made)] == []


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"seconds": {"make": 0.8}}, "make"),
        ({"seconds": {"size": 0.8}}, "size"),
        ({"seconds": {"first_predict": 0.8}}, "predict"),
        ({"spent": {"paused_seconds": 1.8}, "seconds": {"fit": FIT + 1.8}}, "paused"),
        ({"spent": {"fit_seconds": 0.1}}, "meter"),
        ({"spent": {"longest_seconds": 1.0}}, "stretch"),
        ({"cpu": {"fit": 3 * FIT}}, "cores"),
    ],
)
def test_work_off_the_clock_keeps_a_trial_out_of_rankings_by_time(change, about):
    assert found(record(**change)) == [("untimed", about)]


@pytest.mark.parametrize("change", [{"seconds": {"make": 0.8}}, {"spent": {"longest_seconds": 1.2}}])
def test_seconds_of_compiling_give_no_mark(change):
    change.setdefault("spent", {})["compile_seconds"] = 0.9
    assert found(record(**change)) == []


def test_a_long_fit_may_take_more_time_off_the_clock():
    long = {"seconds": {"fit": 100.3, "make": 0.8}, "spent": {"fit_seconds": 100.0}}
    assert found(record(**long)) == []


def test_updates_that_are_all_long_give_no_mark():
    assert found(record(spent={"longest_seconds": 2.0, "updates": 4, "fit_seconds": FIT})) == []


@pytest.mark.parametrize(
    ("difference", "error", "marked"),
    [(2e-3, 1.0, True), (5e-4, 0.1, False), (5e-4, 1e-3, True), (5e-6, 1e-6, False), (1e-4, 0.1, False)],
)
def test_predictions_that_change_when_a_sequence_is_alone_are_not_ranked(difference, error, marked):
    one = record(watched={"alone_difference": difference, "alone_error": error})
    assert found(one) == ([("unranked", "alone")] if marked else [])


def test_a_learner_that_cannot_predict_a_single_sequence_is_not_ranked():
    assert found(record(watched={"alone": 0})) == [("unranked", "alone")]


def test_a_fit_without_updates_is_ranked_only_if_the_learner_solves():
    one = record(spent={"updates": 0, "longest_seconds": 0.1})
    assert found(one) == [("unranked", "updates")]
    assert found(one.model_copy(update={"solves": True})) == []
    assert found(one.model_copy(update={"solves": None})) == []


def scored(**scores):
    plain = record()
    return plain.model_copy(update={"scores": {**plain.scores, **scores}})


@pytest.mark.parametrize(("score", "marked"), [(1e-12, True), (0.70, True), (0.80, False), (1.5, False)])
def test_a_score_below_its_floor_by_more_than_chance_is_not_ranked(score, marked):
    # 800 test sequences: five standard deviations of a mean of squares are a quarter
    one = scored(floor_mse=1.0, test_mse=score, test_rmse=score**0.5, test_nrmse=score**0.5, test_r2=1 - score)
    assert found(one) == ([("unranked", "floor")] if marked else [])


@pytest.mark.parametrize("change", [{"test_mse": 0.5}, {"test_rmse": 0.1}, {"test_r2": 1.0}, {"valid_rmse": 2.0}])
def test_a_record_whose_metrics_contradict_each_other_is_not_ranked(change):
    one = scored(**change)
    assert ("unranked", "metrics") in found(one)


def test_marked_trials_are_shown_but_not_recommended_and_their_times_are_left_out(stored):
    good = [make_record(name, seed) for name in ("gru", "lstm") for seed in range(2)]
    cheat = [
        record(mse=1e-9, seed=seed).model_copy(update={"trial": make_record("cheat", seed).trial}) for seed in range(2)
    ]
    slow = [
        record(seed=seed, mse=0.5, seconds={"make": 0.8}).model_copy(update={"trial": make_record("slow", seed).trial})
        for seed in range(2)
    ]
    page = write_report("toy", stored([*good, *cheat, *slow]))
    front, task = page.read_text(), (page.parent / "tasks" / "mackey_glass.md").read_text()
    assert "Marked: 2 records are not ranked" in front
    assert "; cheat is marked and therefore not ranked." in front
    assert "Marked trials of cheat are left out." in front
    against = next(line for line in task.splitlines() if re.match(r"\| 100 +\| .*\| cheat ", line))
    assert " marked |" in against
    assert "open" not in against
    assert "Marked: the times of 2 records are left out" in front
    assert "Marked: cheat (length 100, seed 0; 2 trials show this). Its test mse of 1e-09 is beyond the floor" in task
    assert (
        "Marked: slow (length 100, seed 0; 2 trials show this). Off the clock: making the learner took 0.8 s." in task
    )
    [taken] = (page.parent / "tables" / "answers.csv").read_text().splitlines()[1:]
    assert ",gru," in taken
    costs = (page.parent / "tables" / "costs.csv").read_text().splitlines()
    [row] = [line for line in costs if ",slow," in line]
    assert dict(zip(costs[0].split(","), row.split(","), strict=True))["fit_seconds"] == ""


def test_a_learner_that_solves_is_ranked_by_the_supervisor_s_seconds_and_labelled_solved(stored):
    seen = Observed(seconds={"fit": 7.5})
    page = write_report("toy", stored([make_record("esn", seed, solves=True, watched=seen) for seed in range(2)]))
    costs = (page.parent / "tables" / "costs.csv").read_text().splitlines()
    assert dict(zip(costs[0].split(","), costs[1].split(","), strict=True))["fit_seconds"] == "7.5"
    assert ", solved" in (page.parent / "tasks" / "mackey_glass.md").read_text()
