"""Synthetic electrocardiogram. McSharry, Clifford, Tarassenko & Smith 2003, IEEE Trans. Biomed. Eng. 50:289.

Premature ventricular beats are an addition of ours: they are early and wide, have no P wave and an inverted T wave, and
a pause follows them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchbench.core.errors import InputError

Series = NDArray[np.float64]

# P, Q, R, S and T (Table I): angle in rad, height, width in rad.
ANGLES = np.array([-np.pi / 3, -np.pi / 12, 0.0, np.pi / 12, np.pi / 2])
HEIGHTS = np.array([1.2, -5.0, 30.0, -7.5, 0.75])
WIDTHS = np.array([0.25, 0.1, 0.1, 0.1, 0.4])
PREMATURE_HEIGHTS = np.array([0.0, 0.0, 7.0, 0.0, -0.5])
PREMATURE_WIDTHS = np.array([0.25, 0.1, 0.25, 0.1, 0.4])
EARLY = 0.35  # how much a premature beat comes too early, in intervals; the pause after it makes up for this
RESPIRATION = 0.25  # Hz
MILLIVOLT = 30.0  # scale of the model, which has no unit: R becomes about 1.2 mV at 60 beats a minute
SETTLING = 10.0  # seconds that are left out at the start: ten time constants of the model
RESOLUTION = 1000.0  # lowest rate of the integration in Hz, as the QRS complex takes 0.1 s


class Heartbeat(NamedTuple):
    """A signal (samples,) in mV, the samples of its R peaks (beat,), and which of these beats are premature (beat,)."""

    signal: Series
    peaks: NDArray[np.int64]
    premature: NDArray[np.bool_]


def heartbeat(
    rng: np.random.Generator,
    samples: int,
    *,
    rate: float = 120.0,
    heart_rate: float = 60.0,
    heart_rate_std: float = 1.0,
    wander: float = 0.15,
    premature: float = 0.0,
    heights: Series = HEIGHTS,
) -> Heartbeat:
    """Simulate the model on its limit cycle: a signal (samples,) in mV at ``rate`` Hz, with its R peaks (beat,).

    ``heart_rate`` and its standard deviation are in beats a minute, ``wander`` of the baseline in mV. A share
    ``premature`` of the beats, never two in a row, is premature. ``heights`` (wave,) are those of P, Q, R, S and T.

    On the limit cycle the angle is the integral of 2 pi / RR(t), and z' = -sum_i a_i d_i exp(-d_i^2 / 2 b_i^2) -
    (z - z0(t)) is linear with a known forcing. Raises InputError where ``heart_rate_std`` is above a fifth of the heart
    rate.
    """
    if heart_rate_std > heart_rate / 5:
        raise InputError(
            f"ecg_synthetic: heart_rate_std {heart_rate_std} is more than a fifth of heart_rate {heart_rate}; "
            "give at most that"
        )
    every = int(np.ceil(RESOLUTION / rate))
    step = 1 / (rate * every)
    settling = int(np.ceil(SETTLING * rate))
    time = step * np.arange((settling + samples) * every)
    intervals = _intervals(rng, len(time), step, 60 / heart_rate, 60 * heart_rate_std / heart_rate**2)
    angle = rng.uniform(-np.pi, np.pi) + np.cumsum(2 * np.pi * step / intervals)
    early = _early(rng, int(angle[-1] / (2 * np.pi)) + 3, premature)
    if early.any():
        turns = np.arange(len(early))
        angle = np.interp(angle, 2 * np.pi * (turns - EARLY * early), 2 * np.pi * turns, left=angle[0])
    drift = wander / MILLIVOLT * np.sin(2 * np.pi * RESPIRATION * time)
    forcing = _with_waves(drift, angle, early, heights)
    decay = np.exp(-step)
    z = lfilter([step / 2, step / 2 * decay], [1.0, -decay], forcing)
    turns = np.arange(1, int(angle[-1] / (2 * np.pi)) + 1)
    peaks = np.rint(np.searchsorted(angle, 2 * np.pi * turns) / every).astype(np.int64) - settling
    inside = (peaks >= 0) & (peaks < samples)
    signal = MILLIVOLT * np.asarray(z)[settling * every :: every]
    return Heartbeat(signal, peaks[inside], early[turns][inside])


def series(rng: np.random.Generator, samples: int, **options: float) -> Series:
    """The signal (samples,) of ``heartbeat`` in mV, whose options it takes."""
    return heartbeat(rng, samples, **options).signal  # type: ignore[arg-type]


def _early(rng: np.random.Generator, beats: int, share: float) -> NDArray[np.bool_]:
    """Which beats are premature, (beat,); where the share is zero, none are, and no number is drawn."""
    early = rng.random(beats) < share if share else np.zeros(beats, bool)
    for beat in range(1, beats):
        early[beat] &= not early[beat - 1]
    early[:2] = False
    return early


def _with_waves(forcing: Series, angle: Series, early: NDArray[np.bool_], heights: Series) -> Series:
    """Add the forcing (time,) of all five waves to a forcing, in place."""
    beat = early[np.clip(np.rint(angle / (2 * np.pi)).astype(int), 0, len(early) - 1)] if early.any() else None
    for i, centre in enumerate(ANGLES):
        away = np.mod(angle - centre + np.pi, 2 * np.pi) - np.pi
        height, width = heights[i], WIDTHS[i]
        if beat is not None:
            height, width = np.where(beat, PREMATURE_HEIGHTS[i], height), np.where(beat, PREMATURE_WIDTHS[i], width)
        forcing -= height * away * np.exp(-(away**2) / (2 * width**2))
    return forcing


def _intervals(rng: np.random.Generator, count: int, step: float, mean: float, std: float) -> Series:
    """The intervals RR(t) (time,) in seconds, with the bands of Eq. (6) at 0.1 Hz and, twice as strong, at 0.25 Hz."""
    frequency = np.fft.rfftfreq(count, step)
    power = sum(
        share * np.exp(-0.5 * ((frequency - centre) / 0.01) ** 2) for centre, share in ((0.1, 1.0), (0.25, 2.0))
    )
    phases = rng.uniform(0, 2 * np.pi, len(frequency))
    wave = np.fft.irfft(np.sqrt(power) * np.exp(1j * phases), count)
    return np.asarray(mean + std * wave / np.std(wave))
