"""Normal equations square the condition number: an echo state network loses the digits that it forecasts with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchbench.core.pitfall import Panel, Pitfall, Row, curve, finite
from benchbench.core.seeds import stream
from benchbench.signals.mackey_glass import series

Real = NDArray[Any]
Solve = Callable[[Real, Real], Iterator[Real]]

LEAK, RADIUS, INPUT, BIAS, LINKS = 0.53, 0.8, 0.32, 0.2, 10
WASHOUT, DRIVEN, AHEAD, SPACING, PIECES = 500, 1000, 84, 100, 50
STRENGTHS = (0.0, *(10.0**k for k in range(-18, 1)))  # lambda of mean |X w - y|^2 + lambda |w|^2
USUAL = 1e-6
_SHOWN = 400  # steps of the free run in the figure


def show(*, seeds: int = 5, units: int = 400, points: int = 3000) -> Pitfall:
    """Solve the readouts of reservoirs in four ways, and compare their free runs.

    Each seed has a reservoir of ``units`` units, driven by ``points`` points of Mackey-Glass. NRMSE84 is as in Jaeger
    2001 (GMD Report 148): 1,000 driven steps, then 84 steps of free run, from 50 places. The rows are medians over the
    seeds.
    """
    exercises = [_exercise(seed, units, points) for seed in range(seeds)]
    fits = [{way.name: _fit(exercise, way) for way in WAYS} for exercise in exercises]
    medians = {
        way.name: np.median([[(one.train, one.nrmse) for one in fit[way.name]] for fit in fits], axis=0) for way in WAYS
    }
    rows = tuple(_row(name, *values.T) for name, values in medians.items())
    chosen = {way.name: fits[0][way.name][0] for way in (WAYS[0], WAYS[2], WAYS[3])}
    chosen[f"{WAYS[2].name}, ridge {USUAL:.0e}"] = fits[0][WAYS[2].name][STRENGTHS.index(USUAL)]
    errors = ("one-step training error (standardised)", "NRMSE84")
    by_strength = [
        Panel(
            title=title, x_label="ridge strength (a row)", y_label=label, log_x=True, log_y=True,
            curves=tuple(curve(name, STRENGTHS[1:], values[1:, column]) for name, values in medians.items()),
        )
        for column, (title, label) in enumerate(zip(("training", "84 steps of free run"), errors, strict=True))
    ]  # fmt: skip
    return Pitfall(
        name="normal_equations",
        title="Normal equations against singular values",
        sentence=_sentence(rows),
        rows=rows,
        panels=(*by_strength, *_free_runs(exercises[0], chosen)),
    )


def normal_equations(features: Real, targets: Real) -> Iterator[Real]:
    """Solve (X' X + ridge) w = X' y by LU, and yield the weights (feature,) for each strength; NaN where singular.

    ``features`` (row, feature) is X and ``targets`` (row,) is y; numbers are of the type of ``features``.
    """
    gram, moments = features.T @ features, features.T @ targets
    ones = np.eye(len(gram), dtype=gram.dtype)
    for strength in STRENGTHS:
        try:
            yield np.asarray(np.linalg.solve(gram + gram.dtype.type(strength * len(features)) * ones, moments))
        except np.linalg.LinAlgError:
            yield np.full_like(moments, np.nan)


def singular_values(features: Real, targets: Real) -> Iterator[Real]:
    """As ``normal_equations``, but from the singular values of X (row, feature), without forming X' X."""
    left, values, right = np.linalg.svd(features, full_matrices=False)
    rotated = left.T @ targets
    for strength in STRENGTHS:
        yield np.asarray(right.T @ (values / (values**2 + strength * len(features)) * rotated))


@dataclass(frozen=True)
class Way:
    """A way to solve the readout: the solver, the float type of reservoir and free run, and that of the solver."""

    name: str
    solve: Solve
    reservoir: type
    solver: type


WAYS = (
    Way("SVD, float64", singular_values, np.float64, np.float64),
    Way("SVD, float64, of float32 states", singular_values, np.float32, np.float64),
    Way("normal equations, float64", normal_equations, np.float64, np.float64),
    Way("normal equations, float32", normal_equations, np.float32, np.float32),
)


@dataclass(frozen=True)
class Reservoir:
    """A leaky reservoir, x <- (1 - leak) x + leak tanh(W x + v u + b), with every number in one float type.

    ``recurrent`` is W (unit, unit), ``weights`` v (unit, 1) and ``offset`` b (unit, 1); states have a column for each
    run.
    """

    recurrent: Any
    weights: Real
    offset: Real

    def step(self, states: Real, inputs: Real) -> Real:
        """Advance states (unit, run) by one step with inputs (run,)."""
        leak = self.weights.dtype.type(LEAK)
        drive = np.tanh(self.recurrent @ states + self.weights * inputs + self.offset)
        return np.asarray((1 - leak) * states + leak * drive)

    def to(self, dtype: type) -> "Reservoir":
        """A copy in another float type."""
        return replace(
            self,
            recurrent=self.recurrent.astype(dtype),
            weights=self.weights.astype(dtype),
            offset=self.offset.astype(dtype),
        )


@dataclass(frozen=True)
class Exercise:
    """A reservoir, and the series ``inputs`` (time,) that drives it: tanh(x - 1) of Mackey-Glass, standardised."""

    reservoir: Reservoir
    inputs: Real
    points: int
    mean: float
    scale: float

    @property
    def starts(self) -> NDArray[np.int64]:
        """The indexes (piece,) at which the pieces of the free run begin to drive the reservoir."""
        return self.points + SPACING * np.arange(PIECES)

    def restored(self, values: Real) -> Real:
        """Convert standardised values of any shape (...,) to units of x, clipped to the range of tanh first."""
        squashed = np.clip(values * self.scale + self.mean, -1 + 1e-6, 1 - 1e-6)
        return np.asarray(np.arctanh(squashed) + 1)


@dataclass(frozen=True)
class Fit:
    """A solved readout: weights (1 + unit,), the states (unit, piece) before the free run, and the two errors."""

    way: Way
    weights: Real
    states: Real
    train: float
    nrmse: float


def _exercise(seed: int, units: int, points: int) -> Exercise:
    ahead = DRIVEN + _SHOWN + SPACING * PIECES
    squashed = np.tanh(series(stream(seed, "data", "mackey_glass"), points + ahead) - 1)
    mean, scale = float(squashed[:points].mean()), float(squashed[:points].std())
    rng = stream(seed, "reservoir")
    recurrent = np.zeros((units, units))
    for row in recurrent:
        row[rng.choice(units, LINKS, replace=False)] = rng.uniform(-1, 1, LINKS)
    recurrent *= RADIUS / np.abs(np.linalg.eigvals(recurrent)).max()
    weights, offset = INPUT * rng.uniform(-1, 1, (units, 1)), BIAS * rng.uniform(-1, 1, (units, 1))
    reservoir = Reservoir(csr_matrix(recurrent), weights, offset)
    return Exercise(reservoir, (squashed - mean) / scale, points, mean, scale)


def _fit(exercise: Exercise, way: Way) -> list[Fit]:
    """Solve the readout with each strength and run it freely."""
    reservoir = exercise.reservoir.to(way.reservoir)
    inputs: Real = exercise.inputs.astype(way.reservoir)
    units, last = len(reservoir.weights), exercise.points
    states: Real = np.zeros((units, 1), way.reservoir)
    kept: Real = np.ones((last, 1 + units), way.reservoir)
    for t in range(last):
        states = reservoir.step(states, inputs[t : t + 1])
        kept[t, 1:] = states[:, 0]
    driven: Real = np.zeros((units, PIECES), way.reservoir)
    for t in range(DRIVEN):
        driven = reservoir.step(driven, inputs[exercise.starts + t])
    features, targets = kept[WASHOUT:], exercise.inputs[WASHOUT + 1 : last + 1]
    fits = []
    for weights in way.solve(features.astype(way.solver), targets.astype(way.solver)):
        residual = features.astype(np.float64) @ weights.astype(np.float64) - targets
        fit = Fit(way, weights, driven, float(np.sqrt(np.mean(residual**2))), np.nan)
        made = _generate(exercise, fit, AHEAD)[-1]
        true = exercise.restored(exercise.inputs[exercise.starts + DRIVEN + AHEAD - 1])
        nrmse = np.sqrt(np.mean((made - true) ** 2)) / exercise.restored(exercise.inputs).std()
        fits.append(replace(fit, nrmse=float(nrmse)))
    return fits


def _generate(exercise: Exercise, fit: Fit, steps: int) -> Real:
    """The free run (step, piece) after the driving, in units of x; each output is the next input."""
    reservoir, states = exercise.reservoir.to(fit.way.reservoir), fit.states
    made: list[Real] = []
    for step in range(steps):
        if step:
            states = reservoir.step(states, made[-1].astype(fit.way.reservoir))
        made.append(fit.weights[0] + fit.weights[1:] @ states)
    return exercise.restored(np.array(made, dtype=np.float64))


def _row(name: str, train: Real, nrmse: Real) -> Row:
    best, usual = int(np.nanargmin(nrmse)), STRENGTHS.index(USUAL)
    return {
        "solver": name,
        "train, no ridge": finite(train[0]),
        "NRMSE84, no ridge": finite(nrmse[0]),
        f"NRMSE84, ridge {USUAL:.0e}": finite(nrmse[usual]),
        "best ridge": f"{STRENGTHS[best]:.0e}",
        "NRMSE84, best ridge": finite(nrmse[best]),
    }


def _free_runs(exercise: Exercise, chosen: dict[str, Fit]) -> tuple[Panel, Panel]:
    """The first piece of each, and its error over all pieces."""
    steps = np.arange(1, _SHOWN + 1)
    ahead = exercise.starts + DRIVEN + np.arange(_SHOWN)[:, None]
    true = exercise.restored(exercise.inputs[ahead])
    made = {name: _generate(exercise, fit, _SHOWN) for name, fit in chosen.items()}
    off = {name: np.median(np.abs(values - true), axis=1) / true.std() for name, values in made.items()}
    runs = [curve("true series", steps, true[:, 0], "reference")]
    beyond = 2 * np.abs(true - true.mean()).max()  # curves that go further are cut off
    runs += [
        curve(name, steps, np.where(np.abs(values[:, 0] - true.mean()) < beyond, values[:, 0], np.nan))
        for name, values in made.items()
    ]
    errors = tuple(curve(name, steps, values) for name, values in off.items())
    label = "step of the free run (time units)"
    return (
        Panel(title="a free run, no ridge unless said", x_label=label, y_label="x", curves=tuple(runs)),
        Panel(
            title=f"its error, median of {PIECES} starts", x_label=label, y_label="|error| (standard deviations)",
            curves=errors, log_y=True,
        ),
    )  # fmt: skip


def _sentence(rows: tuple[Row, ...]) -> str:
    svd, states, normal, single = rows
    none, usual, best = "NRMSE84, no ridge", f"NRMSE84, ridge {USUAL:.0e}", "NRMSE84, best ridge"
    return (
        "Normal equations contain X' X, whose condition number is the square of the condition number of X. "
        "If the readout is solved with the singular values of X in float64, it forecasts 84 steps with an NRMSE of "
        f"{svd[best]:.1e} at the ridge strength that is best in hindsight, and of {svd[none]:.1e} without ridge. "
        f"Normal equations in float64 give an NRMSE of {normal[none]:.1e} without ridge, worse than predicting the "
        f"mean (1). A ridge makes normal equations usable at the price of accuracy: at a strength of {USUAL:.0e} "
        f"the NRMSE is {normal[usual]:.1e}, and with singular values it is {svd[usual]:.1e}. The strength that is best "
        f"for normal equations in hindsight, {normal['best ridge']}, gives {normal[best]:.1e}. "
        f"If everything is in float32, the NRMSE is never below {single[best]:.1e} (at {single['best ridge']}). "
        f"If only the states are in float32, it can be as low as {states[best]:.1e}. "
        "Solve the readout by SVD or QR in float64, and search the ridge strength down to zero."
    )
