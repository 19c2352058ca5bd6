"""Synthetic electrocardiogram. McSharry, Clifford, Tarassenko & Smith 2003, IEEE Trans. Biomed. Eng. 50:289."""

import numpy as np

from benchbench.core.options import Fraction, NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import forecast_series
from benchbench.signals.synthetic_ecg import heartbeat


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
    premature: Fraction = 0.0,
    horizon: Positive = 10,
) -> Problem:
    """Forecast a synthetic ECG ``horizon`` samples ahead.

    ``rate`` is in Hz, ``heart_rate`` and its standard deviation in beats a minute. ``wander`` is the amplitude in mV of
    the baseline's drift with respiration, ``noise`` the standard deviation in mV of Gaussian measurement noise. A share
    ``premature`` of the beats is premature, never two in a row.
    """
    made = heartbeat(
        rng, samples,
        rate=rate, heart_rate=heart_rate, heart_rate_std=heart_rate_std, wander=wander, premature=premature,
    )  # fmt: skip
    ecg = made.signal + noise * rng.standard_normal(samples)
    facts = {"source": "McSharry's model: synthetic, no patient", "rate_hz": rate, "unit": "mV"}
    facts |= {"premature_beats": int(made.premature.sum())} if premature else {}
    return forecast_series(ecg, length=length, horizon=horizon, provenance=facts)
