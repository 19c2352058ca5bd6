"""Code that the pitfalls of training share: a series, a network fitted on it, and intervals over seeds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from benchbench.core.problem import Problem, Split
from benchbench.core.seeds import integer, stream
from benchbench.core.windows import forecast_series
from benchbench.run.standalone import fitted
from benchbench.signals.mackey_glass import series
from benchbench.statistics.intervals import student

BATCH, ENGINE = 16, "numba"


class Interval(NamedTuple):
    """A geometric mean, and the ends of its 95 % confidence interval."""

    mean: float
    low: float
    high: float


class Errors(NamedTuple):
    """Mean squared errors on the validation and the test split."""

    valid: float
    test: float


def problem_of(seed: int, samples: int, length: int) -> Problem:
    """The problem of forecasting Mackey-Glass one step ahead, on a series of its own for each seed."""
    return forecast_series(series(stream(seed, "data", "pitfall"), samples), length=length, horizon=1)


def errors(problem: Problem, network: str, seed: int, *, width: int, updates: int, learning_rate: float) -> Errors:
    """Fit a network, which keeps the weights that are best on validation, and return its errors."""
    learner = fitted(
        network, problem.train, problem.valid, width=width, seed=integer(seed, "learner"), updates=updates,
        batch=BATCH, engine=ENGINE, learning_rate=learning_rate, schedule="constant",
    )  # fmt: skip

    def error(split: Split) -> float:
        return float(np.mean(np.square(learner.predict(split.inputs) - split.targets, dtype=np.float64)))

    return Errors(error(problem.valid), error(problem.test))


def interval(values: ArrayLike) -> Interval:
    """The geometric mean of values (seed,) above 0, with Student's interval of the mean of their logarithms.

    The ends are NaN for a single value, and for several equal values.
    """
    found = student(np.log(np.asarray(values, float)))
    return Interval(*(float(np.exp(number)) for number in (found.value, found.low, found.high)))


def ratio(one: ArrayLike, other: ArrayLike) -> Interval:
    """The ratio one / other of the geometric means of errors (seed,), which are paired by seed, with its interval."""
    return interval(np.asarray(one, float) / np.asarray(other, float))
