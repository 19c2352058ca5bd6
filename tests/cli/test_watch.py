"""The progress of a run: lines in a pipe, a bar in a terminal."""

from io import StringIO
from itertools import count

import pytest
from rich.console import Console

from benchbench.cli import progress
from benchbench.cli.console import duration
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


def watch(file, **options):
    """A watch in a pipe whose clock moves by a minute at each reading."""
    bar = progress.Progress(console=Console(file=file, width=40), disable=True)
    return progress.Watch(bar, lines=True, clock=count(0, 60).__next__, **options)


@pytest.fixture
def lines():
    """The lines that a run with the given records prints into a pipe."""

    def call(*records, trials, done, otherwise=0, **options):
        file = StringIO()
        one = watch(file, **options)
        one.step("loading")
        one.plan(trials, done, otherwise)
        for made in records:
            one.start(made.trial)
            one.record(made)
        return file.getvalue().splitlines()

    return call


def test_a_pipe_gets_a_line_for_each_step_the_plan_and_each_trial_with_the_remaining_time(lines):
    assert lines(record(0), record(1), record(2), trials=49, done=46) == [
        "loading",
        "46 of 49 trials are recorded already",
        "3 trials to run",
        "1 of 3: cosine 20 gru seed 0 few cpu: ok, fit 1.23 s, test mse 0.0679; 2 min left",
        "2 of 3: cosine 20 gru seed 1 few cpu: ok, fit 1.23 s, test mse 0.0679; 60 s left",
        "3 of 3: cosine 20 gru seed 2 few cpu: ok, fit 1.23 s, test mse 0.0679",
    ]


def test_with_verbose_each_start_has_a_line_too(lines):
    said = lines(record(0), trials=1, done=0, detail="verbose")
    assert said[1:3] == ["1 trial to run", "cosine 20 gru seed 0 few cpu starts"]


def test_with_quiet_nothing_is_printed(lines):
    failed = record(status=Status.FAILED, message="boom")
    assert lines(failed, trials=4, done=3, otherwise=2, detail="quiet") == []


def test_records_with_other_conditions_are_reported(lines):
    [*_, line] = lines(trials=3, done=3, otherwise=2)
    assert line.startswith("2 of them ran with other jobs, threads or allocator: they are kept")


def test_characters_of_a_message_do_not_act_on_the_terminal(lines):
    failed = record(status=Status.FAILED, message="\x1b]0;title\x07\x1b[2J\u202egnp.exe\rok")
    [*_, line] = lines(failed, trials=1, done=0)
    assert line.endswith(r"failed: \x1b]0;title\x07\x1b[2J\u202egnp.exe ok")


def test_the_reason_of_a_failed_trial_is_printed_on_one_line():
    failed = record(status=Status.FAILED, message="ValueError:\n  [red]bad[/]")
    assert outcome(failed) == "failed: ValueError: [red]bad[/]"


def test_the_line_of_a_trial_over_its_budget_has_its_score_and_the_reason():
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
    with watched(Console(file=file, force_terminal=True, width=200)) as one:
        one.plan(3, 1, 0)
        one.record(record(0))
        one.record(record(1, Status.DIVERGED, "NaN"))
    said = file.getvalue()
    assert "seed 1 few cpu: diverged: NaN" in said
    assert "seed 0" not in said
    assert "elapsed" in said


def test_a_terminal_that_is_verbose_has_lines_for_all_trials():
    file = Terminal()
    with watched(Console(file=file, force_terminal=True, width=200), "verbose") as one:
        one.plan(1, 0, 0)
        one.record(record(0))
    assert "1 of 1: cosine 20 gru seed 0" in file.getvalue()


def test_a_pipe_with_forced_colours_has_no_bar():
    file = StringIO()
    with watched(Console(file=file, force_terminal=True, width=200)) as one:
        one.plan(1, 0, 0)
    assert file.getvalue() == "1 trial to run\n"


def test_a_long_check_prints_its_progress_into_a_pipe_every_ten_seconds():
    file, now = StringIO(), iter([0.0, 0.0, 0.0, 4.0, 11.0, 11.0, 20.0, 22.0, 22.0])
    bar = progress.Progress(console=Console(file=file), disable=True)
    one = progress.Watch(bar, lines=True, clock=lambda: next(now))
    one.step("checking the study")
    for done in (1, 12, 30, 40):
        one.check(done, 40)
    assert file.getvalue().splitlines() == [
        "checking the study",
        "checking the study: 12 of 40",
        "checking the study: 40 of 40",
    ]


def test_a_terminal_shows_the_current_step_and_the_progress_of_the_check():
    file = Terminal()
    console = Console(file=file, force_terminal=True, width=200)
    with watched(console) as one:
        one.step("loading PyTorch")
        one._progress.refresh()
        assert "loading PyTorch" in file.getvalue()
        assert "/?" not in file.getvalue()
        one.step("checking the study")
        one.check(12, 40)
        one._progress.refresh()
    assert "12/40" in file.getvalue()


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7000, "117 min"), (9000, "2.5 h")]
)
def test_a_duration_is_given_in_a_readable_unit(seconds, said):
    assert duration(seconds) == said


def test_a_stage_is_printed_with_its_name_its_reason_and_its_own_count():
    file = StringIO()
    one = watch(file)
    for name, notes in (
        ("tuning", ()),
        ("further seeds", ["sine: undecided: a and b"]),
        ("", ["sine: undecided: a and b"]),
    ):
        one.stage(name, notes)
        one.plan(2, 1, 0)
        one.start(trial())
        one.record(record())
    lines = file.getvalue().splitlines()
    assert [line.partition(": cosine")[0] for line in lines] == [
        "tuning: 1 of 2 trials are recorded already", "tuning: 1 trial to run", "tuning: 1 of 1",
        "sine: undecided: a and b",
        "further seeds: 1 of 2 trials are recorded already", "further seeds: 1 trial to run", "further seeds: 1 of 1",
        "1 of 2 trials are recorded already", "1 trial to run", "1 of 1",
    ]  # fmt: skip
