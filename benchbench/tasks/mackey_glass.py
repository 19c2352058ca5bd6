"""Mackey-Glass delay equation, chaotic for tau above 16.8. Mackey & Glass 1977, Science 197:287."""

import numpy as np

from benchbench.core.errors import InputError
from benchbench.core.options import Count, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import Raw, Stretches, chronological, forecast_series, later, needed
from benchbench.signals.mackey_glass import LYAPUNOV, series

_LYAPUNOV_TIMES = 10  # two runs at steps of 0.1 and 0.05 stay together that long, so that there is a truth
_STEPS = 1000  # of a free run where no Lyapunov exponent is known
_SPACING = 200  # between starts: a Lyapunov time


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

    ``squash`` gives tanh(x - 1). With ``warm_up`` every step after so many is scored. The free run, at horizon 1, goes
    over ten Lyapunov times from 50 starts on the same orbit, after the test. InputError where the equation settles on
    a constant or leaves the finite numbers.
    """
    chronological(samples, length, horizon)  # refuses before it integrates for long
    exponent_known = LYAPUNOV.get(tau) if (beta, gamma, exponent) == (0.2, 0.1, 10.0) else None
    unit = 1 / exponent_known if exponent_known else 1.0
    steps = round(_LYAPUNOV_TIMES * unit) if exponent_known else _STEPS
    after = length + needed(length, steps, _SPACING) if horizon == 1 else 0
    with np.errstate(over="ignore", invalid="ignore"):  # refused below, in words
        values = series(rng, samples + after, tau=tau, beta=beta, gamma=gamma, exponent=exponent)
    if not np.ptp(values) > 1e-6:  # rounding errors are no signal; NaN comes here too
        raise InputError(
            f"mackey_glass: tau {tau}, beta {beta}, gamma {gamma}, exponent {exponent} give no oscillation; "
            "the defaults are tau 17, beta 0.2, gamma 0.1, exponent 10"
        )
    values = np.tanh(values - 1) if squash else values
    facts = {"source": f"Mackey-Glass, tau {tau:g}", "squash": squash}
    free_run = None
    if after:
        stretches, name = later(values, length, steps, _SPACING), "Lyapunov time" if exponent_known else "step"
        free_run = Stretches(values=stretches, unit=name, unit_steps=unit, restore=_unsquash if squash else None)
    return forecast_series(
        values[:samples],
        length=length,
        horizon=horizon,
        warm_up=warm_up,
        free_run=free_run,
        provenance=facts,
    )


def _unsquash(values: Raw) -> Raw:
    with np.errstate(divide="ignore", invalid="ignore"):  # a run that leaves -1..1 has no counterpart: not finite
        raw: Raw = np.arctanh(values) + 1
    return raw
