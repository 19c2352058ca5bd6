"""Abnormal beats, detected by the errors of a learner that saw normal beats only. Malhotra et al. 2015, ESANN."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from benchbench.core import metrics
from benchbench.core.errors import InputError
from benchbench.core.objective import Metric, Objective
from benchbench.core.options import Count, Fraction, NonNegativeFloat
from benchbench.core.problem import Array, Problem, Split
from benchbench.core.registry import task
from benchbench.signals.heartbeats import Flags, Source, Windows, cohort, slices
from benchbench.signals.records import TEST, TRAIN

PRELOAD = ("wfdb",)
Hertz = Annotated[float, Field(ge=20, le=10_000)]


@task("ecg_anomaly", version=1)
def ecg_anomaly(
    rng: np.random.Generator,
    length: int,
    *,
    ask: Literal["forecast", "reconstruct"] = "forecast",
    path: str = "",
    database: str = "mitdb",
    records: tuple[str, ...] = TRAIN,
    test_records: tuple[str, ...] = TEST,
    lead: Count | str | None = None,
    rate: Hertz = 120.0,
    duration: NonNegativeFloat = 0.0,
    after: NonNegativeFloat = 0.3,
    warm_up: Count = 5,
    premature: Fraction | None = None,
    noise: NonNegativeFloat | None = None,
) -> Problem:
    """Learn normal beats only, by forecast or reconstruction; premature beats of the test should have larger errors.

    With "forecast", each sample of a window is predicted from those before it, one step ahead, after ``warm_up`` steps;
    with "reconstruct", the window itself is predicted. The score is the area under the ROC curve of the beats' mean
    squared errors. The other options are as in ``ecg_beats``. Raises InputError where train or valid has no normal
    beat, and where the test lacks a class.
    """
    if warm_up >= length:
        raise InputError(
            f"ecg_anomaly: warm_up {warm_up} leaves nothing to score in windows of length {length}; give less"
        )
    source = Source(database, path, lead, rate, duration, premature, noise)
    uses = {"train": records[:-1], "valid": records[-1:], "test": test_records}
    parts, facts = cohort(rng, source, uses, length=length, after=after, ahead=int(ask == "forecast"))
    values = {use: _known(use, found) for use, found in parts.items()}
    flags = parts["test"].premature
    mean, std = float(values["train"].mean()), float(values["train"].std())
    train, valid, test = (_split((one - mean) / std, warm_up, ask) for one in values.values())
    beats = {use: len(one) for use, one in values.items()}
    facts |= {"beats": beats, "premature_beats": int(flags.sum()), "mean": [mean], "std": [std]}
    skipped = (1 + warm_up) / rate if ask == "forecast" else 0.0  # before the first target
    facts["peak_seconds"] = (length - 1) / rate - after - skipped
    return Problem(
        train=train, valid=valid, test=replace(test, labels=flags.astype(np.int64)),
        objective=ANOMALY, asks=ask, causal=ask == "forecast", groups=slices(parts["test"].counts), provenance=facts,
        shown={"sequence_seconds": parts["test"].seconds + skipped},
    )  # fmt: skip


def _known(use: str, found: Windows) -> NDArray[np.float64]:
    """The beats (beat, time) of a split: the normal ones of train and valid, and all of the test."""
    flags = found.premature
    if flags.all() or (use == "test" and not flags.any()):
        lacking = "normal" if flags.all() else "premature"
        raise InputError(f"ecg_anomaly: none of the {len(flags)} beats of {use} is {lacking}: choose other records")
    return found.values if use == "test" else found.values[~flags]


def auroc_of_error(targets: Array, predictions: Array, labels: Flags | NDArray[np.int64]) -> float:
    """Area under the ROC curve of the mean squared error of each sequence, as a detector of ``labels`` (sequence,).

    ``targets`` and ``predictions`` are (sequence, scored, output). Raises UndefinedError where all labels are alike.
    """
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415  as in the other metrics

    flags = np.asarray(labels).astype(bool)
    if flags.all() or not flags.any():
        raise metrics.UndefinedError("The area under the ROC curve is undefined: all labels are alike.")
    errors = np.mean(np.square(targets - predictions, dtype=np.float64), axis=(1, 2))
    return float(roc_auc_score(flags, errors))


ANOMALY = Objective(
    "anomaly", "squared_error",
    {"auroc": Metric(auroc_of_error, "higher", labels=True), "mse": Metric(metrics.mse)}, "auroc",
)  # fmt: skip


def _split(scaled: NDArray[np.float64], warm_up: int, ask: str) -> Split:
    values: Array = scaled.astype(np.float32)[:, :, None]
    if ask == "reconstruct":
        return Split(inputs=values, targets=values.copy())
    return Split(inputs=values[:, :-1], targets=values[:, 1 + warm_up :])
