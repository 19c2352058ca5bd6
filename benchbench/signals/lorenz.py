"""The Lorenz system, chaotic at the classical parameters. Lorenz 1963, J. Atmos. Sci. 20:130."""

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from benchbench.core.errors import InputError

States = NDArray[np.float64]

LYAPUNOV = 0.906  # largest Lyapunov exponent in a time unit; a test computes it
DISCARDED = 40.0  # time units left out at the start, to forget the initial state
_SIGMA, _RHO, _BETA = 10.0, 28.0, 8 / 3


def slope(_: float, state: States) -> States:
    """The derivative (3,) of a state (3,): x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z."""
    x, y, z = state
    return np.array([_SIGMA * (y - x), x * (_RHO - z) - y, x * y - _BETA * z])


def states(rng: np.random.Generator, samples: int, *, interval: float = 0.02, tolerance: float = 1e-10) -> States:
    """Solve the system for states (samples, 3) in float64, ``interval`` time units apart.

    The start is drawn with ``rng`` near (1, 1, 20), and the first 40 time units are left out. The method is SciPy's
    Runge-Kutta of order 8, with ``tolerance`` as relative and absolute tolerance. Raises InputError where the interval
    is not positive.
    """
    if not 0 < interval < np.inf:
        raise InputError(f"lorenz: interval = {interval}: the time between two samples must be above 0")
    start = np.array([1.0, 1.0, 20.0]) + rng.uniform(-0.5, 0.5, 3)
    times = DISCARDED + interval * np.arange(samples)
    span = (0.0, float(times[-1]))
    return np.asarray(solve_ivp(slope, span, start, "DOP853", times, rtol=tolerance, atol=tolerance).y.T)
