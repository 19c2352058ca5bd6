"""All predictions of a trial as arrays."""

import numpy as np

from benchbench.core import artifacts, registry
from benchbench.core import study as studies
from benchbench.core.record import Environment
from benchbench.run import prediction_arrays as module
from benchbench.run.trial import make_problem, run_trial


def run(file, tmp_path):
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 1\npredictions = true"))
    read = studies.read(file)
    known = registry.load(read.plugins)
    [trial] = read.trials(known)
    outcome = run_trial(trial, known, Environment(machine="here"))
    artifacts.write(artifacts.path(tmp_path, outcome.record), outcome.artifact)
    return make_problem(trial, known), artifacts.read(tmp_path, outcome.record)[0]


def test_the_predictions_of_all_splits_are_kept_with_the_true_values(study, tmp_path):
    problem, arrays = run(study(), tmp_path)
    for name in ("train", "valid", "test"):
        split = getattr(problem, name)
        np.testing.assert_array_equal(arrays[f"predictions.{name}.true"], split.targets)
        np.testing.assert_array_equal(arrays[f"predictions.{name}.made"], split.inputs[:, -1:] * np.float32(0.5))


def test_only_the_first_predictions_of_a_large_split_are_kept(study, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 7)
    _, arrays = run(study(), tmp_path)
    assert len(arrays["predictions.train.true"]) == len(arrays["predictions.train.made"]) == 7
