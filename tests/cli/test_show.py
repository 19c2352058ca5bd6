"""The output of show for a trial: settings, scores with their units, figures in a file, and JSON."""

import json

import numpy as np
import pytest
from PIL import Image

from benchbench.core import artifacts
from benchbench.core.objective import Objective
from benchbench.core.record import Environment, Observed, Record, Segment, Spent, Status
from benchbench.core.spec import Budget, Trial
from benchbench.core.store import Store, file


def record(**more):
    trial = Trial(
        study="mine", task="series", architecture="gru", length=20, seed=1, versions={"task": 2, "architecture": 1},
        budget=Budget(name="few", width=4, updates=30), architecture_options={"learning_rate": 0.01},
    )  # fmt: skip
    known = {
        "scores": {"valid_mse": 0.25, "test_mse": 0.5, "test_rmse": 0.7071, "test_nrmse": 0.75, "valid_loss": 0.25},
        "curve": [(10, 0.1, 0.9, 1.0), (20, 0.2, 0.5, None)],
        "spent": Spent(width=4, updates=30, fit_seconds=1.25, peak_bytes=3 * 2**20),
        "watched": Observed(seconds={"fit": 1.5}, cpu_seconds={"fit": 1.4}, alone=2),
        "data": {"mean": [1.0], "std": [4.0], "unit": "mV", "train": 10, "valid": 5, "test": 5},
        "samples": {"first": Segment(true=[1.0, 2.0], predicted=[1.1, 1.9], score=0.01)},
        "environment": Environment(machine="here", threads=1),
    }
    known |= {"status": Status.OK, "started": "2026-01-01T00:00:00+00:00"}
    return Record(trial=trial, **(known | more))


@pytest.fixture
def shown(cli, tmp_path):
    """Stores a record, with the arrays of its artifact, and calls ``show`` with its key."""

    def call(*arguments, arrays=None, **more):
        one = record(**more)
        if arrays:
            content, named = artifacts.pack(arrays)
            one = one.model_copy(update={"artifact": named})
            artifacts.write(artifacts.path(tmp_path / "results", one), content)
        Store(file(tmp_path / "results", "mine", "here")).append(one)
        return cli("show", one.trial.key[:8], *arguments)

    return call


def rows(text):
    """The words of each line, by its first word."""
    return {line.split("  ")[0].strip(): line for line in text.splitlines() if line.strip()}


def test_a_trial_is_shown_with_its_settings_scores_units_and_the_command_that_repeats_it(shown):
    done = shown()
    assert (done.returncode, done.stderr) == (0, "")
    found = rows(done.stdout)
    assert found["option learning_rate"].split()[-1] == "0.01"
    assert "few: width 4, updates 30, batch 64" in found["budget"]
    assert "0.250" in found["MSE"]
    assert "0.500" in found["MSE"]
    assert "(standard deviations of" in found["MSE"]
    assert "In units of the signal the test RMSE is 2.83 mV." in done.stdout
    assert found["memory that the fit added"].split()[-2:] == ["3", "MiB"]
    assert found["fit"].split() == ["fit", "1.50", "1.40"]
    assert found["20"].split() == ["20", "0.200", "0.500", "–"]
    assert done.stdout.splitlines()[-1] == f"benchbench repeat {record().trial.key}"


def test_the_page_of_a_trial_without_an_artifact_says_which_predictions_it_shows(shown):
    assert "No artifact holds all predictions" in shown().stdout


def test_output_into_a_pipe_has_no_colours(shown):
    assert "\x1b" not in shown().stdout


@pytest.mark.parametrize("kept", [False, True])
def test_a_figure_goes_into_the_file_that_is_named(kept, shown, tmp_path):
    arrays = {f"predictions.test.{kind}": np.zeros((5, 1, 1), np.float32) for kind in ("true", "made")}
    done = shown("--figure", "trial.png", arrays=arrays if kept else None)
    assert ("holds all predictions of the test split. The figure is in trial.png." in done.stdout) == kept
    assert Image.open(tmp_path / "trial.png").size == (1600, 1000)


def test_the_output_names_a_missing_artifact(shown, tmp_path):
    arrays = {f"predictions.test.{kind}": np.zeros((5, 1, 1), np.float32) for kind in ("true", "made")}
    shown(arrays=arrays)
    for one in (tmp_path / "results" / "artifacts").rglob("*.npz"):
        one.unlink()
    done = shown()
    assert "No artifact holds all predictions" in done.stdout


def test_json_has_the_promised_names_and_the_record_as_it_is_stored(shown):
    found = json.loads(shown("--json").stdout)
    assert list(found) == [
        "key", "label", "machine", "file", "line", "seal", "record", "marks", "artifact", "learner", "figure",
        "command",
    ]  # fmt: skip
    assert Record.model_validate_json(json.dumps(found["record"])) == record()
    assert (found["seal"], found["line"], found["machine"]) == ("whole", 1, "here")


def test_classes_are_shown_with_their_metrics(shown):
    facts = Objective.classification().facts
    done = shown("--figure", "trial.svg", objective=facts, scores={"test_accuracy": 0.5, "test_log_loss": 0.7})
    assert "share, 0 to 1, higher is better" in done.stdout
    assert "nats, lower is better" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("0000",), "no trial has a key that begins with it. The nearest: "),
        (("KEY", "--figure", "trial.gif"), "unknown kind of figure '.gif'"),
        (("KEY", "--figure", "nowhere/trial.png"), "there is no folder nowhere"),
        (("KEY", "--study", "yours"), "yours: no records (there are records of"),
    ],
)
def test_wrong_input_gives_one_message_and_exit_code_2(arguments, said, shown, cli, tmp_path):
    shown()
    done = cli("show", *(record().trial.key if one == "KEY" else one for one in arguments))
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not list(tmp_path.rglob("trial.*"))


def test_a_control_character_in_a_message_is_shown_as_its_code(shown):
    done = shown(status=Status.FAILED, message="\x1b[31mred")
    assert "\\x1b[31mred" in done.stdout


def test_the_trials_of_a_study_are_listed_with_their_keys(shown, cli):
    shown()
    done = cli("list", "trials")
    assert f"  {record().trial.key} mine: {record().trial.label}: ok, test mse 0.5\n" in done.stdout
    [row] = json.loads(cli("list", "trials", "--study", "mine", "--json").stdout)["trials"]
    assert (row["key"], row["test_score"], row["budget"]) == (record().trial.key, 0.5, "few")
