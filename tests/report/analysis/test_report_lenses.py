"""The conclusions that survive several budgets."""

import pytest

from benchbench.core.spec import Budget
from benchbench.report.analysis.lenses import budgets, lenses
from benchbench.report.analysis.select import select
from benchbench.report.analysis.verdicts import judged
from benchbench.report.frame import load

UPDATES = Budget(name="equal-updates", parameters=100, updates=1_000)
SECONDS = Budget(name="equal-seconds", parameters=100, seconds=5)
WIDTH = Budget(name="equal-width", width=9, updates=1_000)
LOW, LOWER = [0.100, 0.101, 0.099], [0.050, 0.0502, 0.0499]
HIGH, WIDE = [0.200, 0.203, 0.198], [0.05, 0.9, 0.2]


@pytest.fixture
def frame(stored):
    return lambda records: select(load("toy", stored(records))).frame


@pytest.fixture
def found(record, frame):
    """The lenses of records with these test MSEs by name, one for each seed, under each budget."""

    def make(*scores, order=(UPDATES, SECONDS, WIDTH), **fields):
        rows = frame(
            [
                record(name, seed, mse=mse, budget=budget, **fields)
                for budget, named in zip(order, scores, strict=False)
                for name, values in named.items()
                for seed, mse in enumerate(values)
            ]
        )
        return lenses(rows, judged(rows)[0])

    return make


@pytest.mark.parametrize(
    ("first", "second", "conclusion", "better"),
    [
        ({"gru": LOW, "rnn": HIGH}, {"gru": LOWER, "rnn": HIGH}, "survives", "gru"),
        ({"gru": LOW, "rnn": HIGH}, {"gru": HIGH, "rnn": LOW}, "flips", ""),
        ({"gru": LOW, "rnn": HIGH}, {"gru": LOW, "rnn": WIDE}, "becomes open", "gru"),
        ({"gru": LOW, "rnn": WIDE}, {"gru": HIGH, "rnn": LOW}, "becomes open", "rnn"),
        ({"gru": LOW, "rnn": HIGH}, {"gru": LOW, "rnn": LOW[::-1]}, "becomes a tie", "gru"),
        ({"gru": LOW, "rnn": LOW[::-1]}, {"gru": HIGH, "rnn": HIGH[::-1]}, "survives", ""),
        ({"gru": LOW, "rnn": LOW[::-1]}, {"gru": LOW, "rnn": WIDE}, "undecided", ""),
        ({"gru": LOW, "rnn": WIDE}, {"gru": LOW, "rnn": WIDE}, "undecided", ""),
    ],
)
def test_a_conclusion_survives_flips_or_is_lost_under_another_budget(found, first, second, conclusion, better):
    [row] = found(first, second).to_dict("records")
    assert (row["first"], row["second"], row["conclusion"], row["better"]) == ("rnn", "gru", conclusion, better)


def test_each_budget_has_its_verdict_and_one_that_flips_under_any_budget_flips(found):
    [row] = found({"gru": LOW, "rnn": HIGH}, {"gru": LOW, "rnn": WIDE}, {"gru": HIGH, "rnn": LOW}).to_dict("records")
    assert row["conclusion"] == "flips"
    assert [row[f"under {name}"] for name in ("equal-updates", "equal-seconds", "equal-width")] == [
        "gru is better",
        "open",
        "rnn is better",
    ]


def test_one_budget_gives_no_lenses_and_a_pair_under_only_one_budget_has_no_row(found):
    assert found({"gru": LOW, "rnn": HIGH}).empty
    both = found({"gru": LOW, "rnn": HIGH}, {"gru": LOW, "rnn": HIGH, "esn": LOWER})
    assert both[["first", "second"]].to_numpy().tolist() == [["rnn", "gru"]]


def test_budgets_are_compared_within_each_device(record, frame):
    rows = frame(
        [
            record(name, seed, mse=mse, budget=budget, device=device)
            for budget, turned in ((UPDATES, False), (SECONDS, True))
            for device in ("cpu", "other")
            for name, values in (("gru", LOW), ("rnn", HIGH))
            for seed, mse in enumerate((HIGH if name == "gru" else LOW) if turned and device == "other" else values)
        ]
    )
    table = lenses(rows, judged(rows)[0])
    assert dict(zip(table["where"], table["conclusion"], strict=True)) == {"cpu": "survives", "other": "flips"}


def test_only_the_longest_rung_of_a_ladder_is_compared_with_other_budgets(record, frame):
    rungs = [Budget(name=f"steps-{n}", parameters=100, updates=n) for n in (300, 3_000, 1_000)]
    rows = frame([record(name, budget=one) for one in (*rungs, SECONDS) for name in ("gru", "rnn")])
    assert budgets(rows) == ["equal-seconds", "steps-3000"]
    assert lenses(rows, judged(rows)[0])["under steps-3000"].tolist() == ["open"]
    alone = frame([record(name, budget=one) for one in rungs for name in ("gru", "rnn")])
    assert lenses(alone, judged(alone)[0]).empty
