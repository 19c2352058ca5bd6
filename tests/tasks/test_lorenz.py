"""The task made of the Lorenz system: three components, and a free run on the same orbit."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.core.windows import STARTS, forecast_series
from benchbench.signals.lorenz import LYAPUNOV, states
from benchbench.tasks.lorenz import lorenz

pytestmark = pytest.mark.usefixtures("orbits")
LENGTH, SAMPLES, STEPS, SPACING = 40, 1500, 552, 55  # ten Lyapunov times and one, at 0.02


@pytest.fixture(scope="module")
def problem():
    return lorenz(np.random.default_rng(0), LENGTH, samples=SAMPLES)


@pytest.fixture(scope="module")
def orbit():
    return states(np.random.default_rng(0), SAMPLES + 2 * LENGTH + STEPS + (STARTS - 1) * SPACING)


@pytest.mark.long
def test_the_next_state_is_to_be_predicted_from_all_three_components(problem, orbit):
    mean, std = (np.array(problem.provenance[name]) for name in ("mean", "std"))
    start, stop = problem.provenance["ranges"]["test"]
    assert problem.test.inputs.shape == (stop - start - LENGTH, LENGTH, 3)
    np.testing.assert_allclose(
        problem.test.targets[:, 0] * std + mean, orbit[start + LENGTH : stop], rtol=1e-5, atol=1e-5
    )


def test_the_free_run_is_the_same_orbit_scaled_from_a_window_after_the_test_on(problem, orbit):
    run = problem.free_run
    scaled = (orbit - problem.provenance["mean"]) / problem.provenance["std"]
    begins = [SAMPLES + LENGTH + SPACING * start for start in range(STARTS)]
    whole = np.concatenate([run.prefix, run.truth], axis=1)
    np.testing.assert_allclose(whole, [scaled[begin : begin + LENGTH + STEPS] for begin in begins], atol=1e-5)
    assert min(begins) >= problem.provenance["ranges"]["test"][1] + LENGTH
    np.testing.assert_allclose(run.restore(run.truth)[0], orbit[begins[0] + LENGTH :][:STEPS], atol=1e-4)


def test_option_sets_are_chosen_on_another_orbit_in_the_same_unit_of_time(problem):
    run, rng = problem.valid_run, np.random.default_rng(0)
    rng.uniform(size=3)  # the start of the first orbit
    orbit = states(rng, LENGTH + STEPS + SPACING * (STARTS - 1))
    scaled = (orbit - problem.provenance["mean"]) / problem.provenance["std"]
    whole = np.concatenate([run.prefix, run.truth], axis=1)
    begins = [SPACING * start for start in range(STARTS)]
    np.testing.assert_allclose(whole, [scaled[begin : begin + LENGTH + STEPS] for begin in begins], atol=1e-5)
    assert (run.unit, run.unit_steps, run.steps) == ("Lyapunov time", problem.free_run.unit_steps, STEPS)


def test_ten_lyapunov_times_are_generated_in_their_unit(problem):
    assert problem.free_run.unit == "Lyapunov time"
    assert problem.free_run.unit_steps == pytest.approx(1 / (LYAPUNOV * 0.02))
    assert problem.free_run.steps == STEPS == round(10 * problem.free_run.unit_steps)


def test_the_free_run_does_not_change_train_valid_and_test(problem):
    alone = forecast_series(states(np.random.default_rng(0), SAMPLES), length=LENGTH, horizon=1)
    for name in ("train", "valid", "test"):
        one, two = getattr(problem, name), getattr(alone, name)
        assert (one.inputs.tobytes(), one.targets.tobytes()) == (two.inputs.tobytes(), two.targets.tobytes())


def test_there_is_no_free_run_beyond_horizon_one():
    problem = lorenz(np.random.default_rng(0), 10, samples=500, horizon=3)
    assert (problem.free_run, problem.valid_run) == (None, None)
    np.testing.assert_array_equal(problem.train.targets[0, 0], problem.train.inputs[3, -1])


def test_with_a_warm_up_every_later_step_is_scored():
    problem = lorenz(np.random.default_rng(0), 10, samples=500, horizon=2, warm_up=4)
    assert problem.train.scored == 6
    np.testing.assert_array_equal(problem.train.targets[0, :-2], problem.train.inputs[0, 6:])


@pytest.mark.long
def test_an_interval_of_several_lyapunov_times_still_gives_a_free_run():
    run = lorenz(np.random.default_rng(0), 2, samples=100, interval=3.0).free_run
    assert (run.steps, len(run.prefix)) == (4, STARTS)


@pytest.mark.parametrize("length", [40, 10**7])
def test_a_series_too_short_for_its_windows_is_refused_before_it_is_made(length):
    with pytest.raises(InputError, match=f"a series of 50 samples is too short for windows of {length}"):
        lorenz(np.random.default_rng(0), length, samples=50)
