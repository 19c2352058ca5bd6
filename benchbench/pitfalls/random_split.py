"""Overlapping windows split at random, scaled with all: training has seen most of the test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from sklearn.neighbors import KNeighborsRegressor

from benchbench.core.pitfall import Panel, Pitfall, Row, curve, finite
from benchbench.core.problem import Array, Split
from benchbench.core.seeds import integer, stream
from benchbench.core.windows import FRACTIONS, cut, forecast_series
from benchbench.run.standalone import fitted

Raw = NDArray[np.float64]
Predict = Callable[[Array], Array]
Learn = Callable[[Split, Split, int], Predict]

MEMORY = 0.95  # x(t + 1) = 0.95 x(t) + noise, of variance 1
LENGTH, HORIZON = 20, 10
LEAK, HONEST = "random split", "chronological split"
_FRESH, _APART = 4000, 200  # samples of the continuation, and of the gap before it


@dataclass(frozen=True)
class Score:
    """The RMSE on the test split and on a fresh continuation, divided by that of the best forecast, 0.95^10 x(t)."""

    reported: float
    fresh: float


def show(*, seeds: int = 7, samples: int = 1000, updates: int = 500) -> Pitfall:
    """Fit four learners under either split, on ``seeds`` series of ``samples`` samples each.

    The learners are linear, esn (100 units), 3 nearest neighbours and gru (32 units).
    """
    learners = _learners(updates)
    scores = {
        (name, split): [_score(learn, seed, samples, split) for seed in range(seeds)]
        for name, learn in learners.items()
        for split in (LEAK, HONEST)
    }
    rows = tuple(_row(name, split, found) for (name, split), found in scores.items())
    return Pitfall(
        name="random_split",
        title="Random window splits against chronological ones",
        sentence=_sentence(rows),
        rows=rows,
        panels=tuple(_panels(scores)),
    )


def leaking(series: Raw, rng: np.random.Generator) -> tuple[list[Split], float, float]:
    """The wrong split of a series (time, 1): all its windows, scaled with all of it, are assigned to splits at random.

    Returns train, valid and test, and the mean and the scale.
    """
    mean, scale = float(series.mean()), float(series.std())
    windows = cut(_scaled(series, mean, scale), LENGTH, HORIZON)
    order = rng.permutation(len(windows))
    ends = [round(share * len(order)) for share in np.cumsum(FRACTIONS[:2])]
    parts = [Split(inputs=windows.inputs[i], targets=windows.targets[i]) for i in np.split(order, ends)]
    return parts, mean, scale


def chronological(series: Raw) -> tuple[list[Split], float, float]:
    """Our split of a series (time, 1): by time, with gaps of a window and a horizon, scaled on train alone.

    Returns train, valid and test, and the mean and the scale.
    """
    problem = forecast_series(series, length=LENGTH, horizon=HORIZON)
    [mean], [scale] = problem.provenance["mean"], problem.provenance["std"]
    return [problem.train, problem.valid, problem.test], mean, scale


def _learners(updates: int) -> dict[str, Learn]:
    return {
        "linear": _registered("linear", 1, 100),
        "esn": _registered("esn", 100, 100),
        "neighbours": _neighbours,
        "gru": _registered("gru", 32, updates, learning_rate=0.02, schedule="constant"),
    }


def _registered(name: str, width: int, updates: int, **options: Any) -> Learn:
    def learn(train: Split, valid: Split, seed: int) -> Predict:
        seed = integer(seed, "learner")
        return fitted(name, train, valid, width=width, seed=seed, updates=updates, **options).predict

    return learn


def _neighbours(train: Split, valid: Split, seed: int) -> Predict:  # noqa: ARG001  every learner takes a seed
    model = KNeighborsRegressor(3).fit(train.inputs[:, :, 0], train.targets[:, 0, 0])
    return lambda inputs: np.asarray(model.predict(inputs[:, :, 0]), np.float32)[:, None, None]


def _score(learn: Learn, seed: int, samples: int, split: str) -> Score:
    """The score of one learner on one series under one split."""
    rng = stream(seed, "data", "random_split")
    noise = rng.standard_normal(500 + samples + _APART + _FRESH) * (1 - MEMORY**2) ** 0.5
    signal = lfilter([1.0], [1.0, -MEMORY], noise)[500:, None]
    series, later = signal[:samples], signal[samples + _APART :]
    (train, valid, test), mean, scale = leaking(series, rng) if split == LEAK else chronological(series)
    fresh = cut(_scaled(later, mean, scale), LENGTH, HORIZON)
    predict = learn(train, valid, seed)

    def relative(part: Split) -> float:
        # The best forecast is scored on the same windows, so that luck cancels.
        best = (MEMORY**HORIZON * (part.inputs[:, -1:] * scale + mean) - mean) / scale
        return _rmse(predict(part.inputs), part.targets) / _rmse(best, part.targets)

    return Score(reported=relative(test), fresh=relative(fresh))


def _rmse(predictions: Array, targets: Array) -> float:
    return float(np.sqrt(np.mean(np.square(predictions - targets, dtype=np.float64))))


def _scaled(series: Raw, mean: float, scale: float) -> Array:
    return ((series - mean) / scale).astype(np.float32)


def _row(name: str, split: str, scores: list[Score]) -> Row:
    reported, fresh = (float(np.median([getattr(score, kind) for score in scores])) for kind in ("reported", "fresh"))
    return {
        "learner": name,
        "split": split,
        "reported": finite(reported),
        "fresh": finite(fresh),
        "fresh / reported": finite(np.median([score.fresh / score.reported for score in scores])),
        "below 1": f"{sum(score.reported < 1 for score in scores)} of {len(scores)}",
    }


def _panels(scores: dict[tuple[str, str], list[Score]]) -> Iterator[Panel]:
    """The reported against the fresh score, with a dot for each series: honest scores lie along the diagonal."""
    every = [value for found in scores.values() for score in found for value in (score.reported, score.fresh)]
    ends = (min(every), max(every))
    references = (
        curve("reported = fresh", ends, ends, "reference"),
        curve("best possible", ends, (1.0, 1.0), "reference"),
    )
    for name in dict.fromkeys(learner for learner, _ in scores):
        dots = []
        for split in (LEAK, HONEST):
            found = scores[name, split]
            dots.append(curve(split, [one.fresh for one in found], [one.reported for one in found], "dots"))
        curves = (*references, *dots)
        yield Panel(title=name, x_label="fresh / best possible", y_label="reported / best possible", curves=curves)


def _sentence(rows: tuple[Row, ...]) -> str:
    leaks = {row["learner"]: row for row in rows if row["split"] == LEAK}
    worst = max(leaks.values(), key=lambda row: row["fresh / reported"])
    honest = next(row for row in rows if row["learner"] == worst["learner"] and row["split"] == HONEST)
    looks = ", ".join(f"{row['fresh / reported']:.2f} ({name})" for name, row in leaks.items())
    return (
        "Windows that overlap share samples. If they are split at random, nearly every test window has a training "
        f"window that is shifted by one step. The series here is a first-order autoregression, {HORIZON} steps ahead, "
        "whose best possible forecast is known; all errors are divided by the RMSE of that forecast. Under a random "
        f"split, with the scaler fitted on all samples, {worst['learner']} reports an error of {worst['reported']:.2f} "
        f"but has {worst['fresh']:.2f} on a fresh continuation of the series. Under the chronological split it reports "
        f"{honest['reported']:.2f} and has {honest['fresh']:.2f}. The random split makes the learners look better than "
        f"they are by these factors: {looks}. It favours learners that memorise. An error below 1 is possible only by "
        f"luck, and {worst['learner']} reports one for {worst['below 1']} series. Split by time, with a gap of a "
        "window and a horizon, and fit the scaler on the training split alone."
    )
