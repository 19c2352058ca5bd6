"""The Mackey-Glass series: other integrators, golden numbers, Lyapunov exponents, how long two runs stay together."""

import time

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import make_interp_spline
from scipy.signal import lfilter

from benchbench.core.errors import InputError
from benchbench.signals.mackey_glass import LYAPUNOV, series


@pytest.fixture(scope="module")
def long():
    return series(np.random.default_rng(0), 60_000)


def start(seed=0):
    return 1.2 + np.random.default_rng(seed).uniform(-0.1, 0.1)


def forcing(delayed):
    return 0.2 * delayed / (1 + delayed**10)


def step_by_step(tau, samples, h=0.1, gamma=0.1):
    """Runge-Kutta 4 with a cubic Hermite delay, one step after the other."""
    x, slope = [start()], []

    def delayed(step):
        at = step - tau / h
        if at <= 0:
            return x[0]
        j = int(np.floor(at + 1e-9))
        s = at - j
        if abs(s) < 1e-9:
            return x[j]
        left = (1 + 2 * s) * (1 - s) ** 2 * x[j] + s * (1 - s) ** 2 * h * slope[j]
        return left + s**2 * (3 - 2 * s) * x[j + 1] + s**2 * (s - 1) * h * slope[j + 1]

    for k in range(10 * samples):
        f0, fm, f1 = (forcing(delayed(k + part)) for part in (0, 0.5, 1))
        k1 = f0 - gamma * x[k]
        slope.append(k1)
        k2 = fm - gamma * (x[k] + h / 2 * k1)
        k3 = fm - gamma * (x[k] + h / 2 * k2)
        x.append(x[k] + h / 6 * (k1 + 2 * k2 + 2 * k3 + f1 - gamma * (x[k] + h * k3)))
    return np.array(x[: 10 * samples : 10])


@pytest.mark.parametrize("tau", [17.0, 17.03, 1.05, 30.5])
def test_the_blocks_equal_runge_kutta_step_by_step(tau):
    blocks = series(np.random.default_rng(0), 200, tau=tau, discard=0)
    np.testing.assert_allclose(blocks, step_by_step(tau, 200), rtol=0, atol=1e-12)


def test_the_error_falls_with_the_fourth_power_of_the_step():
    def run(step):
        return series(np.random.default_rng(0), 120, step=step, discard=0)

    exact = run(1 / 320)
    coarse, middle, fine = (np.abs(run(step) - exact).max() for step in (0.5, 0.25, 0.125))
    assert np.log2(coarse / middle) == pytest.approx(4, abs=0.1)
    assert np.log2(middle / fine) == pytest.approx(4, abs=0.1)


def test_it_agrees_with_an_adaptive_integrator_by_the_method_of_steps():
    past = [lambda _: start()]
    values = [start()]
    for part in range(3):
        span = (17 * part, 17 * (part + 1))
        rule = lambda t, x, delayed=past[-1]: forcing(delayed(t - 17)) - 0.1 * x  # noqa: E731
        solved = solve_ivp(rule, span, values[-1:], dense_output=True, rtol=1e-10, atol=1e-12)
        past.append(lambda t, dense=solved.sol: dense(t)[0])
        values += solved.sol(np.arange(span[0] + 1, span[1] + 1))[0].tolist()
    np.testing.assert_allclose(series(np.random.default_rng(0), 52, discard=0), values, rtol=0, atol=1e-7)


def test_mean_spread_and_range_are_the_golden_ones(long):
    assert long.mean() == pytest.approx(0.9299, abs=0.002)
    assert long.std() == pytest.approx(0.2260, abs=0.001)
    assert (long.min(), long.max()) == pytest.approx((0.417, 1.320), abs=0.001)


def test_the_dominant_period_is_the_golden_one():
    values = series(np.random.default_rng(0), 10_000)
    spectrum = np.abs(np.fft.rfft(values - values.mean()))
    assert len(values) / spectrum.argmax() == pytest.approx(49.75, abs=0.3)  # neighbouring bins are 0.25 apart


def test_the_squashed_series_has_the_golden_autocorrelation(long):
    squashed = np.tanh(long - 1)
    assert np.corrcoef(squashed[1:], squashed[:-1])[0, 1] == pytest.approx(0.9895, abs=0.0003)


@pytest.mark.parametrize(("horizon", "nrmse"), [(1, 0.146), (15, 1.624)])
def test_persistence_has_the_golden_error(long, horizon, nrmse):
    error = long[horizon:] - long[:-horizon]
    assert np.sqrt(np.mean(error**2)) / long.std() == pytest.approx(nrmse, rel=0.01)


def test_ten_thousand_samples_take_less_than_a_second():
    started = time.perf_counter()
    series(np.random.default_rng(0), 10_000)
    assert time.perf_counter() - started < 1


def test_tau_16_is_periodic_and_tau_17_is_not():
    def twentieth_return(tau):  # a chaotic orbit comes back once by chance, but not again and again
        x = series(np.random.default_rng(0), 6000, tau=tau, discard=4000)
        pieces = np.lib.stride_tricks.sliding_window_view(x, 300)
        return np.sort(np.abs(pieces[200:] - pieces[0]).max(axis=1))[19]

    assert twentieth_return(16.0) < 0.05
    assert twentieth_return(17.0) > 0.1


def test_a_step_that_does_not_divide_a_time_unit_is_refused():
    with pytest.raises(InputError, match=r"step = 0\.3: it must divide one time unit, as 0\.1 does"):
        series(np.random.default_rng(0), 100, step=0.3)


def exponent(tau, samples, pieces, h=0.125, settle=500):
    """The largest Lyapunov exponent: mean rate of growth of tangent vectors along ``pieces`` of one long orbit.

    The variational equation v' = f'(x(t - tau)) v(t - tau) - gamma v, its delayed term put into the integrating factor
    by the four-point rule of Adams and Moulton; the vector is normalised after each block of nearly tau.
    """
    orbit = make_interp_spline(np.arange(samples + 200), series(np.random.default_rng(0), samples + 200, tau=tau), k=5)
    delay, decay, nodes = round(tau / h), np.exp(-0.1 * h), round(samples / pieces / h)
    starts = 40 + samples // pieces * np.arange(pieces)[:, None]
    tangent = np.ones((pieces, delay + 2))  # from delay + 1 nodes ago until now
    grown, node, settled = np.zeros(pieces), 0, None
    while node < nodes:
        x = orbit(starts + h * np.arange(node - 1 - delay, node + 1))
        delayed = 0.2 * (1 - 9 * x**10) / (1 + x**10) ** 2 * tangent
        before, at, after, beyond = (delayed[:, i : i + delay - 1] for i in range(4))
        drive = h / 24 * (-(decay**2) * before + 13 * decay * at + 13 * after - beyond / decay)
        ahead = lfilter([1.0], [1.0, -decay], drive, zi=decay * tangent[:, -1:])[0]
        tangent = np.concatenate([tangent, ahead], axis=1)[:, -delay - 2 :]
        size = np.sqrt(np.mean(tangent**2, axis=1, keepdims=True))
        tangent, grown, node = tangent / size, grown + np.log(size[:, 0]), node + delay - 1
        if settled is None and node * h > settle:
            settled = node, grown
    return float(np.mean(grown - settled[1]) / ((node - settled[0]) * h))


@pytest.mark.long
@pytest.mark.parametrize(("tau", "published", "within"), [(17.0, 0.00514, 0.05), (30.0, 0.0070, 0.07)])
def test_the_largest_lyapunov_exponent_is_the_published_one(tau, published, within):
    assert LYAPUNOV[tau] == published
    assert exponent(tau, 500_000, 125) == pytest.approx(published, rel=within)


def test_at_tau_16_the_largest_lyapunov_exponent_is_zero():
    assert exponent(16.0, 200_000, 50) == pytest.approx(0, abs=6e-5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tau", LYAPUNOV)
def test_runs_at_the_step_and_at_half_of_it_stay_together_for_ten_lyapunov_times(tau, seed):
    samples = round(10 / LYAPUNOV[tau])
    whole, half = (series(np.random.default_rng(seed), samples, tau=tau, step=h, discard=0) for h in (0.1, 0.05))
    assert np.abs(whole - half).max() <= 0.4 * half.std()


def test_a_longer_series_begins_with_the_shorter_one():
    short, long = (series(np.random.default_rng(0), samples, discard=50) for samples in (777, 1555))
    assert long[:777].tobytes() == short.tobytes()
