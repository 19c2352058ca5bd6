"""The Lorenz system, with all three components observed. Lorenz 1963, J. Atmos. Sci. 20:130."""

import numpy as np

from benchbench.core.options import Count, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import RawFreeRun, chronological, forecast_series, samples_needed, stretches_from_end
from benchbench.signals.lorenz import LYAPUNOV, states

_LYAPUNOV_TIMES = 10  # an integration at half the step follows the truth for longer than this


@task("lorenz", version=1)
def lorenz(
    rng: np.random.Generator,
    length: int,
    *,
    interval: PositiveFloat = 0.02,
    horizon: Positive = 1,
    samples: Positive = 5000,
    warm_up: Count | None = None,
) -> Problem:
    """Forecast the three components of the Lorenz system ``horizon`` samples ahead, with samples ``interval`` apart.

    The interval is in time units of the equation. With ``warm_up``, every step of a window after that many is scored.
    The free run, at horizon 1, lasts ten Lyapunov times from 50 starts after the test, on the same orbit; a run of the
    same length on another orbit chooses option sets for it.
    """
    chronological(samples, length, horizon)  # refuses wrong lengths before the long integration
    unit = 1 / (LYAPUNOV * interval)
    steps, spacing = max(1, round(_LYAPUNOV_TIMES * unit)), max(1, round(unit))
    after = length + samples_needed(length, steps, spacing) if horizon == 1 else 0
    values = states(rng, samples + after, interval=interval)
    runs: dict[str, RawFreeRun] = {}
    if after:
        other = states(rng, samples_needed(length, steps, spacing), interval=interval)
        for name, orbit in (("free_run", values), ("valid_run", other)):
            stretches = stretches_from_end(orbit, length, steps, spacing)
            runs[name] = RawFreeRun(values=stretches, unit="Lyapunov time", unit_steps=unit)
    return forecast_series(
        values[:samples],
        length=length,
        horizon=horizon,
        warm_up=warm_up,
        provenance={"source": f"Lorenz, sampled every {interval:g}"},
        free_run=runs.get("free_run"),
        valid_run=runs.get("valid_run"),
    )
