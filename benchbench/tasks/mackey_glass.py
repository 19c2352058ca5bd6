"""Mackey-Glass delay equation, chaotic for tau above 16.8. Mackey & Glass 1977, Science 197:287."""

import numpy as np

from benchbench.core.errors import InputError
from benchbench.core.options import Count, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import Raw, RawFreeRun, chronological, forecast_series, samples_needed, stretches_from_end
from benchbench.signals.mackey_glass import LYAPUNOV, series

_LYAPUNOV_TIMES = 10  # integrations at steps of 0.1 and 0.05 agree for that long, so that there is a truth
_STEPS = 1000  # steps of a free run where the Lyapunov exponent is not known
_SPACING = 200  # samples between starts: a Lyapunov time


@task("mackey_glass", version=1)
def mackey_glass(
    rng: np.random.Generator,
    length: int,
    *,
    tau: float = 17.0,
    horizon: Positive = 1,
    squash: bool = False,
    samples: Positive = 5000,
    warm_up: Count | None = None,
    beta: PositiveFloat = 0.2,
    gamma: PositiveFloat = 0.1,
    exponent: PositiveFloat = 10.0,
) -> Problem:
    """Forecast the Mackey-Glass series ``horizon`` time units ahead; one sample is one time unit.

    With ``squash``, the series is tanh(x - 1). With ``warm_up``, every step of a window after that many is scored. The
    free run, at horizon 1, lasts ten Lyapunov times from 50 starts after the test, on the same orbit; a run of the same
    length on another orbit chooses option sets for it. Raises InputError where the equation settles to a constant or
    does not stay finite.
    """
    chronological(samples, length, horizon)  # refuses wrong lengths before the long integration
    exponent_known = LYAPUNOV.get(tau) if (beta, gamma, exponent) == (0.2, 0.1, 10.0) else None
    unit = 1 / exponent_known if exponent_known else 1.0
    steps = round(_LYAPUNOV_TIMES * unit) if exponent_known else _STEPS
    after = length + samples_needed(length, steps, _SPACING) if horizon == 1 else 0
    equation = {"tau": tau, "beta": beta, "gamma": gamma, "exponent": exponent}
    values = _orbit(rng, samples + after, equation, squash=squash)
    facts = {"source": f"Mackey-Glass, tau {tau:g}", "squash": squash}
    runs: dict[str, RawFreeRun] = {}
    if after:
        other = _orbit(rng, samples_needed(length, steps, _SPACING), equation, squash=squash)
        name, restore = "Lyapunov time" if exponent_known else "step", _unsquash if squash else None
        for run, orbit in (("free_run", values), ("valid_run", other)):
            stretches = stretches_from_end(orbit, length, steps, _SPACING)
            runs[run] = RawFreeRun(values=stretches, unit=name, unit_steps=unit, restore=restore)
    return forecast_series(
        values[:samples],
        length=length,
        horizon=horizon,
        warm_up=warm_up,
        provenance=facts,
        free_run=runs.get("free_run"),
        valid_run=runs.get("valid_run"),
    )


def _orbit(rng: np.random.Generator, samples: int, equation: dict[str, float], *, squash: bool) -> Raw:
    """A series (time,) from a random history; InputError where it does not oscillate."""
    with np.errstate(over="ignore", invalid="ignore"):  # such a series is refused below
        values = series(rng, samples, **equation)  # type: ignore[arg-type]
    if not np.ptp(values) > 1e-6:  # rounding errors are not a signal; NaN is refused here too
        given = ", ".join(f"{name} {value}" for name, value in equation.items())
        raise InputError(
            f"mackey_glass: {given} give no oscillation; the defaults are tau 17, beta 0.2, gamma 0.1, exponent 10"
        )
    return np.asarray(np.tanh(values - 1)) if squash else values


def _unsquash(values: Raw) -> Raw:
    with np.errstate(divide="ignore", invalid="ignore"):  # values outside -1..1 become not finite
        raw: Raw = np.arctanh(values) + 1
    return raw
