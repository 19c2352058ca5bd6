"""A first-order autoregression, whose best forecast is known, so that the effect of a wrong split is plain to see."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.signal import lfilter

from benchbench.core.errors import InputError
from benchbench.core.options import Positive
from benchbench.core.problem import Problem, Split
from benchbench.core.registry import task
from benchbench.core.windows import FRACTIONS, cut, forecast_series

_SETTLING = 500  # samples left out at the start


@task("autoregression", version=1)
def autoregression(
    rng: np.random.Generator,
    length: int,
    *,
    memory: Annotated[float, Field(gt=-1, lt=1)] = 0.95,
    horizon: Positive = 10,
    samples: Positive = 3000,
    split: Literal["time", "random"] = "time",
) -> Problem:
    """Forecast x(t + 1) = memory x(t) + noise, of variance 1, ``horizon`` samples ahead.

    ``floor`` is the error variance of the best forecast, in squared units of the scaled series. The split "random" is a
    mistake on purpose: overlapping windows are assigned to splits at random, and the scaler is fitted on all of them.
    """
    noise = rng.standard_normal(_SETTLING + samples) * (1 - memory**2) ** 0.5
    series = lfilter([1.0], [1.0, -memory], noise)[_SETTLING:]
    facts = {"source": f"x(t + 1) = {memory:g} x(t) + noise", "split": split}
    floor = 1 - memory ** (2 * horizon)
    if split == "time":
        return forecast_series(series, length=length, horizon=horizon, floor=floor, provenance=facts)
    mean, std = float(series.mean()), float(series.std())
    if length + horizon >= samples:
        raise InputError(
            f"autoregression: {samples} samples hold no windows of {length} with horizon {horizon}; give more samples"
        )
    windows = cut(((series - mean) / std).astype(np.float32)[:, None], length, horizon)
    ends = [round(share * len(windows)) for share in np.cumsum(FRACTIONS[:2])]
    parts = np.split(rng.permutation(len(windows)), ends)
    train, valid, test = (Split(inputs=windows.inputs[part], targets=windows.targets[part]) for part in parts)
    return Problem(
        train=train, valid=valid, test=test, floor=floor / std**2, provenance={**facts, "mean": [mean], "std": [std]}
    )
