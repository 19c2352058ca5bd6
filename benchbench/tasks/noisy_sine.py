"""A slow sine hidden by uniform noise, whose best possible score is known (the course's first exercise)."""

import numpy as np

from benchbench.core.errors import InputError
from benchbench.core.options import NonNegativeFloat, Positive
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import STARTS, Raw, RawFreeRun, forecast

FREQUENCY = 0.02  # rad/sample
_STEPS = 1000  # steps of the free run


@task("noisy_sine", version=1)
def noisy_sine(
    rng: np.random.Generator,
    length: int,
    *,
    samples: Positive = 1000,
    noise: NonNegativeFloat = 2.0,
    horizon: Positive = 1,
) -> Problem:
    """Forecast sin(0.02 t) + noise * U(0, 1), t = 0 .. samples - 1, of which the last fifth is the test.

    One series of 1,000 samples cannot hold three parts with gaps for windows of 300, so the parts are independent
    realisations of the noise: train is t < 80 % of the first, the targets of valid are t in 60..80 % of the second, and
    those of test t in 80..100 % of the third. Their windows reach ``length`` samples further back, below t = 0 if
    necessary, so that every length is scored on the same targets. ``floor`` is the variance of the noise. The free run
    has 50 starts of random phase, with noise in the prefix and none in the 1,000 steps after it; 50 further starts
    choose option sets for it.
    """
    ends = [round(samples * share) for share in (0.6, 0.8, 1.0)]
    reach = length + horizon - 1
    if reach >= ends[1]:
        raise InputError(
            f"noisy_sine: {ends[1]} samples of train hold no window of {length} with horizon {horizon}; give more"
        )
    times = {
        "train": [0, ends[1]],
        "valid": [ends[0] - reach, ends[1]],
        "test": [ends[1] - reach, ends[2]],
    }
    train, valid, test = (
        [np.sin(FREQUENCY * np.arange(start, stop)) + noise * rng.random(stop - start)]
        for start, stop in times.values()
    )
    names = ("free_run", "valid_run") if horizon == 1 else ()
    runs = {name: RawFreeRun(values=_stretches(rng, length, noise)) for name in names}
    return forecast(
        train, valid, test,
        length=length, horizon=horizon, floor=noise**2 / 12,
        provenance={"source": f"sin({FREQUENCY} t) + {noise:g} U(0, 1)", "times": times},
        free_run=runs.get("free_run"), valid_run=runs.get("valid_run"),
    )  # fmt: skip


def _stretches(rng: np.random.Generator, length: int, noise: float) -> Raw:
    """Noisy sines (start, length + steps, 1), whose noise is replaced by its mean after ``length`` steps."""
    phases = rng.uniform(0, 2 * np.pi, STARTS)
    values = np.sin(FREQUENCY * np.arange(length + _STEPS) + phases[:, None]) + noise / 2
    values[:, :length] += noise * (rng.random((STARTS, length)) - 0.5)
    return np.asarray(values[:, :, None])
