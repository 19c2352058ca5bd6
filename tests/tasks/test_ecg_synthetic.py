"""McSharry's model: right shape, right rhythm, and the same as the full system of three equations."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import find_peaks

from benchbench.core.errors import InputError
from benchbench.signals.synthetic_ecg import ANGLES, HEIGHTS, MILLIVOLT, WIDTHS, series
from benchbench.tasks.ecg_synthetic import ecg_synthetic


def three_equations(times):
    """The system of the paper at 60 beats a minute, started on its limit cycle, without baseline wander."""

    def motion(_, state):
        x, y, z = state
        pull = 1 - np.hypot(x, y)
        away = np.mod(np.arctan2(y, x) - ANGLES + np.pi, 2 * np.pi) - np.pi
        dz = -np.sum(HEIGHTS * away * np.exp(-(away**2) / (2 * WIDTHS**2))) - z
        return pull * x - 2 * np.pi * y, pull * y + 2 * np.pi * x, dz

    return solve_ivp(motion, (0, times[-1]), (-1, 0, 0), t_eval=times, max_step=0.01, rtol=1e-6).y[2] * MILLIVOLT


def test_it_is_the_solution_of_the_three_equations():
    ours = series(np.random.default_rng(0), 1500, rate=500.0, heart_rate_std=0.0, wander=0.0)
    fine = three_equations(np.arange(8, 12, 1 / 5000))
    theirs = [fine[shift : shift + 15_000 : 10] for shift in range(0, 5000, 2)]  # whichever point the beat starts at
    best = max(theirs, key=lambda other: float(ours @ other))
    assert np.corrcoef(ours, best)[0, 1] > 0.999
    np.testing.assert_allclose(ours, best, atol=0.03)


@pytest.mark.parametrize("heart_rate", [50.0, 60.0, 90.0])
def test_a_minute_has_as_many_beats_as_the_heart_rate_says(heart_rate):
    ecg = series(np.random.default_rng(1), 60 * 120, heart_rate=heart_rate)
    peaks = find_peaks(ecg, height=0.5 * ecg.max(), distance=30)[0]
    assert len(peaks) == pytest.approx(heart_rate, rel=0.05)


def test_a_beat_has_its_five_waves_in_order_and_r_stands_out():
    ecg = series(np.random.default_rng(0), 3000, rate=1000.0, heart_rate_std=0.0, wander=0.0)
    r = 1000 + int(ecg[1000:2000].argmax())

    def extremum(start, stop, find):
        return r + start + int(find(ecg[r + start : r + stop]))

    p, q = extremum(-260, -110, np.argmax), extremum(-80, -10, np.argmin)
    s, t = extremum(10, 80, np.argmin), extremum(150, 400, np.argmax)
    assert p < q < r < s < t
    assert ecg[r] == pytest.approx(1.3, abs=0.1)
    assert ecg[q] < 0 < ecg[p] < ecg[t] < 0.5 < ecg[r]
    assert ecg[s] < 0


def test_the_intervals_between_beats_vary_as_much_as_asked():
    ecg = series(np.random.default_rng(0), 300 * 500, rate=500.0, heart_rate_std=3.0, wander=0.0)
    intervals = np.diff(find_peaks(ecg, height=0.5 * ecg.max(), distance=150)[0]) / 500
    assert intervals.mean() == pytest.approx(1.0, abs=0.01)
    assert intervals.std() == pytest.approx(3 / 60, rel=0.25)


def test_the_baseline_wanders_with_respiration():
    still, moving = (series(np.random.default_rng(0), 4800, wander=wander) for wander in (0.0, 0.15))
    wave = moving - still
    assert np.sqrt(2) * wave.std() == pytest.approx(0.15 / np.hypot(1, 2 * np.pi * 0.25), rel=0.01)
    assert np.abs(np.fft.rfft(wave)).argmax() / 40 == pytest.approx(0.25)


def test_noise_has_the_deviation_asked_for():
    clean, noisy = (ecg_synthetic(np.random.default_rng(0), 100, noise=noise) for noise in (0.0, 0.05))
    undone = [p.train.targets * p.provenance["std"] + p.provenance["mean"] for p in (clean, noisy)]
    assert np.std(undone[1] - undone[0]) == pytest.approx(0.05, rel=0.05)


def test_a_heart_rate_that_varies_too_much_is_refused():
    with pytest.raises(InputError, match=r"heart_rate_std 20\.0 is more than a fifth of heart_rate 60\.0"):
        ecg_synthetic(np.random.default_rng(0), 100, heart_rate_std=20.0)
