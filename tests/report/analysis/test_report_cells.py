import numpy as np
import pandas as pd
import pytest

from benchbench.report.analysis.cells import against_baselines, cells, groups, undefined, verdicts
from benchbench.report.analysis.select import select
from benchbench.report.analysis.trials import Records
from benchbench.report.frame import load, read


@pytest.fixture
def frame(stored):
    return lambda records: select(load("toy", stored(records))).frame


@pytest.fixture
def scored(record, frame):
    """The frame of named test MSEs, one a seed; None is a divergence."""

    def make(**scores):
        return frame(
            [
                record(name, seed, status="diverged") if mse is None else record(name, seed, mse=mse)
                for name, values in scores.items()
                for seed, mse in enumerate(values)
            ]
        )

    return make


def test_medians_and_spread_are_those_of_numpy(scored):
    values = [0.3, 0.1, 0.7, 0.2]
    row = cells(scored(gru=values)).iloc[0]
    assert [row["mse"], row["mse_min"], row["mse_max"]] == [np.median(values), min(values), max(values)]
    assert row["r2"] == pytest.approx(np.median([1 - value / 0.9 for value in values]))
    assert (row["seeds"], row["ok"], row["failed"]) == (4, 4, "")


def test_failed_seeds_are_counted_beside_the_median_of_the_others(scored):
    row = cells(scored(gru=[0.3, None, 0.1, None, 0.2])).iloc[0]
    assert (row["mse"], row["seeds"], row["ok"], row["failed"]) == (0.2, 5, 3, "diverged 2/5")


@pytest.mark.parametrize(
    ("scores", "take", "clear", "verdict"),
    [
        ({"gru": [0.1, 0.2], "rnn": [0.2, 0.3]}, "gru", True, "best on all 2 seeds"),
        ({"gru": [0.1, 0.2, 0.1], "rnn": [0.3, 0.15, 0.3]}, "gru", False, "tie with rnn"),
        ({"gru": [0.1, 0.2], "rnn": [0.1, 0.2]}, "rnn", False, "tie with gru"),
        ({"gru": [0.1, 0.2], "linear": [0.05, 0.1]}, "linear", True, "best on all 2 seeds"),
        ({"gru": [0.1], "rnn": [0.2]}, "gru", False, "open: one seed"),
        ({"gru": [0.1, 0.1], "rnn": [0.2]}, "gru", False, "open: seeds missing for rnn"),
        ({"gru": [0.1, 0.1]}, "gru", False, "nothing to compare with"),
        ({"gru": [0.1, 0.1], "rnn": [0.2, None]}, "gru", True, "best on all 2 seeds"),
        ({"gru": [0.1, 0.1, None], "rnn": [0.2, 0.2, 0.2]}, "gru", False, "open: no score on 1 of 3 seeds"),
        ({"gru": [None, None], "rnn": [None, None]}, "", False, "none finished on most seeds"),
    ],
)
def test_a_winner_beats_every_other_on_every_seed(scored, scores, take, clear, verdict):
    row = verdicts(scored(**scores)).iloc[0]
    assert (row["take"], row["clear"], row["verdict"]) == (take, clear, verdict)


def test_who_declines_the_problem_does_not_stand_in_the_way_of_a_winner(frame, record):
    records = [record(name, seed, mse=mse) for name, mse in (("gru", 0.1), ("rnn", 0.2)) for seed in range(2)]
    declined = [record("esn", seed, status="unsupported") for seed in range(2)]
    assert verdicts(frame(records + declined))["verdict"].tolist() == ["best on all 2 seeds"]


def test_an_over_budget_score_is_never_ranked(frame, record):
    records = [record("gru", seed, mse=0.2) for seed in range(3)]
    records += [record("rnn", seed, mse=0.001, status="over_budget") for seed in range(3)]
    found = frame(records)
    assert verdicts(found)["take"].tolist() == ["gru"]
    row = cells(found).set_index("architecture").loc["rnn"]
    assert np.isnan(row["mse"])
    assert row["failed"] == "over_budget 3/3"


def test_a_network_that_loses_to_linear_is_named(scored):
    found = scored(gru=[0.1, 0.1], rnn=[0.5, 0.5], linear=[0.3, 0.3], persistence=[0.9, 0.9])
    said = against_baselines(found)["equal-updates", "mackey_glass"]
    assert said == [(["gru"], ["rnn"], "linear"), (["rnn", "gru"], [], "persistence")]


def test_lengths_are_named_where_they_matter(frame, record):
    scores = {("gru", 10): 0.1, ("gru", 20): 0.9, ("linear", 10): 0.5, ("linear", 20): 0.5}
    found = frame([record(name, 0, length=length, mse=mse) for (name, length), mse in scores.items()])
    said = against_baselines(found)["equal-updates", "mackey_glass"]
    assert said == [(["gru (10)"], ["gru (20)"], "linear")]


def test_a_baseline_is_what_its_record_says_and_not_its_name(frame, record):
    scores = {"majority": (0.5, True), "linear": (0.1, False), "gru": (0.2, False)}
    found = frame([record(name, mse=mse, baseline=flag) for name, (mse, flag) in scores.items()])
    assert against_baselines(found)["equal-updates", "mackey_glass"] == [(["gru", "linear"], [], "majority")]


def test_a_network_that_failed_on_a_seed_does_not_beat_linear(scored):
    found = scored(gru=[0.5, None], rnn=[0.3, 0.3], linear=[0.3, 0.3])
    assert against_baselines(found)["equal-updates", "mackey_glass"] == [([], ["rnn", "gru"], "linear")]


def test_a_baseline_that_failed_is_beaten_by_nobody(scored):
    assert against_baselines(scored(gru=[0.5], linear=[None])) == {}


def test_groups_have_a_median_each(stored, record):
    found = [{"low": {"mse": mse, "r2": None}, "high": {"mse": 2 * mse, "r2": 0.5}} for mse in (0.1, 0.2, 0.4)]
    frame, records = read("toy", stored([record(seed=seed, groups=one) for seed, one in enumerate(found)]))
    table = groups(select(frame).frame, Records(records)).set_index("group")
    assert table["mse"].to_dict() == {"high": 0.4, "low": 0.2}
    assert np.isnan(table["r2"]["low"])


def test_one_group_alone_makes_no_table(stored, record):
    frame, records = read("toy", stored([record(groups={"all": {"mse": 0.1}})]))
    assert groups(select(frame).frame, Records(records)).empty


def test_a_problem_that_all_decline_has_no_answer(frame, record):
    row = verdicts(frame([record("esn", seed, status="unsupported") for seed in range(2)])).iloc[0]
    assert (row["take"], row["verdict"]) == ("", "none finished on most seeds")


def test_the_winner_of_a_classification_has_the_highest_score(frame, classified):
    made = [classified(name, seed, score=score) for name, score in (("gru", 0.9), ("rnn", 0.7)) for seed in range(2)]
    found = frame(made)
    assert verdicts(found)[["take", "verdict"]].to_numpy().tolist() == [["gru", "best on all 2 seeds"]]
    row = cells(found).set_index("architecture").loc["gru"]
    assert (row["score"], row["balanced_accuracy"], row["log_loss"], row["better"]) == (0.9, 0.9, 0.5, "higher")


def test_a_network_beats_a_baseline_of_a_classification_with_a_higher_score(frame, classified):
    made = [
        classified("gru", score=0.9),
        classified("rnn", score=0.4),
        classified("majority", score=0.5, baseline=True),
    ]
    assert against_baselines(frame(made))["equal-updates", "digits"] == [(["gru"], ["rnn"], "majority")]


def test_an_undefined_metric_keeps_the_sentence_of_its_record(stored, classified):
    frame, records = read("toy", stored([classified(seed=seed) for seed in range(2)]))
    [row] = undefined(select(frame).frame, Records(records)).to_dict("records")
    assert (row["metric"], row["trials"]) == ("test_auroc", 2)
    assert row["sentence"] == "One class is missing from the test split."


def test_tasks_of_two_objectives_are_ranked_each_by_its_own(frame, record, classified):
    made = [record(name, seed, mse=mse) for name, mse in (("gru", 0.1), ("rnn", 0.2)) for seed in range(2)]
    made += [classified(name, seed, score=score) for name, score in (("gru", 0.6), ("rnn", 0.7)) for seed in range(2)]
    assert verdicts(frame(made)).set_index("variant")["take"].to_dict() == {"digits": "rnn", "mackey_glass": "gru"}


def test_a_record_is_found_by_its_key_and_machine_and_the_last_one_counts(record):
    made = [record(mse=0.1), record(mse=0.2), record(mse=0.3, environment={"machine": "far"})]
    frame = pd.DataFrame({"key": [made[0].trial.key] * 2, "machine": ["far", "toy-cpu-2-cores"]})
    assert [one.scores["test_mse"] for one in Records(made).of(frame)] == [0.3, 0.2]
