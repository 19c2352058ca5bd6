"""The closed loop of a trial: the entry in the record, whatever the learner generates."""

import sys
import time

import numpy as np
import pytest

from benchbench import FreeRun, Size
from benchbench.core import registry
from benchbench.core import study as studies
from benchbench.core.closed_loop import nrmse_at, spectrum_distance
from benchbench.core.record import Environment, Record
from benchbench.run.exchange import Start
from benchbench.run.free_run import generate, judged, maxima, run
from benchbench.run.trial import make_problem, run_trial

STEPS = 120


def free_run(features=1, **facts):
    times = np.arange(20 + STEPS) + 11.0 * np.arange(6)[:, None]
    waves = np.stack([np.sin((0.3 + 0.1 * f) * times) for f in range(features)], axis=2).astype(np.float32)
    return FreeRun(prefix=waves[:, :20], truth=waves[:, 20:], **facts)


class Slides:
    """A learner without ``generate``: it continues a sine by its recurrence."""

    size = Size(trained=0)

    def predict(self, inputs):
        return 2 * np.cos(0.3) * inputs[:, -1:] - inputs[:, -2:-1]


class Own(Slides):
    def __init__(self, make):
        self.generate = make


def score(learner, run=None):
    ticks = iter(range(100))
    return outcome(learner, run or free_run(), lambda: float(next(ticks)))[0]


def kept(learner, run):
    """The arrays for the artifact."""
    return outcome(learner, run, lambda: 0.0)[1]


def outcome(learner, free, clock):
    """The outcome of a learner's continuation of the starts, judged by the truth that the learner has not seen."""
    return judged(free, run(learner, Start(free.prefix, free.steps), 20, clock, lambda: None))


def test_a_learner_without_generate_predicts_from_a_sliding_window_and_the_record_says_so():
    found = score(Slides())
    assert found.sliding
    assert found.valid_steps == [STEPS] * 6
    assert (found.diverged, found.message, found.seconds) == (0.0, "", 1.0)
    assert found.nrmse_84 == pytest.approx(0, abs=1e-4)
    assert found.spectrum_distance == pytest.approx(0, abs=1e-3)


def test_generate_gets_the_prefix_and_the_number_of_steps():
    run = free_run()

    def own(prefix, steps):
        np.testing.assert_array_equal(prefix, run.prefix)
        assert steps == STEPS
        return run.truth + 0.1

    found = score(Own(own), run)
    assert not found.sliding
    assert found.nrmse_84 == pytest.approx(0.1 / run.truth.std(), rel=1e-4)
    assert (found.steps, found.unit, found.unit_steps) == (STEPS, "step", 1.0)


@pytest.mark.parametrize("kind", [int, np.int64, np.float32])
def test_the_steps_of_a_unit_may_be_any_kind_of_number(kind):
    assert score(Slides(), free_run(unit_steps=kind(7))).unit_steps == 7.0


def test_the_value_none_for_generate_counts_as_no_generate():
    assert score(Own(None)) == score(Slides())


def test_the_numbers_are_those_of_the_closed_loop_in_units_of_the_signal():
    run = free_run(unit="Lyapunov time", unit_steps=7.5, restore=lambda values: np.exp(values.astype(float)))
    made = run.truth + 0.2 * np.random.default_rng(0).standard_normal(run.truth.shape).astype(np.float32)
    found = score(Own(lambda prefix, steps: made), run)
    assert found.nrmse_84 == pytest.approx(nrmse_at(np.exp(run.truth.astype(float)), np.exp(made.astype(float))))
    assert found.nrmse_84 != pytest.approx(nrmse_at(run.truth, made), rel=0.01)
    assert found.spectrum_distance == pytest.approx(spectrum_distance(run.truth, made))
    assert (found.unit, found.unit_steps) == ("Lyapunov time", 7.5)


def test_the_first_start_and_feature_are_kept_for_the_artifact_and_at_most_2000_steps():
    run = free_run(features=2)
    found = kept(Own(lambda prefix, steps: run.truth * 2), run)
    np.testing.assert_array_equal(found["free_run.true"], run.truth[0, :, 0])
    np.testing.assert_array_equal(found["free_run.generated"], 2 * run.truth[0, :, 0])
    long = FreeRun(prefix=run.prefix[:, :, :1], truth=np.zeros((6, 3000, 1), np.float32) + run.truth[:, :1, :1])
    assert len(kept(Own(lambda prefix, steps: np.zeros((6, steps, 1))), long)["free_run.true"]) == 2000


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e300])
def test_a_run_with_values_that_are_not_finite_is_recorded_as_diverged(value):
    run = free_run()
    made = run.truth.astype(float)
    made[0, 50:] = made[1, 100:] = value
    found = score(Own(lambda prefix, steps: made), run)
    assert found.diverged == pytest.approx(2 / 6)
    assert found.valid_steps == [50, 100, STEPS, STEPS, STEPS, STEPS]
    assert found.diverged_at == [51, 101, None, None, None, None]
    assert found.nrmse_84 is None
    assert len(kept(Own(lambda prefix, steps: made), run)["free_run.generated"]) == 0
    assert found.spectrum_distance == pytest.approx(0, abs=0.05)
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_where_all_starts_diverge_there_is_no_spectrum():
    run = free_run()
    learner = Own(lambda prefix, steps: run.truth * np.inf)
    found = score(learner, run)
    assert (found.diverged, found.valid_steps, found.spectrum_distance) == (1.0, [0] * 6, None)
    assert kept(learner, run)["free_run.maxima_generated"].shape == (0, 2)


@pytest.mark.parametrize("made", [np.zeros((6, STEPS)), np.zeros((6, STEPS - 1, 1)), np.zeros((1, STEPS, 1)), None])
def test_a_wrong_shape_is_refused_and_not_broadcast(made):
    with pytest.raises(
        ValueError, match=r"generate returned shape .*; it must be \(sequence, steps, feature\) = \(6, 120, 1\)"
    ):
        generate(Own(lambda prefix, steps: made), free_run(), 20)


def test_maxima_are_paired_with_the_next_within_a_run():
    def waves(*peaks):
        return np.array([value for peak in peaks for value in (0, peak, 0)], np.float32)[:, None]

    found = maxima(np.stack([waves(1, 2, 3), waves(4, 5, 6)]))
    assert found.tolist() == [[1, 2], [2, 3], [4, 5], [5, 6]]


def test_at_most_300_pairs_of_maxima_are_kept_and_they_are_spread_over_the_runs():
    times = np.arange(4000)
    runs = np.stack([(k + 1) * np.sin(0.5 * times) for k in range(5)])[:, :, None]
    found = maxima(runs)
    assert 200 < len(found) <= 300
    assert {round(one) for one, _ in found} == {1, 2, 3, 4, 5}


SOURCE = """
from dataclasses import replace
from benchbench import FreeRun

@task("loop", version=1)
def loop(rng, length):
    problem = wave(rng, length)
    whole = np.sin(0.3 * (np.arange(length + 100) + rng.uniform(0, 20, (5, 1)))).astype(np.float32)[:, :, None]
    return replace(problem, free_run=FreeRun(prefix=whole[:, :length], truth=whole[:, length:]))

class Mine(Base):
    def generate(self, prefix, steps):
        {body}

@architecture("mine", version=1)
def mine(setting):
    return Mine(setting)
"""


@pytest.fixture
def record(study):
    """The record of a learner whose ``generate`` has the given body."""

    def run(body="return np.zeros((len(prefix), steps, 1))", task="loop", name="mine", **changes):
        file = study(f"[architectures.{name}]", SOURCE.replace("{body}", body))
        file.write_text(file.read_text().replace("tasks.wave", f"tasks.{task}"))
        read = studies.read(file)
        for module in [name for name in sys.modules if name.startswith("benchbench_plugin_")]:
            del sys.modules[module]  # a file is imported once, and this one has another body now
        known = registry.load(read.plugins)
        [trial] = [one.model_copy(update=changes) for one in read.trials(known)]
        return run_trial(trial, known, Environment()).record, make_problem(trial, known)

    return run


def test_a_trial_with_a_free_run_keeps_open_and_closed_loop_side_by_side(record):
    found, problem = record()
    assert found.status == "ok"
    assert found.scores["test_mse"] > 0
    assert found.free_run.steps == 100
    assert found.free_run.nrmse_84 == pytest.approx(nrmse_at(problem.free_run.truth, 0 * problem.free_run.truth))
    assert Record.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("raise NotImplementedError('no way back')", "no way back"),
        ("raise DivergedError('gone')", "gone"),
        ("return prefix", "generate returned shape (5, 20, 1); it must be (sequence, steps, feature) = (5, 100, 1)"),
        ("return 'nothing'", "could not convert"),
    ],
)
def test_a_free_run_that_fails_says_why_and_leaves_the_open_loop_its_scores(record, body, message):
    found, _ = record(body)
    assert found.status == "ok"
    assert (found.message, len(found.predict_seconds)) == ("", 5)
    assert found.scores["test_mse"] > 0
    assert message in found.free_run.message
    assert (found.free_run.steps, found.free_run.valid_steps, found.free_run.diverged) == (100, [], None)


def test_a_free_run_that_is_declined_is_distinguished_from_one_that_fails(record):
    found, _ = record("raise NotImplementedError('no closed loop')")
    assert (found.status, found.free_run.status) == ("ok", "unsupported")
    assert record("1 / 0")[0].free_run.status == "failed"


def test_a_learner_that_changes_its_prefix_is_still_judged_by_the_truth(record):
    found, _ = record("prefix[:] = 0; return np.zeros((len(prefix), steps, 1))")
    assert found.free_run.valid_steps == record()[0].free_run.valid_steps


def test_a_study_without_the_closed_loop_leaves_it_out_and_keeps_the_scores(record):
    without, _ = record("1 / 0", closed_loop=False)
    assert without.free_run is None
    assert without.scores == record()[0].scores


def test_a_task_without_a_free_run_gives_a_record_without_one(record):
    assert record(task="wave")[0].free_run is None


def test_a_shipped_network_generates_itself_and_a_baseline_uses_a_sliding_window(record):
    network, floor = (record(name=name)[0].free_run for name in ("gru", "persistence"))
    assert (network.sliding, floor.sliding) == (False, True)
    assert len(network.valid_steps) == len(floor.valid_steps) == 5


def test_the_mean_squared_error_is_in_units_of_the_signal_and_best_and_worst_start_are_kept():
    truth = np.zeros((3, 4, 1), np.float32)
    free_run = FreeRun(prefix=np.zeros((3, 5, 1), np.float32), truth=truth, restore=lambda values: 10.0 * values)

    class Off:
        def generate(self, prefix, steps):
            return np.tile(np.float32([0.2, 0.1, 0.3])[:, None, None], (1, steps, 1))

    found, arrays = judged(free_run, run(Off(), free_run, 5, time.perf_counter, lambda: None))
    assert found.mse == pytest.approx(100 * (0.04 + 0.01 + 0.09) / 3)
    assert arrays["free_run.best"][1] == pytest.approx(0.1)
    assert arrays["free_run.worst"][1] == pytest.approx(0.3)
