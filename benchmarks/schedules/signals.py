"""Three signals that no shipped study uses, on which the default schedule of the learning rate is chosen.

Rössler 1976, Physics Letters A 57:397; Hénon 1976, Communications in Mathematical Physics 50:69.
"""

import numpy as np
from scipy.integrate import solve_ivp

from benchbench import Problem, task
from benchbench.core.windows import forecast_series

_SAMPLES = 4000
_SETTLING = 500  # samples left out


@task("roessler", version=1)
def roessler(rng: np.random.Generator, length: int, *, interval: float = 0.2, horizon: int = 10) -> Problem:
    """Forecast the first component of the Rössler system, samples ``interval`` apart."""
    times = np.arange(_SETTLING + _SAMPLES) * interval
    start = rng.uniform(-1.0, 1.0, 3) + np.array([1.0, 1.0, 0.0])
    orbit = solve_ivp(_roessler, (0.0, times[-1]), start, method="DOP853", t_eval=times, rtol=1e-9, atol=1e-9)
    facts = {"source": f"Rössler system, sampled every {interval:g}"}
    return forecast_series(orbit.y[0, _SETTLING:], length=length, horizon=horizon, provenance=facts)


def _roessler(_: float, state: np.ndarray) -> tuple[float, float, float]:
    x, y, z = state
    return -y - z, x + 0.2 * y, 0.2 + z * (x - 5.7)


@task("henon", version=1)
def henon(rng: np.random.Generator, length: int, *, noise: float = 0.1) -> Problem:
    """Forecast the Hénon map one step ahead, seen through Gaussian ``noise`` (a share of its standard deviation)."""
    state = rng.uniform(-0.1, 0.1, 2)
    values = np.empty(_SETTLING + _SAMPLES)
    for step in range(len(values)):
        state = np.array([1 - 1.4 * state[0] ** 2 + state[1], 0.3 * state[0]])
        values[step] = state[0]
    seen = values[_SETTLING:] + noise * values.std() * rng.standard_normal(_SAMPLES)
    return forecast_series(seen, length=length, horizon=1, provenance={"source": "Hénon map with noise"})


@task("waves", version=1)
def waves(rng: np.random.Generator, length: int, *, noise: float = 0.1, horizon: int = 10) -> Problem:
    """Forecast four sines of drawn periods (10 to 100 samples) and phases in Gaussian ``noise``."""
    periods, phases = rng.uniform(10.0, 100.0, 4), rng.uniform(0.0, 2 * np.pi, 4)
    clean = np.sin(2 * np.pi * np.arange(_SAMPLES)[:, None] / periods + phases).sum(axis=1)
    seen = clean + noise * rng.standard_normal(_SAMPLES)
    return forecast_series(seen, length=length, horizon=horizon, provenance={"source": "four sines with noise"})
