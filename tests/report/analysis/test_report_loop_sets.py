"""The option sets of the closed loop, which free runs on validation choose where the records have any."""

import json

import pandas as pd
import pytest

from benchbench.core.record import FreeRunOutcome, Status
from benchbench.report.analysis.csv import tables
from benchbench.report.frame import load
from benchbench.report.page.blocks import Page
from benchbench.report.page.loops import all_loops
from benchbench.report.render.markdown import render

pytestmark = pytest.mark.long

SLOW, FAST = {"learning_rate": 0.001}, {"learning_rate": 0.01}


def run(time=None, *, valid=10, message="", status="ok"):
    """A free run that stayed valid for this many of 100 steps; ``time`` is the valid time on validation."""
    return FreeRunOutcome(
        steps=100, unit="Lyapunov time", unit_steps=10.0, valid_steps=[valid] if status == "ok" else [],
        validation_time=time, validation_message=message, status=Status(status), seconds=0.1,
    )  # fmt: skip


@pytest.fixture
def tuned(record):
    """Records of two option sets: ``slow`` is better by the validation error; a free run for each seed."""

    def make(slow, fast, name="gru", **fields):
        return [
            record(name, seed, options=options, valid=valid, free_run=one, **fields)
            for options, valid, runs in ((SLOW, 0.01, slow), (FAST, 0.5, fast))
            for seed, one in enumerate(runs)
        ]

    return make


def choice(numbers):
    """The set that was chosen and is used in closed loop, the score that chose it, and its valid time."""
    [row] = numbers.closed_loop.options.to_dict("records")
    [kept] = {json.dumps(options) for options in numbers.closed_loop.trials["architecture_options"]}
    assert kept == row["set"]
    return json.loads(row["set"]), row["chosen_by"], row["validation_time"]


def test_the_longest_median_valid_time_of_validation_chooses_and_not_the_error_of_one_step(gathered, tuned):
    slow = [run(1.0, valid=90), run(9.0, valid=90), run(2.0, valid=90)]
    numbers = gathered(tuned(slow, [run(3.0), run(2.5), run(4.0)]))
    assert choice(numbers) == (FAST, "free run", 3.0)
    assert numbers.closed_loop.cells["valid_time"].tolist() == [1.0]  # and not the 9 of the test that the other has
    assert numbers.selection.options["set"].map(json.loads).tolist() == [SLOW]
    assert set(numbers.selection.frame["architecture_options"].map(str)) == {str(SLOW)}


def test_the_error_of_one_step_chooses_among_equal_valid_times(gathered, tuned):
    assert choice(gathered(tuned([run(0.0)], [run(0.0)]))) == (SLOW, "free run", 0.0)


@pytest.mark.parametrize(
    "fast",
    [
        [run(9.0), run(message="killed after 2 s"), run(message="killed after 2 s")],
        [run(9.0), run(status="timeout"), run(status="out_of_memory")],
    ],
)
def test_a_seed_without_an_outcome_counts_as_the_worst(gathered, tuned, fast):
    assert choice(gathered(tuned([run(1.0)] * 3, fast))) == (SLOW, "free run", 1.0)


def test_a_fit_that_diverged_counts_as_the_worst(gathered, tuned, record):
    records = tuned([run(1.0)] * 3, [run(9.0)])
    records += [record("gru", seed, options=FAST, status="diverged") for seed in (1, 2)]
    assert choice(gathered(records))[:2] == (SLOW, "free run")


def test_records_without_such_a_run_leave_the_choice_to_the_error_of_one_step(gathered, tuned):
    for slow, fast in ([[run()], [run()]], [[run(1.0)], [run()]], [[run(1.0), run(1.0)], [run(2.0), run()]]):
        numbers = gathered(tuned(slow, fast))
        found, by, time = choice(numbers)
        assert (found, by) == (SLOW, "one step")
        assert pd.isna(time)
        assert "closed_loop_sets" not in tables(numbers)


def test_a_single_option_set_leaves_no_choice(gathered, record):
    numbers = gathered([record("gru", options=SLOW, free_run=run(1.0))])
    assert choice(numbers)[:2] == (SLOW, "one step")


def said(numbers):
    return " ".join(render(Page("report", tuple(all_loops(numbers)))).split())


def test_the_report_says_which_score_chose_and_where_it_could_not(gathered, tuned, record):
    old = tuned([run()], [run()], name="rnn")
    assert "The option sets were chosen in open loop, by the error on the validation split." in said(gathered(old))
    new = tuned([run(1.0)], [run(3.0)])
    text = said(gathered(new))
    assert "The option set with the longest valid free runs on validation data is chosen" in text
    assert "learning_rate=0.01 (1 of 1)" in text
    assert "in open loop" not in text.replace("open loop and", "")
    assert "Some records of rnn on mackey_glass at length 100 have no such runs" in said(gathered(new + old))


def test_the_choices_have_a_table_of_their_own(gathered, tuned):
    found = tables(gathered(tuned([run(1.0)], [run(3.0)])))["closed_loop_sets"].iloc[0]
    assert (found["option_sets"], found["set"]) == (2, json.dumps(FAST))
    assert (found["chosen_by"], found["validation_time"]) == ("free run", 3.0)


def test_the_frame_has_the_valid_time_of_validation(stored, record):
    assert load("toy", stored([record(free_run=run(2.5))]))["validation_time"].tolist() == [2.5]


@pytest.mark.parametrize("status", ["timeout", "out_of_memory"])
def test_the_frame_says_how_a_free_run_ended_its_process(gathered, record, status):
    numbers = gathered([record("gru", free_run=run(status=status)), record("rnn", free_run=run())])
    cells = numbers.closed_loop.cells.set_index("architecture")
    assert cells.loc["gru", "failed"] == f"free run {status} 1/1"
    assert numbers.cells.set_index("architecture").loc["gru", "ok"] == 1
