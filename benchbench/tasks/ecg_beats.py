"""Normal or premature ventricular beats, by patient. de Chazal et al. 2004, IEEE Trans. Biomed. Eng. 51:1196."""

from typing import Annotated

import numpy as np
from pydantic import Field

from benchbench.core.errors import InputError
from benchbench.core.objective import Objective
from benchbench.core.options import Count, Fraction, NonNegativeFloat
from benchbench.core.problem import Problem, Split
from benchbench.core.registry import task
from benchbench.signals.heartbeats import Source, Windows, cohort, slices
from benchbench.signals.records import TEST, TRAIN

PRELOAD = ("wfdb",)
Hertz = Annotated[float, Field(ge=20, le=10_000)]
CLASSES = ("normal", "premature")


@task("ecg_beats", version=1)
def ecg_beats(
    rng: np.random.Generator,
    length: int,
    *,
    path: str = "",
    database: str = "mitdb",
    records: tuple[str, ...] = TRAIN,
    test_records: tuple[str, ...] = TEST,
    lead: Count | str | None = None,
    rate: Hertz = 120.0,
    duration: NonNegativeFloat = 0.0,
    after: NonNegativeFloat = 0.3,
    premature: Fraction | None = None,
    noise: NonNegativeFloat | None = None,
) -> Problem:
    """Classify beats as normal or premature ventricular by the window around their R peak, split by patient.

    The last of ``records`` is valid, the others are train. The annotations N, L, R, e and j are normal, V and E
    premature; other beats are left out and counted. ``path``, ``lead`` and ``rate`` are as in ``ecg``. ``duration`` is
    in seconds from the start of a record, with 0 for all of it; ``after`` seconds of the window lie after the peak. The
    ``database`` "synthetic" simulates patients, with a share ``premature`` of premature beats (by default 0.1) and
    ``noise`` in mV (by default 0.03). Raises InputError where a split lacks a class.
    """
    source = Source(database, path, lead, rate, duration, premature, noise)
    uses = {"train": records[:-1], "valid": records[-1:], "test": test_records}
    parts, facts = cohort(rng, source, uses, length=length, after=after)
    for use, found in parts.items():
        _both(use, uses[use], found)
    mean, std = float(parts["train"].values.mean()), float(parts["train"].values.std())
    train, valid, test = (_split(found, mean, std) for found in parts.values())
    facts |= {
        "beats": {use: len(found.premature) for use, found in parts.items()},
        "premature_beats": {use: int(found.premature.sum()) for use, found in parts.items()},
        "mean": [mean],
        "std": [std],
    }
    return Problem(
        train=train, valid=valid, test=test,
        objective=Objective.classification(choose="balanced_accuracy"), classes=CLASSES,
        asks="label", causal=False, groups=slices(parts["test"].counts), provenance=facts,
    )  # fmt: skip


def _both(use: str, names: tuple[str, ...], found: Windows) -> None:
    count = int(found.premature.sum())
    if not 0 < count < len(found.premature):
        lacking = "premature" if count == 0 else "normal"
        raise InputError(
            f"ecg_beats: none of the {len(found.premature)} beats of {use} ({', '.join(names)}) is {lacking}: "
            "choose other records, or raise duration"
        )


def _split(found: Windows, mean: float, std: float) -> Split:
    inputs = ((found.values - mean) / std).astype(np.float32)[:, :, None]
    return Split(inputs=inputs, targets=np.eye(2, dtype=np.float32)[found.premature.astype(int)][:, None])
