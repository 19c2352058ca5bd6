"""What a run says while it goes on: lines in a pipe, a bar in a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from benchbench.cli import progress
from benchbench.cli.progress import outcome, watched
from benchbench.core.objective import Objective
from benchbench.core.record import Record, Spent, Status
from benchbench.core.spec import Budget, Trial


class Terminal(StringIO):
    def isatty(self):
        return True


def trial(seed=0):
    budget = Budget(name="few", width=4, updates=4)
    return Trial(study="toy", task="cosine", architecture="gru", length=20, seed=seed, budget=budget)


def record(seed=0, status=Status.OK, message="", **fields):
    facts = {"spent": Spent(fit_seconds=1.2345), "scores": {"test_mse": 0.06789}} if status == Status.OK else {}
    started = "2026-01-01T00:00:00+00:00"
    return Record(trial=trial(seed), status=status, message=message, started=started, **{**facts, **fields})


@pytest.fixture
def lines():
    """What a run of the given records says in a pipe, line by line."""

    def call(*records, trials, done, otherwise=0):
        file = StringIO()
        with watched(Console(file=file, width=40)) as watch:
            watch.plan(trials, done, otherwise)
            for one in records:
                watch.start(one.trial)
                watch.record(one)
        return file.getvalue().splitlines()

    return call


def test_a_pipe_gets_a_line_for_the_check_the_plan_and_each_trial(lines):
    assert lines(record(0), record(1), trials=48, done=46) == [
        "checking the study",
        "46 of 48 trials are recorded already",
        "2 trials to run",
        "1 of 2: cosine 20 gru seed 0 few cpu: ok, fit 1.23 s, test mse 0.0679",
        "2 of 2: cosine 20 gru seed 1 few cpu: ok, fit 1.23 s, test mse 0.0679",
    ]


def test_records_made_under_other_conditions_are_pointed_out(lines):
    [_, _, line] = lines(trials=3, done=3, otherwise=2)
    assert line.startswith("2 of them ran with other jobs, threads or allocator: they are kept")


def test_a_trial_that_failed_says_why_in_one_line():
    failed = record(status=Status.FAILED, message="ValueError:\n  [red]bad[/]")
    assert outcome(failed) == "failed: ValueError: [red]bad[/]"


def test_a_trial_that_was_over_its_budget_has_its_score_and_its_reason():
    said = outcome(record(status=Status.OVER_BUDGET, message="2 more", scores={"test_mse": 0.5}))
    assert said == "over_budget, test mse 0.5: 2 more"


def test_the_score_is_the_primary_metric_of_the_objective():
    asked = Objective.classification().facts
    assert outcome(record(objective=asked, scores={"test_balanced_accuracy": 0.75, "test_mse": 9.0})) == (
        "ok, fit 1.23 s, test balanced_accuracy 0.75"
    )
    assert outcome(record(objective=asked, scores={"test_balanced_accuracy": None})) == "ok, fit 1.23 s"


def test_a_terminal_gets_a_bar_and_lines_for_failures_alone():
    file = Terminal()
    with watched(Console(file=file, force_terminal=True, width=200)) as watch:
        watch.plan(3, 1, 0)
        watch.record(record(0))
        watch.record(record(1, Status.DIVERGED, "NaN"))
    said = file.getvalue()
    assert "seed 1 few cpu: diverged: NaN" in said
    assert "seed 0" not in said
    assert "elapsed" in said


def test_colours_forced_into_a_pipe_bring_no_bar():
    file = StringIO()
    with watched(Console(file=file, force_terminal=True, width=200)) as watch:
        watch.plan(1, 0, 0)
    assert file.getvalue() == "checking the study\n1 trial to run\n"


def test_a_long_check_says_in_a_pipe_how_far_it_is_every_ten_seconds():
    file, now = StringIO(), iter([0.0, 4.0, 11.0, 11.0, 20.0, 22.0, 22.0])
    bar = progress.Progress(console=Console(file=file), disable=True)
    watch = progress.Watch(bar, lines=True, clock=lambda: next(now))
    for done in (1, 12, 30, 40):
        watch.check(done, 40)
    assert file.getvalue().splitlines() == [
        "checking the study",
        "checking the study: 12 of 40",
        "checking the study: 40 of 40",
    ]


def test_a_terminal_shows_how_far_the_check_is():
    bar = progress.Progress(console=Console(file=Terminal(), force_terminal=True))
    watch = progress.Watch(bar, lines=False)
    watch.check(12, 40)
    assert bar.tasks[0].description == "checking the study: 12 of 40"
