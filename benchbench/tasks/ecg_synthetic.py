"""Synthetic electrocardiogram. McSharry, Clifford, Tarassenko & Smith 2003, IEEE Trans. Biomed. Eng. 50:289."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchbench.core.errors import InputError
from benchbench.core.options import NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import forecast_series

Series = NDArray[np.float64]

# P, Q, R, S and T (Table I): angle in rad, height, width in rad.
ANGLES = np.array([-np.pi / 3, -np.pi / 12, 0.0, np.pi / 12, np.pi / 2])
HEIGHTS = np.array([1.2, -5.0, 30.0, -7.5, 0.75])
WIDTHS = np.array([0.25, 0.1, 0.1, 0.1, 0.4])
RESPIRATION = 0.25  # Hz
MILLIVOLT = 30.0  # the model has no unit: this makes R about 1.2 mV at 60 beats a minute
SETTLING = 10.0  # seconds left out, ten time constants of the model
RESOLUTION = 1000.0  # Hz at least: the QRS complex takes 0.1 s


@task("ecg_synthetic", version=1)
def ecg_synthetic(
    rng: np.random.Generator,
    length: int,
    *,
    samples: Positive = 5000,
    rate: PositiveFloat = 120.0,
    heart_rate: PositiveFloat = 60.0,
    heart_rate_std: NonNegativeFloat = 1.0,
    wander: NonNegativeFloat = 0.15,
    noise: NonNegativeFloat = 0.01,
    horizon: Positive = 10,
) -> Problem:
    """Forecast a synthetic ECG ``horizon`` samples ahead.

    ``rate`` in Hz; ``heart_rate`` and its standard deviation in beats a minute; ``wander`` of the baseline with
    respiration (amplitude) and Gaussian measurement ``noise`` (standard deviation) in mV.
    """
    ecg = series(rng, samples, rate=rate, heart_rate=heart_rate, heart_rate_std=heart_rate_std, wander=wander)
    ecg += noise * rng.standard_normal(samples)
    facts = {"source": "McSharry's model: synthetic, no patient", "rate_hz": rate, "unit": "mV"}
    return forecast_series(ecg, length=length, horizon=horizon, provenance=facts)


def series(
    rng: np.random.Generator,
    samples: int,
    *,
    rate: float = 120.0,
    heart_rate: float = 60.0,
    heart_rate_std: float = 1.0,
    wander: float = 0.15,
) -> Series:
    """The model on its limit cycle, in mV at ``rate`` Hz: (samples,).

    There the angle is the integral of 2 pi / RR(t), and z' = -sum_i a_i d_i exp(-d_i^2 / 2 b_i^2) - (z - z0(t)) is
    linear with a known forcing. InputError where the heart rate's deviation is above a fifth of it.
    """
    if heart_rate_std > heart_rate / 5:
        raise InputError(
            f"ecg_synthetic: heart_rate_std {heart_rate_std} is more than a fifth of heart_rate {heart_rate}"
        )
    every = int(np.ceil(RESOLUTION / rate))
    step = 1 / (rate * every)
    settling = int(np.ceil(SETTLING * rate))
    time = step * np.arange((settling + samples) * every)
    intervals = _intervals(rng, len(time), step, 60 / heart_rate, 60 * heart_rate_std / heart_rate**2)
    angle = rng.uniform(-np.pi, np.pi) + np.cumsum(2 * np.pi * step / intervals)
    forcing = wander / MILLIVOLT * np.sin(2 * np.pi * RESPIRATION * time)
    for centre, height, width in zip(ANGLES, HEIGHTS, WIDTHS, strict=True):
        away = np.mod(angle - centre + np.pi, 2 * np.pi) - np.pi
        forcing -= height * away * np.exp(-(away**2) / (2 * width**2))
    decay = np.exp(-step)
    z = lfilter([step / 2, step / 2 * decay], [1.0, -decay], forcing)
    return MILLIVOLT * np.asarray(z)[settling * every :: every]


def _intervals(rng: np.random.Generator, count: int, step: float, mean: float, std: float) -> Series:
    """RR(t) in seconds: (count,), Gaussian with the two bands of Eq. (6), 0.1 Hz and (twice the power) 0.25 Hz."""
    frequency = np.fft.rfftfreq(count, step)
    power = sum(
        share * np.exp(-0.5 * ((frequency - centre) / 0.01) ** 2) for centre, share in ((0.1, 1.0), (0.25, 2.0))
    )
    phases = rng.uniform(0, 2 * np.pi, len(frequency))
    wave = np.fft.irfft(np.sqrt(power) * np.exp(1j * phases), count)
    return np.asarray(mean + std * wave / np.std(wave))
