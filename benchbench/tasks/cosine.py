"""Cosines of random phase and amplitude; each step is predicted from those before, of which two suffice."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from benchbench.core.errors import InputError
from benchbench.core.options import Count, Positive
from benchbench.core.problem import Problem, Split
from benchbench.core.registry import task
from benchbench.core.windows import STARTS, RawFreeRun, free_run_of

Range = tuple[float, float]

FIXED = 10 / 99  # rad/step
DRAWN = (0.05, 0.3)  # rad/step


@task("cosine", version=1)
def cosine(
    rng: np.random.Generator,
    length: int,
    *,
    ranges: tuple[Range, ...] | dict[str, Range] = ((0.5, 1.5),),
    frequency: Literal["fixed", "drawn"] = "fixed",
    warm_up: Count = 20,
    train_series: Positive = 700,
    valid_series: Positive = 150,
    test_series: Positive = 1000,
    test_ranges: tuple[Range, ...] | dict[str, Range] | None = None,
    free_runs: Positive = STARTS,
    free_steps: Positive = 1000,
) -> Problem:
    """Predict x(t+1) from x(0..t) for each t from ``warm_up`` on; each series has a phase and amplitude of its own.

    ``ranges`` lists ranges [low, high], named or not, in which amplitudes are uniform. The series of each split are
    spread evenly over the ranges, and the test is scored by range; ``test_ranges`` are those of the test and free runs,
    if different. The angular frequency is 10/99 rad/step ("fixed") or uniform in 0.05..0.3 rad/step ("drawn"). The free
    run generates ``free_steps`` steps of ``free_runs`` further series; as many with the ranges of training choose
    option sets for it. Raises InputError unless the warm-up leaves steps to score and 0 <= low <= high, high > 0.
    """
    if warm_up >= length:
        raise InputError(f"cosine: warm_up {warm_up} leaves nothing to score in sequences of length {length}; lower it")
    named = _named("ranges", ranges)
    tested = named if test_ranges is None else _named("test_ranges", test_ranges)
    parts = {"train": (train_series, named), "valid": (valid_series, named), "test": (test_series, tested)}
    _require_enough(parts)
    waves = {k: _waves(rng, size, length + 1, list(which.values()), frequency) for k, (size, which) in parts.items()}
    scaler = StandardScaler().fit(waves["train"].reshape(-1, 1))
    train, valid, test = (_split(wave, scaler, warm_up) for wave in waves.values())
    further = [_waves(rng, free_runs, length + free_steps, [*which.values()], frequency) for which in (tested, named)]
    free_run, valid_run = (free_run_of(RawFreeRun(values=waves[:, :, None]), scaler, length) for waves in further)
    return Problem(
        train=train, valid=valid, test=test,
        floor=0.0,
        free_run=free_run,
        valid_run=valid_run,
        groups=_groups(test_series, tested),
        provenance={
            "source": "cosines, frequency 10/99 rad/step" if frequency == "fixed" else "cosines, frequency 0.05..0.3",
            "mean": scaler.mean_.tolist(),
            "std": scaler.scale_.tolist(),
            "amplitudes": _plain(named),
            **({} if test_ranges is None else {"test_amplitudes": _plain(tested)}),
            "warm_up": warm_up,
            "horizon": 1,
        },
    )  # fmt: skip


def _named(option: str, ranges: tuple[Range, ...] | dict[str, Range]) -> dict[str, Range]:
    named = ranges if isinstance(ranges, dict) else {f"{low}..{high}": (low, high) for low, high in ranges}
    if not named:
        raise InputError(f"cosine: {option} is empty; give at least one [low, high]")
    for name, (low, high) in named.items():
        if not 0 <= low <= high < np.inf or high == 0:
            raise InputError(f"cosine: {option} {name!r}: [{low}, {high}] must be 0 <= low <= high with high > 0")
    return dict(named)


def _require_enough(parts: dict[str, tuple[int, dict[str, Range]]]) -> None:
    for name, (size, which) in parts.items():
        if size < len(which):
            raise InputError(
                f"cosine: {name}_series {size} is less than one for each of the {len(which)} ranges; give more"
            )


def _groups(count: int, ranges: dict[str, Range]) -> dict[str, slice]:
    edges = np.cumsum([0, *_shares(count, len(ranges))]).tolist()
    return {name: slice(*edges[i : i + 2]) for i, name in enumerate(ranges)}


def _plain(ranges: dict[str, Range]) -> dict[str, list[float]]:
    return {name: list(pair) for name, pair in ranges.items()}


def _waves(
    rng: np.random.Generator, count: int, steps: int, ranges: list[Range], frequency: str
) -> NDArray[np.float64]:
    """Cosines (series, step), with the series of one range next to each other."""
    low, high = np.repeat(ranges, _shares(count, len(ranges)), axis=0).T
    amplitudes = rng.uniform(low, high)
    phases = rng.uniform(0, 2 * np.pi, count)
    omega = rng.uniform(*DRAWN, count) if frequency == "drawn" else np.full(count, FIXED)
    return np.asarray(amplitudes[:, None] * np.cos(omega[:, None] * np.arange(steps) + phases[:, None]))


def _shares(count: int, parts: int) -> list[int]:
    return [count // parts + (i < count % parts) for i in range(parts)]


def _split(waves: NDArray[np.float64], scaler: StandardScaler, warm_up: int) -> Split:
    scaled = scaler.transform(waves.reshape(-1, 1)).reshape(*waves.shape, 1).astype(np.float32)
    return Split(inputs=scaled[:, :-1], targets=scaled[:, 1 + warm_up :])
