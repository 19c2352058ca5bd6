"""Build a forecasting problem from series: split by time, fit the scaler on train alone, cut windows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from benchbench.core.errors import InputError
from benchbench.core.problem import Array, FreeRun, Problem, Split

FRACTIONS = (0.70, 0.15, 0.15)
STARTS = 50  # starts of a free run
MOST_TRAIN = 10_000  # most training windows where the stride is chosen here
_CHOSEN = "A window starts every {:,} samples, so that training has at most {:,} windows."
_GAPS = "{:,} windows are left out, since they end in a gap or their target is in one."
_FEWER = "Validation takes {:,} of its {:,} windows, evenly spread."

Raw = NDArray[np.float64]
Measured = Sequence[Sequence[NDArray[np.bool_]]]
"""For each series of train, valid and test an array (time,) that is false in a gap."""


@dataclass(frozen=True, kw_only=True)
class RawFreeRun:
    """The stretches of a series for a free run: ``values`` (start, time, feature) in raw units.

    The first steps of each stretch are given to the learner, the others are to be generated. ``unit`` and
    ``unit_steps`` are as in FreeRun; ``restore`` converts raw units to those of the signal.
    """

    values: Raw
    unit: str = "step"
    unit_steps: float = 1.0
    restore: Callable[[Raw], Raw] | None = None


Stretches = RawFreeRun
"""The former name of RawFreeRun; the next minor version removes it."""


def cut(
    series: Array, length: int, horizon: int, stride: int = 1, scored: int = 1, *, outputs: slice = slice(None)
) -> Split:
    """Cut a series (time, feature) into windows, as views of it: inputs (sequence, length, feature) and targets.

    The targets (sequence, scored, output) are the features ``outputs`` of the series, ``horizon`` steps after each of
    the last ``scored`` steps of a window. A window starts every ``stride`` steps.
    """
    count = len(series) - length - horizon + 1
    inputs = sliding_window_view(series, length, axis=0).transpose(0, 2, 1)[:count:stride]
    ahead = series[length - scored + horizon :, outputs]
    targets = sliding_window_view(ahead, scored, axis=0).transpose(0, 2, 1)[::stride]
    return Split(inputs=inputs, targets=targets)


def join(splits: Sequence[Split]) -> Split:
    """Concatenate several splits into one."""
    if len(splits) == 1:
        return splits[0]
    return Split(
        inputs=np.concatenate([split.inputs for split in splits]),
        targets=np.concatenate([split.targets for split in splits]),
    )


def chronological(samples: int, length: int, horizon: int) -> list[slice]:
    """The slices of train, valid and test of a series: 70, 15 and 15 % of its samples, in this order.

    Between two of them, ``length + horizon`` samples are left out. Raises InputError where a part would hold no window.
    """
    gap = length + horizon
    usable = samples - 2 * gap
    train, valid = (round(usable * fraction) for fraction in FRACTIONS[:2])
    test = usable - train - valid
    if min(train, valid, test) < gap:
        need = 2 * gap + int(np.ceil((gap + 1) / min(FRACTIONS)))
        raise InputError(
            f"a series of {samples} samples is too short for windows of {length} and horizon {horizon}: "
            f"give {need} samples or more, or a shorter length"
        )
    starts = (0, train + gap, train + valid + 2 * gap)
    return [slice(start, start + size) for start, size in zip(starts, (train, valid, test), strict=True)]


def consecutive(samples: int, fractions: Sequence[float], gap: int) -> list[slice]:
    """Slices of a series of so many samples, in proportion to ``fractions``, with ``gap`` samples left out in between.

    Raises InputError where a part is shorter than ``gap``.
    """
    usable = samples - gap * (len(fractions) - 1)
    edges = np.rint(np.cumsum([0, *fractions]) / sum(fractions) * usable).astype(int).tolist()
    if np.diff(edges).min() < gap:
        raise InputError(f"{samples} samples are too short for {len(fractions)} parts with windows of {gap}; take more")
    return [slice(start + i * gap, stop + i * gap) for i, (start, stop) in enumerate(pairwise(edges))]


def forecast(
    train: Sequence[NDArray[np.float64]],
    valid: Sequence[NDArray[np.float64]],
    test: Sequence[NDArray[np.float64]],
    *,
    length: int,
    horizon: int,
    stride: int | None = 1,
    most_valid: int | None = None,
    outputs: slice = slice(None),
    measured: Measured | None = None,
    warm_up: int | None = None,
    floor: float | None = None,
    free_run: RawFreeRun | None = None,
    valid_run: RawFreeRun | None = None,
    shown: Mapping[str, NDArray[Any]] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Problem:
    """The forecasting problem of several series for each split, each (time,) or (time, feature), in raw units.

    With ``warm_up``, every step of a window after that many is scored, and a window starts every ``length - warm_up``
    steps; without it, only the last step is scored. A ``stride`` of None becomes the shortest that leaves at most
    MOST_TRAIN training windows. Of validation, at most ``most_valid`` windows are kept, evenly spread. The provenance
    notes both under ``thinned``. ``outputs`` selects the features to predict. Windows that end, or whose target lies,
    where ``measured`` (time,) is false are left out. ``free_run`` and ``valid_run`` continue from their first
    ``length`` steps, at horizon 1 only; ``shown`` is as in Problem. The scaler is fitted on train alone; ``floor`` is
    in raw units squared. InputError for a series shorter than a window, or a training part that is constant.
    """
    parts = [[_columns(series) for series in split] for split in (train, valid, test)]
    scaler = _scaler(parts, length, horizon)
    _check(stride, warm_up, length, sum(map(len, parts[0])))
    scored = 1 if warm_up is None else length - warm_up
    step = scored if warm_up is not None else stride or _stride(parts[0], length + horizon)
    scaled = [[scaler.transform(series).astype(np.float32) for series in part] for part in parts]
    pieces = [[cut(series, length, horizon, step, scored, outputs=outputs) for series in part] for part in scaled]
    kept = pieces if measured is None else _without_gaps(pieces, measured, length, horizon, step)
    train_split, valid_split, test_split = map(join, kept)
    held_out = _every(valid_split, most_valid)
    said = [_CHOSEN.format(step, MOST_TRAIN)] if step not in {stride, scored} else []
    said += [_FEWER.format(len(held_out), len(valid_split))] if held_out is not valid_split else []
    said += [_GAPS.format(left_out)] if (left_out := _windows(pieces) - _windows(kept)) else []
    facts = {"mean": scaler.mean_.tolist(), "std": scaler.scale_.tolist(), "horizon": horizon, "stride": step}
    return Problem(
        train=train_split, valid=held_out, test=test_split,
        floor=None if floor is None else float(floor / scaler.scale_[0] ** 2),
        free_run=free_run_of(free_run, scaler, length) if free_run and horizon == 1 else None,
        valid_run=free_run_of(valid_run, scaler, length) if valid_run and horizon == 1 else None,
        shown=shown or {},
        provenance={**facts, **({"thinned": said} if said else {}), **(provenance or {})},
    )  # fmt: skip


def _windows(pieces: list[list[Split]]) -> int:
    return sum(len(split) for part in pieces for split in part)


def _without_gaps(pieces: list[list[Split]], measured: Measured, *place: int) -> list[list[Split]]:
    """Keep the windows that end, and whose target lies, where the series is measured."""
    length, horizon, step = place
    kept: list[list[Split]] = []
    for part, known in zip(pieces, measured, strict=True):
        kept.append([])
        for split, there in zip(part, known, strict=True):
            ends = length - 1 + step * np.arange(len(split))
            whole = there[ends] & there[ends + horizon]
            if whole.all():
                kept[-1].append(split)
            elif whole.any():
                kept[-1].append(Split(inputs=split.inputs[whole], targets=split.targets[whole]))
        if not kept[-1]:
            raise InputError("every window of a part ends in a gap, or its target is in one; take data with fewer gaps")
    return kept


def _check(stride: int | None, warm_up: int | None, length: int, samples: int) -> None:
    if warm_up is not None and not 0 <= warm_up < length:
        raise InputError(f"warm_up {warm_up} leaves nothing to score in windows of length {length}; give less")
    if stride is not None and stride > samples:
        raise InputError(f"stride {stride} is longer than the training part of {samples} samples; shorten it")


def _scaler(parts: Sequence[Sequence[Raw]], length: int, horizon: int) -> StandardScaler:
    """Fit the scaler on the first of three parts, train; InputError for a series that cannot be used."""
    for series in (series for split in parts for series in split):
        if len(series) < length + horizon:
            raise InputError(
                f"a series of {len(series)} samples holds no window of {length} with horizon {horizon}; shorten it"
            )
        if not np.isfinite(series).all():
            raise InputError("a series holds values that are missing or not finite; fill or remove them")
    pooled = np.concatenate(parts[0])
    if np.any(np.ptp(pooled, axis=0) == 0):
        raise InputError("the training part is constant: there is nothing to learn; take a series that varies")
    scaler = StandardScaler().fit(pooled)
    if not np.allclose(scaler.scale_, pooled.std(axis=0), rtol=0.1, atol=0):
        raise InputError("the training part varies too little for its size: subtract an offset, or rescale it")
    return scaler


def _stride(series: Sequence[Raw], window: int) -> int:
    """The shortest stride that leaves at most MOST_TRAIN windows of ``window`` samples."""
    counts = np.array([len(one) - window + 1 for one in series])
    stride = max(1, int(counts.sum()) // MOST_TRAIN)
    while int((-(-counts // stride)).sum()) > MOST_TRAIN:
        stride += 1
    return stride


def _every(split: Split, most: int | None) -> Split:
    """Keep evenly spread sequences of a split, at most ``most``."""
    if most is None or len(split) <= most:
        return split
    step = -(-len(split) // most)
    return Split(inputs=split.inputs[::step], targets=split.targets[::step])


def forecast_series(
    series: NDArray[np.float64],
    *,
    length: int,
    horizon: int,
    stride: int = 1,
    warm_up: int | None = None,
    floor: float | None = None,
    free_run: RawFreeRun | None = None,
    valid_run: RawFreeRun | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Problem:
    """The forecasting problem of one series (time,) or (time, feature), split by time with gaps.

    All other arguments, and the errors, are those of ``forecast``.
    """
    parts = chronological(len(series), length, horizon)
    ranges = {name: [part.start, part.stop] for name, part in zip(("train", "valid", "test"), parts, strict=True)}
    train, valid, test = ([series[part]] for part in parts)
    return forecast(
        train, valid, test,
        length=length, horizon=horizon, stride=stride, warm_up=warm_up, floor=floor, free_run=free_run,
        valid_run=valid_run, provenance={"ranges": ranges, **(provenance or {})},
    )  # fmt: skip


def samples_needed(length: int, steps: int, spacing: int) -> int:
    """The number of samples that ``stretches_from_end`` takes from the end of a series."""
    return length + steps + (STARTS - 1) * spacing


def stretches_from_end(series: Raw, length: int, steps: int, spacing: int) -> Raw:
    """STARTS stretches of ``length + steps`` samples from the end of a series, ``spacing`` samples apart.

    The series is (time,) or (time, feature), the stretches are (start, time, feature).
    """
    ending = _columns(series)[-samples_needed(length, steps, spacing) :]
    return sliding_window_view(ending, length + steps, axis=0)[::spacing].transpose(0, 2, 1)


def spread_stretches(series: Sequence[Raw], length: int, steps: int) -> Raw:
    """STARTS stretches of ``length + steps`` samples, evenly spread over several series.

    Each series is (time,) or (time, feature), the stretches are (start, time, feature). Raises InputError where the
    series hold fewer stretches.
    """
    long = [_columns(one) for one in series if len(one) >= length + steps]
    windows = [sliding_window_view(one, length + steps, axis=0) for one in long]
    ends = np.cumsum([0, *map(len, windows)])
    if ends[-1] < STARTS:
        raise InputError(
            f"a free run of {steps} steps from {STARTS} starts takes {length + steps + STARTS - 1} samples of test, "
            f"which has {sum(map(len, series))}; take fewer steps"
        )
    places = np.linspace(0, ends[-1] - 1, STARTS).round().astype(int)
    owners = np.searchsorted(ends, places, side="right") - 1
    return np.stack([windows[owner][place - ends[owner]].T for owner, place in zip(owners, places, strict=True)])


def free_run_of(stretches: RawFreeRun, scaler: StandardScaler, length: int) -> FreeRun:
    """The free run of some stretches, scaled by ``scaler``; their first ``length`` steps become the prefix."""
    features = stretches.values.shape[2]
    scaled = scaler.transform(stretches.values.reshape(-1, features)).reshape(stretches.values.shape)
    return FreeRun(
        prefix=scaled[:, :length].astype(np.float32),
        truth=scaled[:, length:].astype(np.float32),
        unit=stretches.unit,
        unit_steps=stretches.unit_steps,
        restore=partial(_restored, mean=scaler.mean_, scale=scaler.scale_, then=stretches.restore),
    )


def _restored(values: Array, mean: Raw, scale: Raw, then: Callable[[Raw], Raw] | None) -> Raw:
    raw: Raw = values * scale + mean
    return raw if then is None else then(raw)


def _columns(series: NDArray[np.float64]) -> NDArray[np.float64]:
    array = np.asarray(series, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array
