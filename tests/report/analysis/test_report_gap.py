"""The share of the achievable gap closed, and what linear solves."""

import numpy as np
import pytest

from benchbench.core.objective import Objective
from benchbench.report.analysis.gap import gaps_closed
from benchbench.report.analysis.select import select
from benchbench.report.analysis.solved import solved
from benchbench.report.analysis.verdicts import judged
from benchbench.report.frame import load

NEAR, FAR, WIDE = [0.100, 0.101, 0.099], [0.200, 0.203, 0.198], [0.05, 0.9, 0.2]


@pytest.fixture
def chosen(stored):
    """The frame of some records."""
    return lambda records: select(load("toy", stored(records))).frame


@pytest.fixture
def scored(record, chosen):
    """The frame of records with these test MSEs by name, one for each seed, with a floor; None is a divergence."""

    def made(name, seed, mse, floor):
        if mse is None:
            return record(name, seed, status="diverged")
        return record(name, seed, scores={"valid_mse": mse, "test_mse": mse, "floor": floor})

    def make(floor=None, **scores):
        return chosen(
            [made(name, seed, mse, floor) for name, values in scores.items() for seed, mse in enumerate(values)]
        )

    return make


def gap(found):
    return gaps_closed(found).set_index("architecture")


def test_the_gap_closed_is_the_median_over_seeds_of_the_share_from_the_baseline_to_the_floor(scored):
    found = gap(scored(floor=0.2, gru=[0.3, 0.7, 0.2], mean=[1.0, 1.2, 1.0]))
    assert found.loc["gru"].tolist()[-4:] == pytest.approx(["mean", 0.875, 0.5, 1.0])
    assert found.loc["mean"].tolist()[-4:] == ["mean", 0, 0, 0]


def test_the_gap_starts_at_the_simplest_baseline_that_ended_ok(scored):
    assert gap(scored(0.0, gru=[0.5], persistence=[1.0], mean=[2.0])).loc["gru", "gap_closed"] == 0.75
    found = gap(scored(0.0, gru=[0.5], persistence=[1.0], mean=[None]))
    assert found.loc["gru", ["gap_from", "gap_closed"]].tolist() == ["persistence", 0.5]
    assert found.index.tolist() == ["gru", "persistence"]


def test_only_seeds_on_which_both_ended_ok_count(scored):
    found = gap(scored(0.0, gru=[0.5, 0.1, None], mean=[1.0, None, 1.0]))
    assert found.loc["gru", ["gap_closed", "gap_closed_min", "gap_closed_max"]].tolist() == [0.5, 0.5, 0.5]


def test_there_is_no_share_without_a_floor_a_simple_baseline_and_a_gap(scored):
    assert gap(scored(None, gru=[0.5], mean=[1.0])).empty
    assert gap(scored(0.1, gru=[0.5], linear=[1.0])).empty
    assert np.isnan(gap(scored(0.7, gru=[0.5], mean=[0.6])).loc["gru", "gap_closed"])


def test_where_higher_is_better_the_share_counts_upward(classified, chosen):
    facts = Objective.classification().facts
    made = [
        classified(name, objective=None, scores={"valid_loss": 0.5, "test_balanced_accuracy": score, "floor": 0.9})
        for name, score in (("gru", 0.7), ("majority", 0.5))
    ]
    assert facts.better("balanced_accuracy") == "higher"
    assert gap(chosen(made)).loc["gru", ["gap_from", "gap_closed"]].tolist() == pytest.approx(["majority", 0.5])


def said(frame):
    table = solved(frame, judged(frame)[0])
    return table["solved"].tolist()


@pytest.mark.parametrize(
    ("floor", "scores", "expected"),
    [
        (None, {"linear": NEAR, "gru": FAR}, ["none better"]),
        (None, {"linear": NEAR, "gru": NEAR[::-1]}, ["none better"]),  # a tie
        (None, {"linear": NEAR, "gru": FAR, "rnn": WIDE}, ["undecided"]),
        (None, {"linear": FAR, "gru": NEAR, "rnn": WIDE}, ["network better"]),
        (0.0995, {"linear": NEAR, "gru": WIDE}, ["floor"]),  # a tie with the floor settles it
        (0.05, {"linear": NEAR, "gru": WIDE}, ["undecided"]),
        (0.0995, {"linear": WIDE, "gru": WIDE[::-1]}, ["undecided"]),  # wide is not near
        (0.0, {"linear": NEAR, "gru": FAR}, ["none better"]),
        (
            None,
            {"linear": NEAR, "gru": FAR, "rnn": [None] * 3},
            ["none better"],
        ),  # a competitor that never ended is left out
        (None, {"linear": NEAR, "mean": FAR}, []),
        (None, {"linear": [None] * 3, "gru": NEAR}, []),
        (None, {"persistence": NEAR, "gru": FAR}, []),
    ],
)
def test_linear_solves_a_task_where_no_network_is_better_or_the_floor_is_reached(scored, floor, scores, expected):
    assert said(scored(floor, **scores)) == expected


def test_linear_is_recognised_under_any_label(record, chosen):
    made = [
        record(name, seed, mse=mse)
        for name, values in (("linear", NEAR), ("gru", FAR))
        for seed, mse in enumerate(values)
    ]
    names = {"linear": "ridge", "gru": ""}
    made = [
        one.model_copy(update={"trial": one.trial.model_copy(update={"competitor": names[one.trial.architecture]})})
        for one in made
    ]
    frame = chosen(made)
    [row] = solved(frame, judged(frame)[0]).to_dict("records")
    assert (row["linear"], row["solved"]) == ("ridge", "none better")
