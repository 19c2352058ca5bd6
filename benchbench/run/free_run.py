"""The closed loop of a trial: a fitted learner continues each start, its outputs becoming its next inputs."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core import closed_loop
from benchbench.core.meter import Clock
from benchbench.core.problem import Array, FreeRun, Learner
from benchbench.core.record import FreeRunOutcome, Status
from benchbench.run.exchange import Run, Start

_SHOWN = 2000  # steps of the first start in a trial's artifact
_PAIRS = 300  # pairs of maxima in a trial's artifact


def generate(learner: Learner, free_run: FreeRun | Start, length: int) -> Array:
    """A learner's continuation of each start, (start, steps, feature): by its own ``generate`` or window by window.

    ``length`` is the number of steps in the windows of the fit. ValueError for a wrong shape.
    """
    own = _own(learner)
    if own is None:
        made = closed_loop.generate_by_window(learner.predict, free_run.prefix, free_run.steps, length)
    else:
        made = own(free_run.prefix, free_run.steps)
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # numbers beyond float32 become infinite, which counts as diverged
        generated = np.asarray(made).astype(np.float32)
    count, _, features = free_run.prefix.shape
    wanted = (count, free_run.steps, features)
    if generated.shape != wanted:
        raise ValueError(f"generate returned shape {generated.shape}; it must be (sequence, steps, feature) = {wanted}")
    return generated


def _own(learner: Learner) -> Callable[[Array, int], Array] | None:
    return getattr(learner, "generate", None)


def run(learner: Learner, start: FreeRun | Start, length: int, clock: Clock, synchronize: Callable[[], None]) -> Run:
    """Generate a run, and time it."""
    synchronize()
    started = clock()
    generated = generate(learner, start, length)
    synchronize()
    return Run(generated, clock() - started, sliding=_own(learner) is None)


def valid_time(free_run: FreeRun, made: Run) -> float:
    """The median valid time over the starts, in the free run's unit, by which option sets are chosen.

    ValueError for a wrong shape.
    """
    steps = closed_loop.valid_steps(free_run.truth, _fitting(free_run, made))
    return float(np.median(steps)) / float(free_run.unit_steps)


def _fitting(free_run: FreeRun, made: Run) -> Array:
    if made.generated is None or made.generated.shape != free_run.truth.shape:
        raise ValueError(f"a free run must have shape (start, steps, feature) = {free_run.truth.shape}")
    return made.generated


def judged(free_run: FreeRun, made: Run) -> tuple[FreeRunOutcome, dict[str, NDArray[Any]]]:
    """Score a run (start, steps, feature): returns the record's entry and the arrays for the artifact.

    ValueError for a wrong shape.
    """
    truth, generated = free_run.truth, _fitting(free_run, made)
    ends = np.asarray(np.isfinite(generated).all(axis=(1, 2)))
    errors = _errors(free_run, generated)
    generated_facts = FreeRunOutcome(
        **_asked(free_run),
        valid_steps=closed_loop.valid_steps(truth, generated).tolist(),
        nrmse_84=_nrmse(free_run, generated),
        spectrum_distance=closed_loop.spectrum_distance(truth, generated),
        diverged=float(closed_loop.diverged(truth, generated).mean()),
        diverged_at=closed_loop.diverged_at(truth, generated),
        seconds=made.seconds,
        mse=_finite(errors.mean()),
        sliding=made.sliding,
    )
    return generated_facts, {
        "free_run.true": _shown(truth),
        "free_run.generated": _shown(generated) if ends[0] else _shown(generated)[:0],
        "free_run.maxima_true": maxima(truth),
        "free_run.maxima_generated": maxima(generated[ends]),
        "free_run.best": _pair(truth, generated, int(np.argmin(errors))),
        "free_run.worst": _pair(truth, generated, int(np.argmax(errors))),
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _errors(free_run: FreeRun, generated: Array) -> NDArray[np.float64]:
    """The mean squared error (start,) in squared units of the signal; NaN becomes infinite."""
    pairs = (free_run.truth, generated)
    with np.errstate(over="ignore", invalid="ignore"):
        truth, made = pairs if free_run.restore is None else map(free_run.restore, pairs)
        errors = np.square(made.astype(np.float64) - truth).mean(axis=(1, 2))
    return np.asarray(np.where(np.isnan(errors), np.inf, errors))


def _pair(truth: Array, generated: Array, start: int) -> Array:
    return np.stack([runs[start, :_SHOWN, 0] for runs in (truth, generated)])


def nothing(free_run: FreeRun, status: Status, message: str) -> FreeRunOutcome:
    """The record's entry on a free run that gave nothing, with the reason."""
    return FreeRunOutcome(**_asked(free_run), status=status, message=message)


def _asked(free_run: FreeRun) -> dict[str, Any]:
    return {"steps": free_run.steps, "unit": free_run.unit, "unit_steps": float(free_run.unit_steps)}


def maxima(runs: Array) -> Array:
    """The return map (pair, 2) of runs (start, steps, feature): each maximum of the last feature and the next one.

    At most 300 pairs over all runs. Lorenz 1963, J. Atmos. Sci. 20:130, fig. 4.
    """
    pairs: list[tuple[np.float32, np.float32]] = []
    for run in runs[:, :, -1]:
        peaks = run[1:-1][(run[1:-1] > run[:-2]) & (run[1:-1] >= run[2:])]
        pairs += pairwise(peaks)
    step = max(1, -(-len(pairs) // _PAIRS))
    return np.array(pairs[::step], np.float32).reshape(-1, 2)


def _nrmse(free_run: FreeRun, generated: Array) -> float | None:
    if free_run.restore is None:
        return closed_loop.nrmse_at(free_run.truth, generated)
    return closed_loop.nrmse_at(free_run.restore(free_run.truth), free_run.restore(generated))


def _shown(runs: Array) -> Array:
    return runs[0, :_SHOWN, 0].copy()
