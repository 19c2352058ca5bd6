"""Runs of a tuned study: its stages, its records, an interruption in the middle, and refusals beforehand."""

import pytest

from benchbench import load, run_study
from benchbench.core.errors import InputError
from benchbench.core.tuning import FIRST_SEED, standings

pytestmark = pytest.mark.long

STUDY = """
name = "tuned"
lengths = [10]
seeds = 1
[[budgets]]
name = "ladder"
width = 3
updates = [2, 6]
batch = 16
[tuning]
tries = 2
seeds = 1
budget = "ladder-2"
best = 1
[tasks.noisy_sine]
samples = 150
[architectures.rnn]
[architectures.esn]
[architectures.mean]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tuned.toml"
    path.write_text(STUDY)
    return path


def outcomes(records):
    return [(one.trial, one.scores, one.status) for one in records]


@pytest.mark.long
def test_a_tuned_study_runs_in_stages_and_goes_on_from_the_middle_of_any(file, tmp_path):
    stages, plans = [], []
    whole = run_study(
        file, tmp_path / "whole", jobs=1,
        on_stage=lambda name, _: stages.append(name), on_plan=lambda *plan: plans.append(plan),
    )  # fmt: skip
    assert stages == ["tuning", "tuning at the longest rung", "", ""]
    assert plans == [(4, 0, 0), (2, 0, 0), (6, 0, 0)]
    assert [one.trial.tuning for one in whole] == [True] * 6 + [False] * 6
    assert {one.trial.seed for one in whole if one.trial.tuning} == {FIRST_SEED}
    for one in whole[6:]:
        of = one.trial.budget.name, one.trial.architecture
        tried = [r for r in whole[:6] if (r.trial.budget.name, r.trial.architecture) == of]
        assert one.trial.architecture_options == (standings(tried)[0].options if tried else {})

    made = []

    def interrupted(record):
        made.append(record)
        if len(made) in {3, 5}:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_study(file, tmp_path / "parts", jobs=1, on_record=interrupted)
    parts = run_study(file, tmp_path / "parts", jobs=1, on_record=made.append)
    assert len({one.trial.key for one in made}) == len(made) == 12
    assert outcomes(parts) == outcomes(whole)
    frame = load("tuned", tmp_path / "parts")
    assert frame["tuning"].sum() == 6


def test_seeds_are_added_and_recorded_as_such_and_a_second_run_adds_none(file, tmp_path):
    text = STUDY.partition("[tuning]")[0].replace("updates = [2, 6]", "updates = 2")
    file.write_text(text + "[tasks.noisy_sine]\nsamples = 150\n[architectures.persistence]\n[architectures.esn]\n")
    notes, made = [], []
    options = {"resolve": 0.01, "max_seeds": 5, "jobs": 1, "on_stage": lambda _, said: notes.extend(said)}
    records = run_study(file, tmp_path / "r", **options, on_record=made.append)
    assert len(records) == len(made) == 2 * 5
    assert sorted((one.trial.seed, one.added) for one in made) == [(s, s > 0) for s in range(5) for _ in range(2)]
    assert {(one.added, one.resolved) for one in made} == {(False, None), (True, 0.01)}
    frame = load("tuned", tmp_path / "r")
    assert set(frame.loc[frame["added"], "resolved"]) == {0.01}
    assert "the first look is at 5 seeds; seeds 1 to 4 are added" in notes[0]
    run_study(file, tmp_path / "r", **options, on_record=made.append)
    assert len(made) == 10
    assert "5 seeds" in notes[-1]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (("tries = 2", "tries = 0"), {}, "tuning.tries"),
        (("updates = [2, 6]", "updates = [6, 2]"), {}, "must rise"),
        (
            ("[architectures.mean]", "[tuning.spaces.rnn]\ndropout = [0.1, 0.2]"),
            {},
            r"architectures.rnn\] dropout: acts",
        ),
        (
            ("[architectures.rnn]\n[architectures.esn]\n", ""),
            {"resolve": 0.1},
            "one competitor and therefore no pair to decide",
        ),
        (
            ("[architectures.rnn]\n[architectures.esn]", "[architectures.persistence]"),
            {"resolve": 0.1},
            "only baselines and therefore no pair",
        ),
        (("", ""), {"resolve": 0.0}, "resolve must be .* such as --resolve 0.1 for 10 %, not 0"),
        (("", ""), {"resolve": 1.0}, "between 0 and 1, .* not 1"),
        (("", ""), {"resolve": float("nan")}, "between 0 and 1, .* not nan"),
        (("", ""), {"resolve": 0.1, "max_seeds": 4}, "max_seeds must be 5 or more"),
        (("", ""), {"max_seeds": 9}, "max_seeds is given without resolve"),
    ],
)
def test_a_study_that_cannot_be_tuned_or_resolved_is_refused_before_anything_runs(
    file, tmp_path, change, options, message
):
    file.write_text(STUDY.replace(*change))
    with pytest.raises(InputError, match=message):
        run_study(file, tmp_path / "r", **options)
    assert not (tmp_path / "r").exists()


def test_the_command_refuses_with_one_message_and_exit_code_2(file, tmp_path, cli):
    done = cli("run", file.name, "--max-seeds", "9")
    assert done.returncode == 2
    assert done.stderr.strip().endswith("max_seeds is given without resolve, which adds the seeds: give --resolve too")
    assert not (tmp_path / "results").exists()
