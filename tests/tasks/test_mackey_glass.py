"""The task made of the Mackey-Glass series: squashing, refusals, and a free run on the same orbit."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.core.windows import STARTS, forecast_series
from benchbench.signals.mackey_glass import LYAPUNOV, series
from benchbench.tasks.mackey_glass import mackey_glass


def make(length=50, **options):
    return mackey_glass(np.random.default_rng(0), length, **options)


def bytes_of(problem):
    return [a.tobytes() for s in (problem.train, problem.valid, problem.test) for a in (s.inputs, s.targets)]


def test_squash_is_tanh_of_x_minus_one():
    raw, squashed = (make(squash=squash) for squash in (False, True))
    undone = [p.test.targets * p.provenance["std"] + p.provenance["mean"] for p in (raw, squashed)]
    np.testing.assert_allclose(np.tanh(undone[0] - 1), undone[1], atol=1e-6)


@pytest.mark.parametrize("tau", [-3.0, 0.0, 0.3, 1001.0, float("nan")])
def test_a_tau_that_makes_no_sense_is_refused(tau):
    with pytest.raises(InputError, match=rf"tau = {tau}: it must be a delay from 1 to 1000 time units"):
        make(100, tau=tau)


def test_parameters_without_oscillation_are_refused():
    with pytest.raises(InputError, match=r"tau 2\.0, beta 0\.2.* give no oscillation"):
        make(100, tau=2.0)
    with pytest.raises(InputError, match=r"gamma 900\.0"):
        make(100, gamma=900.0)


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("tau", LYAPUNOV)
def test_the_free_run_is_the_same_orbit_scaled_from_a_window_after_the_test_on(tau, squash):
    problem, length, steps = make(samples=2000, tau=tau, squash=squash), 50, round(10 / LYAPUNOV[tau])
    run = problem.free_run
    orbit = series(np.random.default_rng(0), 2000 + 50 + 50 + steps + 49 * 200, tau=tau)
    signal = np.tanh(orbit - 1) if squash else orbit
    scaled = (signal - problem.provenance["mean"][0]) / problem.provenance["std"][0]
    whole = np.concatenate([run.prefix, run.truth], axis=1)[:, :, 0]
    begins = [2000 + length + 200 * start for start in range(STARTS)]
    np.testing.assert_allclose(whole, [scaled[begin : begin + length + steps] for begin in begins], atol=1e-6)
    assert min(begins) >= problem.provenance["ranges"]["test"][1] + length
    np.testing.assert_allclose(run.restore(run.truth)[0, :, 0], orbit[2050 + 50 : 2050 + 50 + steps], atol=1e-6)


@pytest.mark.parametrize("squash", [False, True])
def test_option_sets_are_chosen_on_another_orbit_in_the_same_unit_of_time(squash):
    problem, rng = make(samples=2000, squash=squash), np.random.default_rng(0)
    run, steps = problem.valid_run, problem.free_run.steps
    rng.uniform()  # the history of the first orbit
    orbit = series(rng, 50 + steps + 49 * 200)
    whole = np.concatenate([run.restore(run.prefix), run.restore(run.truth)], axis=1)[:, :, 0]
    np.testing.assert_allclose(whole, [orbit[200 * k : 200 * k + 50 + steps] for k in range(STARTS)], atol=1e-5)
    assert (run.unit, run.unit_steps, run.steps) == ("Lyapunov time", problem.free_run.unit_steps, steps)


def test_ten_lyapunov_times_are_generated_in_their_unit():
    for tau, exponent in LYAPUNOV.items():
        run = make(samples=2000, tau=tau).free_run
        assert run.unit == "Lyapunov time"
        assert run.unit_steps == pytest.approx(1 / exponent)
        assert run.steps / run.unit_steps == pytest.approx(10, rel=1e-3)


@pytest.mark.parametrize("options", [{"tau": 23.0}, {"beta": 0.25}])
def test_where_no_lyapunov_exponent_is_known_a_thousand_steps_are_generated(options):
    run = make(samples=2000, **options).free_run
    assert (run.unit, run.unit_steps, run.steps) == ("step", 1.0, 1000)


def test_a_squashed_value_beyond_the_range_of_tanh_is_restored_to_nothing_finite():
    restored = make(samples=2000, squash=True).free_run.restore(np.array([[[1e6]], [[-1e6]], [[np.inf]]], np.float32))
    assert not np.isfinite(restored).any()


@pytest.mark.parametrize("warm_up", [None, 20])
def test_the_free_run_does_not_change_train_valid_and_test(warm_up):
    alone = forecast_series(series(np.random.default_rng(0), 2000), length=50, horizon=1, warm_up=warm_up)
    assert bytes_of(make(samples=2000, warm_up=warm_up)) == bytes_of(alone)


def test_there_is_no_free_run_beyond_horizon_one():
    assert make(samples=2000, horizon=2).free_run is None
    assert make(samples=2000, horizon=2).valid_run is None


def test_a_series_too_short_for_its_windows_is_refused_before_it_is_made():
    with pytest.raises(InputError, match="a series of 5000 samples is too short for windows of 10000000"):
        make(10**7)
