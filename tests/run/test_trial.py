"""From a trial to a record, whatever the competitor does."""

import json
import re

import numpy as np
import pytest

from benchbench import Budget
from benchbench.core import registry
from benchbench.core import study as studies
from benchbench.core.objective import Objective
from benchbench.core.record import Environment, Record
from benchbench.core.spec import Trial
from benchbench.run.segments import segments
from benchbench.run.trial import make_problem, run_trial


def one(file, architecture="good", clock=None, **changes):
    study = studies.read(file)
    known = registry.load(study.plugins)
    [trial] = [t for t in study.trials(known) if t.architecture == architecture]
    trial = trial.model_copy(update=changes)
    arguments = {} if clock is None else {"clock": clock}
    return run_trial(trial, known, Environment(machine="m"), **arguments).record, known, trial


def test_a_good_learner_gives_scores_that_scikit_learn_and_numpy_agree_with(study):
    record, known, trial = one(study())
    test = make_problem(trial, known).test
    predictions = test.inputs[:, -1:] * 0.5
    error = float(np.mean((predictions - test.targets).astype(float) ** 2))
    assert record.status == "ok"
    assert record.scores["test_mse"] == pytest.approx(error, rel=1e-6)
    assert record.scores["test_rmse"] == pytest.approx(error**0.5, rel=1e-6)
    assert record.scores["test_nrmse"] == pytest.approx((error / test.targets.var()) ** 0.5, rel=1e-4)
    assert record.scores["test_r2"] == pytest.approx(1 - error / test.targets.var(), rel=1e-4)


def test_a_record_survives_json_whole(study):
    record, _, _ = one(study())
    assert Record.model_validate_json(record.model_dump_json()) == record
    assert json.loads(record.model_dump_json())["schema"] == 3


def test_fit_and_prediction_are_timed_by_the_clock_that_is_given(study):
    ticks = iter(range(10_000))
    record, _, _ = one(study(), clock=lambda: float(next(ticks)))
    assert record.predict_seconds == [1.0] * 5
    assert record.spent.updates == 3
    # start, four requests, and stop: the readings
    assert (record.spent.first_update_seconds, record.spent.fit_seconds) == (1.0, 5.0)


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("raise ValueError('boom')", "failed", r"ValueError: boom \(plugin.py:\d+ in fit\)"),
        ("sys.exit(3)", "failed", "SystemExit: 3"),
        ("raise NotImplementedError('one step only')", "unsupported", "one step only"),
        ("raise MemoryError('no')", "out_of_memory", "no"),
        ("raise DivergedError('nan')", "diverged", "nan"),
        ("__import__('torch').empty(10**17)", "out_of_memory", "allocate memory"),
        ("[meter.spend() for _ in range(9)]", "over_budget", "the fit made 5 updates after the budget was used up"),
    ],
)
def test_a_failure_in_a_fit_gives_a_status_and_a_helpful_message(study, source, status, message):
    code = f"""
    class Bad(Base):
        def fit(self, train, valid, meter):
            {source}
    @architecture("bad", version=1)
    def bad(setting):
        return Bad(setting)
    """
    record, _, _ = one(study("[architectures.bad]", code), "bad")
    assert record.status == status
    assert re.search(message, record.message), record.message
    assert record.spent.fit_seconds is not None


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("inputs[:, -1]", "failed", "predict returned shape"),
        ("inputs[:, -1:] * np.nan", "diverged", "predictions are not finite"),
        ("1 / 0", "failed", "ZeroDivisionError"),
        ("inputs[:, -1:].astype(float) * 1e60", "diverged", "predictions are not finite"),
    ],
)
def test_a_failure_in_a_prediction_gives_a_status_and_keeps_the_costs(study, source, status, message):
    code = f"""
    class Bad(Base):
        def predict(self, inputs):
            return {source}
    @architecture("bad", version=1)
    def bad(setting):
        return Bad(setting)
    """
    record, _, _ = one(study("[architectures.bad]", code), "bad")
    assert record.status == status
    assert message in record.message
    assert record.spent.updates == 3
    assert record.scores == {}


def test_a_trial_over_its_budget_keeps_its_scores(study):
    code = """
    class Bad(Base):
        def fit(self, train, valid, meter):
            [meter.spend() for _ in range(9)]
    @architecture("bad", version=1)
    def bad(setting):
        return Bad(setting)
    """
    record, _, _ = one(study("[architectures.bad]", code), "bad")
    assert record.status == "over_budget"
    assert record.scores["test_mse"] > 0


def test_every_competitor_of_one_seed_sees_the_same_arrays_and_other_seeds_others(study):
    fingerprints = {
        (name, seed): one(study("[architectures.good]\n[architectures.mean]"), name, seed=seed)[0].data["fingerprint"]
        for name in ("good", "mean")
        for seed in (0, 1)
    }
    assert fingerprints["good", 0] == fingerprints["mean", 0]
    assert fingerprints["good", 0] != fingerprints["good", 1]


def test_the_test_part_never_reaches_fit(study):
    code = """
    class Spy(Base):
        def fit(self, train, valid, meter):
            seen = [float(np.abs(a).max()) for s in (train, valid) for a in (s.inputs, s.targets)]
            if max(seen) > 100:
                raise ValueError("leak")
    @architecture("spy", version=1)
    def spy(setting):
        return Spy(setting)

    @task("sentinel", version=1)
    def sentinel(rng, length):
        series = rng.standard_normal(400)
        series[-40:] = 1e6
        return forecast_series(series, length=length, horizon=1)
    """
    file = study("[architectures.spy]", code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.sentinel"))
    record, _, _ = one(file, "spy")
    assert record.status == "ok"
    assert abs(record.data["mean"][0]) < 1


def test_a_parameter_limit_is_met_and_recorded(study):
    budget = Budget(name="few", parameters=500, updates=3, batch=16)
    record, _, _ = one(study("[architectures.gru]"), "gru", budget=budget)
    assert record.spent.width == 11
    assert record.spent.trained_parameters == 3 * (11 + 11**2 + 22) + 12


def test_memory_that_the_fit_adds_is_read_within_three_percent(study):
    code = """
    class Big(Base):
        def fit(self, train, valid, meter):
            self.block = np.ones(300 * 2**20, dtype=np.uint8)
    @architecture("big", version=1)
    def big(setting):
        return Big(setting)
    """
    record, _, _ = one(study("[architectures.big]", code), "big")
    if record.spent.peak_bytes is None:
        pytest.skip("no resettable memory peak on this platform")
    assert record.spent.peak_bytes == pytest.approx(300 * 2**20, rel=0.03)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("self.model = __import__('sklearn.svm').svm.LinearSVR(random_state=self.setting.seed)", "ok"),
        ("np.random.RandomState(self.setting.seed)", "ok"),
        ("self.size = Size(trained=np.prod((2, 3)), fixed=np.int64(4))", "ok"),
    ],
)
def test_other_libraries_can_compute_with_the_arrays(study, source, status):
    code = f"""
    class Theirs(Base):
        def __init__(self, setting):
            super().__init__(setting)
            {source}
        def fit(self, train, valid, meter):
            if hasattr(self, "model"):
                self.model.fit(train.inputs[:, :, 0], train.targets[:, 0, 0])
    @architecture("theirs", version=1)
    def theirs(setting):
        return Theirs(setting)
    """
    record, _, _ = one(study("[architectures.theirs]", code), "theirs")
    assert (record.status, record.message) == (status, "")


def test_facts_of_a_task_may_be_numpy_values(study):
    code = """
    @task("facts", version=1)
    def facts(rng, length):
        problem = forecast_series(rng.standard_normal(400), length=length, horizon=1)
        from dataclasses import replace
        return replace(problem, provenance={"mean": np.float32(2), "at": np.arange(2), "where": range(3), "test": 0})
    """
    file = study(source=code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.facts"))
    record, _, _ = one(file)
    assert (record.data["mean"], record.data["at"], record.data["where"]) == (2.0, [0, 1], "range(0, 3)")
    assert record.data["test"] > 1
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_a_torch_module_without_forward_has_failed_and_not_declined(study):
    code = """
    from torch import nn
    from benchbench.learn import Gradient
    class Typo(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Linear(1, 1)
        def foward(self, inputs):
            return inputs, None
    @architecture("typo", version=1)
    def typo(setting):
        return Gradient(setting, lambda inputs, width: Typo())
    """
    record, _, _ = one(study("[architectures.typo]", code), "typo")
    assert record.status == "failed"
    assert "forward" in record.message


def test_a_budget_that_ends_before_the_first_sequences_is_a_clear_failure(study):
    ticks = iter(range(0, 10**6, 10))
    budget = Budget(name="few", width=4, seconds=1.0, batch=16)
    record, _, _ = one(study("[architectures.esn]"), "esn", clock=lambda: float(next(ticks)), budget=budget)
    assert record.status == "failed"
    assert "the budget ended before" in record.message


def test_segments_are_the_first_the_best_and_the_worst():
    targets = np.zeros((180, 1, 1), np.float32)
    predictions = np.zeros_like(targets)
    predictions[:60], predictions[60:120], predictions[120:] = 0.5, 0.1, 2.0
    found = segments(targets, predictions, Objective.regression())
    assert found["first"].predicted == [0.5] * 60 + [0.1] * 60
    assert (found["best"].score, found["worst"].score) == (pytest.approx(0.01), pytest.approx(4.0))


def test_groups_are_scored_separately(study):
    trial = Trial(study="s", task="cosine", architecture="mean", length=30, seed=0,
                  budget=Budget(name="b", updates=1),
                  task_options={"ranges": {"low": [0.1, 0.2], "high": [1.0, 2.0]}})  # fmt: skip
    record = run_trial(trial, registry.load(), Environment()).record
    assert record.groups["low"]["mse"] < 0.05 * record.groups["high"]["mse"]
