"""Ladders in the report: scores against the budget, the best median on each rung, and whether the ranking settled."""

import pytest

from benchbench import write_report
from benchbench.core.record import Status
from benchbench.core.spec import Budget
from benchbench.report.analysis.ladders import sentences
from benchbench.report.analysis.study import gather
from benchbench.report.frame import read
from benchbench.report.page.answer import conditions

pytestmark = pytest.mark.long

RUNGS = (300, 3_000, 30_000)


def budget(updates):
    return Budget(name=f"ladder-{updates}", parameters=10_000, updates=updates)


@pytest.fixture
def climb(record):
    """Records by their errors on the rungs, for five seeds with a spread of 2 % that competitors partly share."""

    def make(task="cosine", seeds=5, **errors):
        return [
            record(
                name, seed, mse=value * (1 + 0.02 * (seed - 2) + 0.004 * ((seed + i) % 3)), task=task, budget=budget(n)
            )
            for i, (name, values) in enumerate(errors.items())
            for n, value in zip(RUNGS, values, strict=True)
            if value is not None
            for seed in range(seeds)
        ]

    return make


@pytest.fixture
def ladders(stored):
    def call(records):
        results = stored(records)
        return gather("toy", *read("toy", results), results).ladders

    return call


def test_the_cells_of_a_ladder_have_its_rungs_as_numbers(climb, ladders):
    found = ladders(climb(gru=(3.0, 2.0, 1.0))).cells
    assert found[["ladder", "limit", "rung"]].values.tolist() == [["ladder", "updates", float(n)] for n in RUNGS]
    assert found["score"].tolist() == pytest.approx([3.0, 2.0, 1.0], rel=0.01)


def test_the_table_says_from_which_rung_to_which_a_competitor_has_the_best_median(climb, ladders):
    found = ladders(climb(rnn=(1.0, 0.9, 0.9), gru=(3.0, 0.5, 0.1), mean=(9.0, 9.0, 9.0))).leads
    assert found[["take", "first", "last", "clear"]].values.tolist() == [
        ["rnn", 300.0, 300.0, 1], ["gru", 3_000.0, 30_000.0, 2],
    ]  # fmt: skip


def test_a_best_median_that_is_not_shown_to_be_better_is_not_called_so(climb, ladders):
    [row] = ladders(climb(rnn=(1.0, 1.0, 1.0), gru=(0.999, 0.999, 0.999))).leads.to_dict("records")
    assert (row["first"], row["last"], row["clear"]) == (300.0, 30_000.0, 0)


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ({"rnn": (2.0, 1.0, 0.95), "gru": (1.0, 0.5, 0.46)}, ""),
        ({"rnn": (2.0, 1.0, 0.95), "gru": (1.0, 0.5, 0.44)}, "gru still improves by more than 10 %"),
        ({"rnn": (2.0, 1.0, 0.8), "gru": (1.0, 0.5, 0.4)}, "rnn and gru still improve by more than 10 %"),
        ({"rnn": (2.0, 1.0, 0.95), "gru": (1.5, 1.1, 0.8)},
         "gru still improves by more than 10 %, and rnn and gru change places"),
        ({"rnn": (2.0, 1.0, 1.0), "gru": (1.0, 1.01, 0.99)}, ""),
        ({"rnn": (2.0, 1.0, 1.3), "gru": (1.0, 1.2, 1.2)}, "rnn and gru change places"),
        ({"rnn": (2.0, 1.0, 1.0), "gru": (1.0, 0.5, None)}, ""),
    ],
    ids=["it has", "one improves", "two improve", "both", "twins that swap", "others that swap", "one ends early"],
)  # fmt: skip
def test_a_ranking_has_settled_if_the_last_rungs_agree_and_no_competitor_still_improves(climb, ladders, errors, reason):
    [row] = ladders(climb(**errors)).settled.to_dict("records")
    assert (row["rung"], row["settled"], row["reason"]) == (30_000.0, not reason, reason)


def test_nothing_has_settled_where_the_last_rung_failed(climb, ladders):
    made = climb(rnn=(2.0, 1.0, 1.0), gru=(1.0, 0.5, 0.5))
    late = [one for one in made if one.trial.budget == budget(RUNGS[-1])]

    def failing(*names):
        changed = [
            one.model_copy(update={"status": Status.TIMEOUT, "scores": {}}) if one.trial.architecture in names else one
            for one in late
        ]
        [row] = ladders([one for one in made if one not in late] + changed).settled.to_dict("records")
        return row["settled"], row["reason"]

    assert failing() == (True, "")
    assert failing("gru") == (False, "gru has no score on the last rung")
    assert failing("rnn", "gru") == (False, "no competitor has a score on both of the last two rungs")


def test_an_accuracy_improves_by_the_share_of_its_errors_that_disappears(classified, ladders):
    def made(values):
        return [
            classified("gru", seed, score=value + 0.001 * seed, budget=budget(n))
            for n, value in zip(RUNGS, values, strict=True)
            for seed in range(3)
        ]

    assert ladders(made((0.5, 0.980, 0.981))).settled["settled"].tolist() == [True]
    assert ladders(made((0.5, 0.980, 0.984))).settled["settled"].tolist() == [False]


def test_a_sentence_for_each_task_says_whether_its_ranking_has_settled(climb, ladders):
    made = [
        *climb("cosine", gru=(3.0, 1.0, 1.0), mean=(9.0, 9.0, 9.0)),
        *climb("names", gru=(3.0, 1.0, 0.5), mean=(9.0, 9.0, 9.0)),
    ]
    assert sentences(ladders(made).settled, "updates") == [
        "On cosine the ranking has settled by 30,000 updates.",
        "On names the ranking has not settled at 30,000 updates: gru still improves by more than 10 %.",
    ]


def test_the_text_names_lengths_only_if_they_differ(climb, ladders):
    long = [
        one.model_copy(update={"trial": one.trial.model_copy(update={"length": 200})})
        for one in climb(gru=(3.0, 1.0, 0.5))
    ]
    [said] = sentences(ladders([*climb(gru=(3.0, 1.0, 1.0)), *long]).settled, "updates")
    assert said.endswith("gru still improves by more than 10 % (length 200); at length 100 it has settled.")


@pytest.mark.long
def test_budgets_that_form_no_ladder_have_no_section(grid, stored):
    page = write_report("toy", stored(grid(tasks=("cosine",), lengths=(100,), seeds=2)))
    assert "Score against" not in page.read_text()
    assert not list((page.parent / "tables").glob("ladder*"))


def test_the_longest_rung_comes_before_a_budget_that_is_no_rung(climb, record, stored):
    seconds = Budget(name="equal-seconds", parameters=10_000, seconds=20.0)
    made = [*climb(rnn=(1.0, 0.9, 0.9)), *(record("rnn", seed, task="cosine", budget=seconds) for seed in range(5))]
    results = stored(made)
    assert conditions(gather("toy", *read("toy", results), results))[:2] == ["ladder-30000", "ladder-3000"]


@pytest.mark.long
@pytest.mark.drawn
def test_the_page_begins_with_the_longest_rung_and_draws_the_ladder(climb, stored):
    page = write_report("toy", stored(climb(rnn=(1.0, 0.9, 0.9), gru=(3.0, 0.5, 0.1), mean=(9.0, 9.0, 9.0))))
    text = page.read_text()
    assert text.index("### ladder-30000") < text.index("## Score against updates: ladder")
    assert "On cosine the ranking has not settled at 30,000 updates: gru still improves" in text
    assert (page.parent / "figures" / "score_by_budget-ladder.png").stat().st_size > 5_000
    assert len((page.parent / "tables" / "ladder.csv").read_text().splitlines()) == 10
