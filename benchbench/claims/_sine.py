"""The course's sine generation: 100 given steps, then 1,000 in closed loop."""

from typing import Any

import numpy as np

from benchbench.core.claim import Measured, median_and_quartiles
from benchbench.core.closed_loop import valid_steps
from benchbench.core.problem import Array, FreeRun, Split
from benchbench.core.seeds import stream
from benchbench.run.free_run import generate
from benchbench.run.standalone import FIRST_SEED, fitted

STEPS, ALONE, WARM_UP = 100, 1000, 20
FREQUENCY = 10 / 99  # rad/step
_TRAIN, _VALID, _TEST = 700, 100, 50


def sine_generation(architecture: str, *, seeds: int, **options: Any) -> Measured:
    """Median and quartiles over seeds of the mean squared error of free runs, from 50 random phases for each seed."""
    found = np.array([_one(architecture, seed, options) for seed in range(FIRST_SEED, FIRST_SEED + seeds)])
    said = f"the free runs stay valid for a median of {np.median(found[:, 1]):,.0f} of {ALONE:,} steps"
    return median_and_quartiles(found[:, 0], "seeds", f"{said}; predicting zero would give 0.5")


def _one(architecture: str, seed: int, options: dict[str, Any]) -> tuple[float, float]:
    rng = stream(seed, "data", "sine_generation")
    train, valid, test = (_sines(rng, count) for count in (_TRAIN, _VALID, _TEST))
    learner = fitted(architecture, _split(train), _split(valid), seed=seed, **options)
    truth = test[:, STEPS:]
    made = generate(learner, FreeRun(prefix=test[:, :STEPS], truth=truth), STEPS - 1)
    return float(np.square(made - truth, dtype=np.float64).mean()), float(np.median(valid_steps(truth, made)))


def _sines(rng: np.random.Generator, count: int) -> Array:
    phases = rng.uniform(0, 2 * np.pi, (count, 1))
    return np.sin(FREQUENCY * np.arange(STEPS + ALONE) + phases).astype(np.float32)[:, :, None]


def _split(sines: Array) -> Split:
    return Split(inputs=sines[:, : STEPS - 1], targets=sines[:, 1 + WARM_UP : STEPS])
