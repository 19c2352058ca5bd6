"""The Mackey-Glass delay equation, chaotic for tau above 16.8. Mackey & Glass 1977, Science 197:287."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchbench.core.errors import InputError

Series = NDArray[np.float64]

LYAPUNOV = {17.0: 0.00514, 30.0: 0.0070}  # largest Lyapunov exponent in a time unit, by tau; a test computes it

DISCARDED = 1000  # time units left out at the start: five Lyapunov times at tau 17, to forget the history


def series(
    rng: np.random.Generator,
    samples: int,
    *,
    tau: float = 17.0,
    step: float = 0.1,
    beta: float = 0.2,
    gamma: float = 0.1,
    exponent: float = 10.0,
    discard: int = DISCARDED,
) -> Series:
    """Solve dx/dt = beta x(t-tau) / (1 + x(t-tau)^exponent) - gamma x(t) for a series (samples,) in float64.

    There is one sample in each time unit. The method is fourth-order Runge-Kutta, with cubic Hermite interpolation of
    the delayed term. ``rng`` draws the constant history in 1.2 +- 0.1, the same for every ``step``; the first
    ``discard`` time units are left out. Raises InputError for a tau outside 1..1000, and for a step that does not
    divide 1.
    """
    if not 1 <= tau <= DISCARDED:
        raise InputError(f"mackey_glass: tau = {tau}: it must be a delay from 1 to {DISCARDED} time units")
    every = round(1 / step)
    if abs(every * step - 1) > 1e-9:
        raise InputError(f"mackey_glass: step = {step}: it must divide one time unit, as 0.1 does")
    history = 1.2 + rng.uniform(-0.1, 0.1)
    steps = (discard + samples) * every
    path = _integrate(history, steps, delay=tau / step, step=step, beta=beta, gamma=gamma, exponent=exponent)
    return path[discard * every :: every][:samples]


def _integrate(
    history: float, steps: int, *, delay: float, step: float, beta: float, gamma: float, exponent: float
) -> Series:
    """The solution (steps + 1,) after 0, 1, ... ``steps`` steps; ``delay`` is in steps.

    Within one delay the delayed term is a known forcing f(t), and x' = f(t) - gamma x is linear. A Runge-Kutta step is
    then x <- decay x + w0 f(t) + wm f(t + h/2) + w1 f(t + h), a recurrence that ``lfilter`` carries out for a block.
    """
    z = gamma * step
    decay = 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24
    w0, wm, w1 = step / 6 * np.array([1 - z + z**2 / 2 - z**3 / 4, 4 - 2 * z + z**2 / 2, 1.0])
    block = int(delay)
    past = block + 2  # nodes before 0 that an interpolation may use
    x = np.full(past + steps + 1, history)
    slope = np.zeros_like(x)

    def forcing(start: int, count: int, half: float) -> Series:
        """The delayed term (count,) at ``count`` nodes from ``start`` on, each ``half`` steps (0 or 0.5) later."""
        offset = half - delay
        left = int(np.floor(offset))
        first = past + start + left
        nodes = slice(first, first + count), slice(first + 1, first + count + 1)
        delayed = _hermite(x, slope, nodes, offset - left, step)
        delayed[: max(0, int(np.ceil(-start - offset)))] = history  # the slope jumps at 0, so do not interpolate there
        return beta * delayed / (1 + delayed**exponent)

    for start in range(0, steps, block):
        count = min(block, steps - start)
        now = past + start
        at, mid = forcing(start, count + 1, 0.0), forcing(start, count, 0.5)
        drive = w0 * at[:-1] + wm * mid + w1 * at[1:]
        x[now + 1 : now + count + 1] = lfilter([1.0], [1.0, -decay], drive, zi=[decay * x[now]])[0]
        slope[now : now + count + 1] = at - gamma * x[now : now + count + 1]
    return x[past:]


def _hermite(x: Series, slope: Series, nodes: tuple[slice, slice], s: float, step: float) -> Series:
    """Cubic Hermite values at fraction ``s`` of the intervals between the two ``nodes``."""
    left, right = nodes
    return np.asarray(
        (1 + 2 * s) * (1 - s) ** 2 * x[left]
        + s * (1 - s) ** 2 * step * slope[left]
        + s**2 * (3 - 2 * s) * x[right]
        + s**2 * (s - 1) * step * slope[right]
    )


def euler(history: Series, steps: int, every: int) -> Series:
    """Integrate the equation by forward Euler, with ``every`` steps in a time unit: a series (steps + 1,).

    It starts from a ``history`` (delay + 1,) over one delay, which sets the delay in steps. beta is 0.2, gamma 0.1 and
    the exponent 10. This is another system than that of ``series``; it serves to compare with published numbers that
    rest on it, and to show the difference.
    """
    # Within one delay the delayed term is known, and the rest is a recurrence.
    delay, decay = len(history) - 1, 1 - 0.1 / every
    x = np.concatenate([history, np.empty(steps)])
    for start in range(0, steps, delay):
        count, now = min(delay, steps - start), delay + start
        late = x[start : start + count]
        drive = 0.2 / every * late / (1 + late**10)
        x[now + 1 : now + count + 1] = lfilter([1.0], [1.0, -decay], drive, zi=[decay * x[now]])[0]
    return x[delay:]
