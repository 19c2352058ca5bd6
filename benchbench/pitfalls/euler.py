"""Mackey-Glass by forward Euler is another system: other exponents, another range, another orbit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchbench.core.pitfall import Panel, Pitfall, Row, curve, finite
from benchbench.signals.mackey_glass import DISCARDED, euler, series

Series = NDArray[np.float64]

TAU, BETA, GAMMA, EXPONENT = 17, 0.2, 0.1, 10
APART = 0.4  # standard deviations: the threshold of the valid prediction time
_FINE = 10  # steps in a time unit of the Runge-Kutta series
_SHOWN = 500  # time units of the figure
_DOTS = 1200


@dataclass(frozen=True)
class Way:
    """A way to solve the equation, with ``every`` steps in a time unit."""

    name: str
    every: int
    euler: bool


WAYS = (
    Way("RK4, h = 0.1", _FINE, euler=False),
    Way("Euler, h = 0.1", 10, euler=True),
    Way("Euler, h = 1", 1, euler=True),
)


def show(*, units: int = 100_000, seeds: int = 8, starts: int = 50) -> Pitfall:
    """Measure exponents over ``seeds`` runs of ``units`` time units each, and how long Euler follows Runge-Kutta."""
    rows: list[Row] = []
    orbits = {}
    truth = _runge_kutta(0, (starts + 20) * 100)
    off = {way.name: distances(way, truth, starts) for way in WAYS if way.euler}
    for way in WAYS:
        runs = [_orbit(way, seed, units) for seed in range(seeds)]
        exponents = [lyapunov(run, way) for run in runs]
        values = np.concatenate([run[:: way.every] for run in runs])
        orbits[way.name] = values[:_DOTS]
        rows.append(
            {
                "integrator": way.name,
                "exponent": finite(np.mean(exponents)),
                "its error": finite(np.std(exponents) / max(1, seeds - 1) ** 0.5),
                "mean": finite(values.mean()),
                "deviation": finite(values.std()),
                "lowest": finite(values.min()),
                "highest": finite(values.max()),
                "leaves RK4 after": leaving(off[way.name]) if way.euler else "",
            }
        )
    return Pitfall(
        name="euler",
        title="Forward Euler against Runge-Kutta",
        sentence=_sentence(rows),
        rows=tuple(rows),
        panels=(_same_start(truth), _apart(off), *(_delay_plot(way, orbits) for way in WAYS[:0:-1])),
    )


def lyapunov(orbit: Series, way: Way) -> float:
    """The largest Lyapunov exponent in a time unit of an orbit (step,): the growth rate of a tangent vector.

    The vector is rescaled once in every delay. For Euler, it follows the tangent of Euler's own steps; for
    Runge-Kutta, the decay is exact, and the delayed term is integrated by the trapezoidal rule.
    """
    h, delay = 1 / way.every, TAU * way.every
    decay = 1 - GAMMA * h if way.euler else float(np.exp(-GAMMA * h))
    left, right = (h, 0.0) if way.euler else (h / 2 * decay, h / 2)
    slope = BETA * (1 - (EXPONENT - 1) * orbit**EXPONENT) / (1 + orbit**EXPONENT) ** 2
    tangent, growth = np.ones(delay + 1), []
    for start in range(0, len(orbit) - delay, delay):
        forcing = slope[start : start + delay + 1] * tangent
        drive = left * forcing[:-1] + right * forcing[1:]
        last = tangent[-1]
        tangent[1:] = lfilter([1.0], [1.0, -decay], drive, zi=[decay * last])[0]
        tangent[0] = last
        size = float(np.sqrt(np.mean(tangent**2)))
        tangent /= size
        growth.append(np.log(size))
    return float(np.mean(growth[len(growth) // 20 :])) / TAU  # at first the vector turns into the growing direction


def distances(way: Way, truth: Series, starts: int, units: int = 1000) -> Series:
    """The distance (time, start) of a ``way`` from the orbit ``truth`` (step,) of Runge-Kutta, in its deviations.

    There is one distance for each time unit.
    """
    off = []
    for at in range(0, 100 * _FINE * starts, 100 * _FINE):
        solved = euler(_history(truth, at, way), units * way.every, way.every)[:: way.every]
        off.append(np.abs(solved - truth[at + TAU * _FINE :: _FINE][: units + 1]) / truth.std())
    return np.array(off).T


def leaving(off: Series) -> int:
    """The time units until half of the starts are 0.4 standard deviations off, from distances (time, start).

    A start that never is counts with the last time unit.
    """
    beyond = off > APART
    return int(np.median(np.where(beyond.any(axis=0), beyond.argmax(axis=0), len(off) - 1)))


def _orbit(way: Way, seed: int, units: int) -> Series:
    """A long orbit (step,) from a start drawn with ``seed``, without its approach to the attractor."""
    if not way.euler:
        return _runge_kutta(seed, units)
    history = np.full(TAU * way.every + 1, 1.2 + np.random.default_rng(seed).uniform(-0.1, 0.1))
    return euler(history, (DISCARDED + units) * way.every, way.every)[DISCARDED * way.every :]


def _runge_kutta(seed: int, units: int) -> Series:
    """Our series at each of its steps of 0.1 time units; time is counted in steps, so that every step is a sample."""
    return series(
        np.random.default_rng(seed), units * _FINE,
        tau=TAU * _FINE, step=1.0, beta=BETA / _FINE, gamma=GAMMA / _FINE, discard=DISCARDED * _FINE,
    )  # fmt: skip


def _history(truth: Series, at: int, way: Way) -> Series:
    """The stretch of one delay of the Runge-Kutta orbit from index ``at`` on, at the steps of ``way``."""
    return truth[at : at + TAU * _FINE + 1 : _FINE // way.every]


def _same_start(truth: Series) -> Panel:
    times = np.arange(_SHOWN + 1)
    now = TAU * _FINE
    curves = [curve(WAYS[0].name, times, truth[now::_FINE][: _SHOWN + 1], "reference")]
    for way in WAYS[1:]:
        solved = euler(_history(truth, 0, way), _SHOWN * way.every, way.every)
        curves.append(curve(way.name, times, solved[:: way.every]))
    title = "the same start"
    return Panel(title=title, x_label="time (time units)", y_label="x", curves=tuple(curves))


def _delay_plot(way: Way, orbits: dict[str, Series]) -> Panel:
    """The series against itself one delay before, with Runge-Kutta's orbit drawn in front of the other."""
    curves = [curve(name, orbits[name][:-TAU], orbits[name][TAU:], "dots") for name in (way.name, WAYS[0].name)]
    return Panel(title=f"where {way.name} goes", x_label="x(t - 17)", y_label="x(t)", curves=tuple(curves))


def _apart(off: dict[str, Series]) -> Panel:
    """The share of starts that are not yet 0.4 standard deviations off; it is a half at the time of ``leaving``."""
    times = np.arange(len(next(iter(off.values()))))[::5]
    half = curve("half of the starts", times[[0, -1]], (0.5, 0.5), "reference")
    shares = {name: np.cumprod(each <= APART, axis=0).mean(axis=1)[::5] for name, each in off.items()}
    curves = (half, *(curve(name, times, share) for name, share in shares.items()))
    label = "share of starts still with RK4"
    return Panel(title=f"within {APART} standard deviations", x_label="time (time units)", y_label=label, curves=curves)


def _sentence(rows: list[Row]) -> str:
    true, fine, coarse = rows
    key, left = "exponent", "leaves RK4 after"
    return (
        "Forward Euler turns the Mackey-Glass equation into another system. The largest Lyapunov exponent per time "
        f"unit is {true[key]:.5f} with Runge-Kutta, {fine[key]:.5f} with Euler at a step of h = 0.1, and "
        f"{coarse[key]:.5f} at h = 1, where the series ranges from {coarse['lowest']:.3f} to {coarse['highest']:.2f} "
        f"instead of from {true['lowest']:.3f} to {true['highest']:.2f}. From the same start, half of the orbits are "
        f"{APART} standard deviations away from the orbit of Runge-Kutta after {fine[left]} time units at h = 0.1, and "
        f"after {coarse[left]} at h = 1. Scores on series from different integrators cannot be compared: state the "
        "integrator and its step, and use an integrator of high order."
    )
