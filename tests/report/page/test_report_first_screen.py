"""The first screen in words: tasks that linear solves, conclusions that survive every budget, winners and costs."""

import re

import pytest

from benchbench.core.record import Spent
from benchbench.core.spec import Budget
from benchbench.report.analysis.study import gather
from benchbench.report.frame import read
from benchbench.report.page.front import pages, variants
from benchbench.report.page.pictures import Pictures
from benchbench.report.render.markdown import render

pytestmark = pytest.mark.long

NEAR, FAR, WIDE = [0.100, 0.101, 0.099], [0.200, 0.203, 0.198], [0.05, 0.9, 0.2]


@pytest.fixture
def front(stored):
    """The pages of some records as text, the front page first."""

    def made(records):
        results = stored(records)
        numbers = gather("toy", *read("toy", results), results)
        found = pages(numbers, Pictures(), {one: f"tasks/{one}" for one in variants(numbers)})
        return [render(page) for page in found]

    return made


@pytest.fixture
def scored(record):
    """Records with these test MSEs by name, one for each seed, whose fits take this many seconds."""

    def make(seconds=None, floor=None, **scores):
        fields = {key: scores.pop(key) for key in ("task", "length", "budget") if key in scores}
        return [
            record(
                name, seed, mse=mse, **fields,
                spent=Spent(
                    width=8, trained_parameters=100, fixed_parameters=0, updates=10, first_update_seconds=0.01,
                    fit_seconds=(seconds or {}).get(name, 1.0), peak_bytes=3 * 2**20,
                ),
            )
            for name, values in scores.items()
            for seed, mse in enumerate(values)
        ]  # fmt: skip

    return make


def test_the_tasks_that_linear_solves_come_first(front, scored):
    made = scored(linear=NEAR, gru=FAR) + scored(task="lorenz", linear=FAR, gru=NEAR)
    made += scored(task="names", linear=NEAR, gru=WIDE)
    first = front(made)[0].split("## In short\n\n")[1].splitlines()[0]
    assert first == (
        "**Solved by linear:** mackey_glass. There, every network is worse than `linear` or ties with it, or the score "
        "of `linear` has reached the floor. It is open whether a network is better than `linear` on names."
    )


def test_lengths_and_budgets_at_which_linear_solves_a_task_are_named(front, scored, budgets):
    updates, seconds = budgets
    made = scored(linear=NEAR, gru=FAR, budget=updates) + scored(linear=NEAR, gru=FAR, budget=seconds)
    made += scored(length=200, linear=NEAR, gru=FAR, budget=updates)
    made += scored(length=200, linear=FAR, gru=NEAR, budget=seconds)
    said = "mackey_glass at length 100 under equal-seconds and under equal-updates. There"
    assert f"**Solved by linear:** {said}" in front(made)[0]


def test_the_winner_is_named_with_its_certainty_and_its_cost(front, scored):
    page = front(scored(gru=NEAR, rnn=FAR, esn=[0.5, 0.52, 0.49], seconds={"gru": 2.0}))[0]
    found = re.search(r"- mackey_glass: gru is better than every other: its MSE is (\S+) to (\S+) times (.*)\n", page)
    low, high, rest = found.groups()
    assert float(low) < 0.5 < float(high)
    assert rest == (
        "the MSE of the next best, rnn (95 % interval over 3 seeds); it has 100 parameters, and a fit takes 2 s and "
        "3 MiB."
    )


def test_if_none_is_better_than_every_other_the_candidates_are_named_with_the_least_time(front, scored):
    made = scored(gru=NEAR, rnn=NEAR[::-1], esn=FAR, seconds={"rnn": 3.0})
    made += scored(length=200, gru=NEAR, rnn=WIDE, seconds={"gru": 2.0})
    said = "no competitor is better than every other: each of rnn and gru may be best;"
    assert (
        f"- mackey_glass: {said} of these, rnn (1 s at length 200) and gru (1 s at length 100) have the lowest "
        "median fit time." in front(made)[0]
    )


def test_the_first_screen_counts_what_survives_every_budget_and_a_section_names_it(front, scored, budgets):
    updates, seconds = budgets
    made = scored(gru=NEAR, rnn=FAR, lstm=[0.4, 0.41, 0.405], mean=[1.0, 0.99, 1.02], budget=updates)
    made += scored(gru=FAR, rnn=NEAR, lstm=WIDE, mean=[1.0, 0.99, 1.02], budget=seconds)
    page = front(made)[0]
    assert (
        "Of 6 conclusions about pairs of competitors, 2 survive every budget (`equal-seconds` and `equal-updates`), "
        "**1 flips**, and 3 hold under some budgets only: under another, the pair is open or a tie. In 0 more pairs, "
        "neither competitor is better under any budget, and at least one budget leaves the pair open. "
        "*Budgets compared* lists the conclusions, and `tables/lenses.csv` has every pair."
    ) in page
    line = page.split("## Budgets compared")[1].split("- mackey_glass: ")[1].splitlines()[0]
    assert line == (
        "**Flips: of rnn and gru, rnn is better under equal-seconds and gru is better under equal-updates**. "
        "Under every budget: rnn is better than mean; gru is better than mean. "
        "Only under equal-updates: rnn is better than lstm; gru is better than lstm; lstm is better than mean."
    )


def test_the_first_screen_says_if_no_competitor_is_better_under_any_budget(front, scored, budgets):
    made = [one for budget in budgets for one in scored(gru=WIDE, rnn=WIDE[::-1], budget=budget)]
    assert (
        "In none of 1 pairs is one competitor better under any budget (`equal-seconds` and `equal-updates`), and each "
        "pair is open under at least one. `tables/lenses.csv` has every pair."
    ) in front(made)[0]


def test_the_first_screen_of_one_budget_does_not_mention_budgets(front, scored):
    page = front(scored(gru=NEAR, rnn=FAR))[0]
    assert "survive" not in page
    assert "Budgets compared" not in page


def test_the_page_of_a_task_has_the_gap_closed_and_says_what_it_is(front, record):
    scores = {"gru": 0.3, "mean": 1.0}
    made = [record(name, scores={"valid_mse": mse, "test_mse": mse, "floor": 0.2}) for name, mse in scores.items()]
    task = front(made)[1]
    assert re.search(r"\| gru +\| +0.300 \| +0.875 \|", task)
    assert "Gap closed is (mean - score) / (mean - floor): it is 1 at the floor and 0 for `mean`." in task


def test_power_laws_are_in_a_sentence_and_in_a_table_or_the_page_says_why_not(front, record):
    def timed(length, seed, wobble):
        spent = Spent(
            width=8, trained_parameters=100, fixed_parameters=0, updates=101, first_update_seconds=0.5,
            fit_seconds=0.5 + length * wobble, peak_bytes=0,
        )  # fmt: skip
        return record(length=length, seed=seed, spent=spent)

    made = [timed(n, seed, wobble) for n in (100, 200, 300) for seed, wobble in enumerate((1.0, 1.0, 1.0))]
    page, task, *_ = front(made)
    assert re.search(r"\| time of an update \| gru +\| length\^1.00 \| 1.00 +\| +1 \| +1 \| +\| +\|", page)
    assert (
        "- The time of an update of gru grows as length^1.00, fitted at lengths 100 and 200; at length 300 this "
        "predicts 1.00 times the measured value, and the law holds there."
    ) in task.replace("\\", "")
    few = front([one for one in made if one.trial.length < 300])[0]
    assert "Power laws of time and memory need three lengths, or three widths of one network" in few


def rungs(*updates):
    return [Budget(name=f"ladder-{n}", parameters=100, updates=n) for n in updates]


def test_the_first_screen_says_under_which_budgets_another_has_the_best_median(front, scored):
    short, middle, long = rungs(20, 60, 200)
    made = [
        *scored(budget=short, gru=FAR, rnn=NEAR),
        *scored(budget=middle, gru=FAR, rnn=NEAR),
        *scored(budget=long, gru=NEAR, rnn=FAR),
        *scored(budget=Budget(name="seconds", parameters=100, seconds=1.0), gru=FAR, rnn=NEAR),
    ]
    page = front(made)[0].replace("*", "").replace("\\", "")
    assert (
        "Other budgets: with 60 updates or fewer rnn has the best median instead of gru on mackey_glass; "
        "under `seconds` rnn has the best median instead of gru on mackey_glass."
    ) in page


def test_the_first_screen_says_that_no_budget_changes_the_answer_and_nothing_for_one_budget(front, scored):
    made = [one for budget in rungs(20, 60) for one in scored(budget=budget, gru=NEAR, rnn=FAR)]
    assert "under each of them, the same architecture has the best median." in front(made)[0]
    assert "Other budgets" not in front(scored(gru=NEAR, rnn=FAR))[0]
