import numpy as np
import pytest

from benchbench.report.frame import load, read
from benchbench.report.select import select
from benchbench.report.summary import against_floors, missing_floors
from benchbench.report.tables import cells, decimals, groups, number, verdicts, words


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
        ({"gru": [0.1, 0.1]}, "gru", False, "the only one"),
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
    sentence = against_floors(found)["equal-updates", "mackey_glass"]
    assert sentence == "`linear` beaten by gru, **not by rnn**; every network beats `persistence`"


def test_lengths_are_named_where_they_matter(frame, record):
    scores = {("gru", 10): 0.1, ("gru", 20): 0.9, ("linear", 10): 0.5, ("linear", 20): 0.5}
    found = frame([record(name, 0, length=length, mse=mse) for (name, length), mse in scores.items()])
    sentence = against_floors(found)["equal-updates", "mackey_glass"]
    assert sentence == "`linear` beaten by gru (10), **not by gru (20)**"


def test_no_network_beats_linear_is_said_as_it_is(scored):
    found = scored(gru=[0.5, None], rnn=[0.3, 0.3], linear=[0.3, 0.3])
    assert against_floors(found)["equal-updates", "mackey_glass"] == "**no network beats `linear`**"


def test_a_floor_that_failed_is_beaten_by_nobody(scored):
    assert against_floors(scored(gru=[0.5], linear=[None])) == {}


def test_missing_floors_are_named(scored):
    assert "linear, mean" in missing_floors(scored(gru=[0.1], persistence=[0.2]))
    assert missing_floors(scored(mean=[0.1], persistence=[0.2], linear=[0.2])) == ""


def test_groups_have_a_median_each(stored, record):
    found = [{"low": {"mse": mse, "r2": None}, "high": {"mse": 2 * mse, "r2": 0.5}} for mse in (0.1, 0.2, 0.4)]
    frame, records = read("toy", stored([record(seed=seed, groups=one) for seed, one in enumerate(found)]))
    table = groups(select(frame).frame, records).set_index("group")
    assert table["mse"].to_dict() == {"high": 0.4, "low": 0.2}
    assert np.isnan(table["r2"]["low"])


def test_one_group_alone_makes_no_table(stored, record):
    frame, records = read("toy", stored([record(groups={"all": {"mse": 0.1}})]))
    assert groups(select(frame).frame, records).empty


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01, "0.0100"), (12.34, "12.3"), (1234.5, "1,234"), (0, "0"), (3.0, "3"), (1.5e-7, "1.50e-07"), (np.nan, "–"),
     (-0.25, "-0.250"), (100.4, "100")],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a|b\nc", r"a\|b c"), ("<b>&", "&lt;b&gt;&amp;"), ("`x` *y*", r"\`x\` \*y\*"), ("mackey_glass", "mackey_glass"),
     ("__init__", r"\_\_init\_\_"), ("x" * 400, "x" * 299 + "…")],
)  # fmt: skip
def test_foreign_text_cannot_act_as_markup(text, escaped):
    assert words(text) == escaped


def test_a_problem_that_all_decline_has_no_answer(frame, record):
    row = verdicts(frame([record("esn", seed, status="unsupported") for seed in range(2)])).iloc[0]
    assert (row["take"], row["verdict"]) == ("", "none finished on most seeds")


def test_a_coefficient_of_determination_has_three_decimals():
    assert [decimals(value) for value in (0.99999, -0.0004, 0.5, -1234.5, np.nan)] == [
        "1.000",
        "-0.000",
        "0.500",
        "-1,234",
        "–",
    ]
