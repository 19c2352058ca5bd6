"""The five lines of advice: the competitor, its cost, how sure that is, the baselines, and the next step."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.report.advice import advice

SURE = {"gru": 0.010, "lstm": 0.030, "rnn": 0.060, "esn": 0.020, "linear": 0.2, "persistence": 0.6, "mean": 0.8}


def records(record, scores, seeds=5, spread=0.01, fixed=(), **more):
    """Records of competitors with these scores, which change a little with the seed unless they are fixed."""
    factors = np.exp(spread * np.random.default_rng(0).standard_normal((len(scores), seeds)))
    return [
        record(
            name, seed, task="series", mse=mse * (1 if name in fixed else factors[i, seed]),
            task_options={"path": "a.csv", "horizon": 3}, baseline=name in {"linear", "persistence", "mean"},
            data={"train": 100, "std": [2.0]}, **more,
        )
        for i, (name, mse) in enumerate(scores.items())
        for seed in range(seeds)
    ]  # fmt: skip


def told(stored, made):
    return advice("toy", stored(made), "toy.toml")


def test_a_clear_best_is_recommended_with_its_error_in_units_of_the_signal(record, stored):
    found = told(stored, records(record, SURE))
    assert found.take == "gru with windows of 100: error 0.200 in units of the signal (RMSE), R² 0.989, 3 steps ahead"
    assert found.sure == "better than rnn, lstm, esn, linear, mean and persistence (5 seeds)"
    assert found.baselines.startswith("better than linear (R² 0.77")
    assert found.settled
    assert "9,800 parameters" in found.cost
    assert "benchbench run toy.toml --results" in found.next


def test_a_baseline_that_ties_with_the_best_is_recommended_since_it_is_simpler(record, stored):
    found = told(stored, records(record, {**SURE, "linear": 0.01001}, spread=0.01))
    assert found.take.startswith("linear (a baseline) with windows of 100")
    assert "tie with gru" in found.sure
    assert found.baselines.startswith("linear is one itself, and no network is shown to be better; better than")


def test_an_open_pair_asks_for_more_seeds(record, stored):
    found = told(stored, records(record, {**SURE, "lstm": 0.0105}, seeds=3, spread=0.2))
    assert "open against" in found.sure
    assert not found.settled
    assert "--resolve 0.1 && benchbench report toy" in found.next


def test_one_seed_leaves_every_difference_open(record, stored):
    found = told(stored, [one for one in records(record, SURE) if one.trial.seed == 0])
    assert found.sure.startswith("open against")
    assert found.sure.endswith("(1 seed, which leaves every difference open)")


def test_baselines_that_no_seed_changes_are_compared_without_a_verdict(record, stored):
    flat = ("linear", "persistence", "mean")
    found = told(stored, records(record, {**SURE, "linear": 0.01001}, spread=0.01, fixed=flat))
    ahead = "without an interval (all seeds give the same difference) ahead of mean and persistence"
    assert f"tie with gru; {ahead}" in found.sure
    assert found.settled


def test_the_best_of_several_lengths_is_recommended(record, stored):
    far = {name: 2 * mse for name, mse in SURE.items()}
    made = records(record, far) + records(record, SURE, length=200)
    assert told(stored, made).take.startswith("gru with windows of 200")


def test_where_nothing_finished_the_lines_say_so_and_why(record, stored):
    made = [record("gru", seed, task="series", status="failed", message="out of luck") for seed in range(3)]
    found = told(stored, made)
    assert found.take == "nothing: no competitor finished on most seeds"
    assert "out of luck" in found.next
    assert [line.split(":")[0] for line in found.lines] == ["Take", "Cost", "Sure", "Baselines", "Next"]


def test_a_study_without_records_is_refused(tmp_path):
    with pytest.raises(InputError, match="toy: no records; run `benchbench run STUDY` first"):
        advice("toy", tmp_path, "toy.toml")
