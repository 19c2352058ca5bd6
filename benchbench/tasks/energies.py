"""Extrapolation of coupled-cluster energies of the pairing model. Hjorth-Jensen's lectures on RNNs, 2024."""

from typing import Literal

import numpy as np
from sklearn.preprocessing import StandardScaler

from benchbench.core.problem import Array, Problem, Split
from benchbench.core.registry import task
from benchbench.core.windows import RawFreeRun, cut, free_run_of

PARTICLES = np.arange(2, 42, 2, dtype=np.float64)
ENERGIES = np.array([
    -0.03077640549, -0.08336233266, -0.1446729567, -0.2116753732, -0.2830637392, -0.3581341341, -0.436462435,
    -0.5177783846, -0.6019067271, -0.6887363571, -0.7782028952, -0.8702784034, -0.9649652536, -1.062292565,
    -1.16231451, -1.265109911, -1.370782966, -1.479465113, -1.591317992, -1.70653767,
])  # fmt: skip
GIVEN = 12  # energies that are known; the others are to be predicted


@task("energies", version=1, lengths=range(1, 9))
def energies(
    rng: np.random.Generator,  # noqa: ARG001  every seed has the same data
    length: int,
    *,
    given: Literal["values", "particles"] = "values",
) -> Problem:
    """Predict the energies of 2, 4 .. 40 particles: the first 12 are known, the others are the test.

    With "values", each energy is predicted from the ``length`` energies before it, and the free run continues from the
    last known ones. With "particles", each energy is predicted from the numbers of particles in the ``length`` steps up
    to it. The last known energy is valid.
    """
    scaler = StandardScaler().fit(ENERGIES[:GIVEN, None])
    values = scaler.transform(ENERGIES[:, None]).astype(np.float32)
    if given == "values":
        whole = cut(values, length, 1)
        known = GIVEN - length
    else:
        whole = _by_particles(values, length)
        known = GIVEN - length + 1
    parts = [slice(0, known - 1), slice(known - 1, known), slice(known, None)]
    train, valid, test = (Split(inputs=whole.inputs[part], targets=whole.targets[part]) for part in parts)
    last = RawFreeRun(values=ENERGIES[None, GIVEN - length :, None])
    return Problem(
        train=train, valid=valid, test=test,
        free_run=free_run_of(last, scaler, length) if given == "values" else None,
        shown={"values": ENERGIES},
        provenance={
            "source": "coupled-cluster doubles energies of the pairing model, 2 to 40 particles",
            "mean": scaler.mean_.tolist(),
            "std": scaler.scale_.tolist(),
            "horizon": 1,
            "x": {"name": "particles", "values": "correlation energy", "start": float(PARTICLES[0]), "step": 2.0},
            "given": GIVEN,
        },
    )  # fmt: skip


def _by_particles(values: Array, length: int) -> Split:
    numbers = StandardScaler().fit(PARTICLES[:GIVEN, None]).transform(PARTICLES[:, None]).astype(np.float32)
    steps = np.arange(len(numbers) - length + 1)[:, None] + np.arange(length)
    return Split(inputs=numbers[steps], targets=values[steps[:, -1:]])
