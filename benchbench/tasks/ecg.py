"""Electrocardiograms of the MIT-BIH Arrhythmia Database. Moody & Mark 2001, doi:10.13026/C2F305."""

from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.signal import resample_poly

from benchbench.core.errors import InputError
from benchbench.core.options import Count, NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import consecutive, forecast
from benchbench.signals.clean import (
    ClipAt,
    FrequencyWindow,
    MedianSamples,
    Piece,
    Preparation,
    Step,
    filled,
    prepared,
)
from benchbench.signals.files.physionet import Recording, read_record
from benchbench.signals.records import TEST, TRAIN, locate, require_distinct

PRELOAD = ("wfdb",)  # it takes long to import, so the harness imports it before the processes of trials start
Hertz = Annotated[float, Field(ge=20, le=10_000)]

SHARES = {"train": 0.70, "valid": 0.15, "test": 0.15}  # each split's share of a record that several splits use
FEWEST_BEATS = 10
_FILTER = 10  # samples at the slower rate, on each side, on which a resampled sample depends


@task("ecg", version=1)
def ecg(
    rng: np.random.Generator,
    length: int,
    *,
    path: str = "",
    database: str = "mitdb",
    records: tuple[str, ...] = TRAIN,
    test_records: tuple[str, ...] | None = None,
    lead: Count | str | None = None,
    rate: Hertz = 120.0,
    duration: NonNegativeFloat = 60.0,
    horizon: Positive = 10,
    stride: Positive = 12,
    windows: Literal["sliding", "beats"] = "sliding",
    clean: tuple[Step, ...] = (),
    longest_gap: Positive = 50,
    clip_at: ClipAt = 5.0,
    median_samples: MedianSamples = 5,
    cutoff_hz: PositiveFloat = 40.0,
    embedding: Positive = 1,
    delay: Positive = 1,
    frequencies: Count = 0,
    frequency_window: FrequencyWindow = 256,
) -> Problem:
    """Forecast ECG records ``horizon`` samples ahead, split by patient where several are given, else by time.

    The test has the ``test_records``, or else the last of several ``records`` (with the default ones: 100, 105, 121);
    the last of the others is valid. Splits that share a record take 70/15/15 of its time, with gaps. ``path`` is a
    folder with the records, by default $BENCHBENCH_DATA/<database> or a download from PhysioNet. ``lead`` is a number
    or a name, by default MLII or else the first. ``rate`` is in Hz, ``duration`` in seconds from a random start (0: all
    of it). A window starts every ``stride`` samples, or ends at each R peak if ``windows`` is "beats". ``clean`` and
    later: as in Preparation, ``longest_gap`` in samples. InputError for missing, incomplete or short records.
    """
    how = Preparation(
        clean=clean, longest_gap=longest_gap, clip_at=clip_at, median_samples=median_samples, cutoff=cutoff_hz / rate,
        embedding=embedding, delay=delay, frequencies=frequencies, frequency_window=frequency_window,
    )  # fmt: skip
    split = _split(records, test_records)
    names = list(dict.fromkeys(record for part in split.values() for record in part))
    places = locate(path, database, names)
    beats = windows == "beats"
    read = (read_record(places[name], name, lead=lead, beats=beats, gaps=how.fills) for name in names)
    pieces = {name: _stretch(rng, whole, rate, duration, how) for name, whole in zip(names, read, strict=True)}
    series, cleaned = _series(pieces, split, length + horizon, how, length if beats else None)
    source = {"source": f"{database}, folder {places[names[0]].resolve().parent.name}"}
    return forecast(
        *([piece.values for piece in part] for part in series), length=length, horizon=horizon,
        stride=1 if beats else stride, outputs=slice(1), provenance=source | _facts(pieces, split, windows) | cleaned,
        measured=[[piece.measured for piece in part] for part in series] if how.fills else None,
    )  # fmt: skip


def _facts(pieces: dict[str, Recording], split: dict[str, tuple[str, ...]], windows: str) -> dict[str, Any]:
    rate = next(iter(pieces.values())).rate
    return {
        "records": {use: list(part) for use, part in split.items()},
        "leads": {name: piece.lead for name, piece in pieces.items()},
        "seconds": {name: [piece.start, piece.start + len(piece.signal) / rate] for name, piece in pieces.items()},
        "rate_hz": rate,
        "windows": "end at R peaks of .atr" if windows == "beats" else "sliding",
    }


def _series(
    pieces: dict[str, Recording], split: dict[str, tuple[str, ...]], window: int, how: Preparation, at_beats: int | None
) -> tuple[list[list[Piece]], dict[str, Any]]:
    """The prepared parts of records in each split, and facts about them.

    Where windows end at beats, ``at_beats`` is their length.
    """
    parts = [
        [_part(pieces[name], use, [other for other in split if name in split[other]], window) for name in split[use]]
        for use in split
    ]
    made, facts = prepared([[Piece(one.signal[:, None], one.measured) for one in part] for part in parts], how)
    if at_beats is None:
        return made, facts
    both = [zip(part, ready, strict=True) for part, ready in zip(parts, made, strict=True)]
    return [[cut for one in part for cut in _at_beats(*one, at_beats, window, how.lost)] for part in both], facts


def _split(records: tuple[str, ...], test_records: tuple[str, ...] | None) -> dict[str, tuple[str, ...]]:
    """The names of the records of each split; a record that is in several splits is cut by time later."""
    if test_records is None and tuple(records) == TRAIN:
        test_records = TEST
    if not records:
        raise InputError(f"ecg: records is empty; give at least one, such as {', '.join(TRAIN)}")
    require_distinct((*records, *(test_records or ())))
    if not test_records:
        records, test_records = (records[:-1], records[-1:]) if len(records) > 1 else (records, records)
    return {"train": records[:-1] or records, "valid": records[-1:], "test": test_records}


def _stretch(rng: np.random.Generator, whole: Recording, rate: float, duration: float, how: Preparation) -> Recording:
    """Fill the gaps of a recording, take ``duration`` seconds from a random start, and resample them to ``rate``."""
    signal = whole.signal
    if how.fills:
        signal = filled(signal[:, None], how, f"ecg: record {whole.record!r}").values[:, 0]
    total = len(signal)
    count = min(total, max(1, round(duration * whole.rate))) if duration else total
    start = int(rng.integers(total - count + 1))
    signal, measured = signal[start : start + count], whole.measured[start : start + count]
    ratio = Fraction(rate / whole.rate).limit_denominator(1000) or Fraction(1, round(whole.rate / rate))
    if ratio != 1:
        signal = resample_poly(signal, ratio.numerator, ratio.denominator, padtype="line")
        measured = _resampled(measured, float(ratio), len(signal))
    peaks = np.rint((whole.peaks - start) * float(ratio)).astype(np.int64)
    return whole._replace(signal=signal, measured=measured, rate=rate, peaks=peaks, start=start / whole.rate)


def _resampled(measured: NDArray[np.bool_], ratio: float, count: int) -> NDArray[np.bool_]:
    """Which of ``count`` samples at the new rate, (time,), depend on measured samples only through the filter."""
    reach = int(np.ceil(_FILTER * max(1.0, 1 / ratio)))
    missing = np.concatenate([[0], np.cumsum(~measured)])
    centre = np.rint(np.arange(count) / ratio).astype(int)
    first, last = (np.clip(centre + side, 0, len(measured)) for side in (-reach, reach + 1))
    return np.asarray(missing[last] == missing[first])


def _part(piece: Recording, use: str, uses: list[str], gap: int) -> Recording:
    """The part of a record for one of the splits that use it, by time, with ``gap`` samples left out between parts."""
    try:
        parts = consecutive(len(piece.signal), [SHARES[other] for other in uses], gap)
    except InputError:
        raise InputError(
            f"ecg: {len(piece.signal)} samples of record {piece.record!r} ({len(piece.signal) / piece.rate:g} s at "
            f"{piece.rate:g} Hz) are too short for {' + '.join(uses)} with windows of length + horizon {gap}; raise "
            f"duration or shorten the length"
        ) from None
    part = parts[uses.index(use)]
    return piece._replace(signal=piece.signal[part], measured=piece.measured[part], peaks=piece.peaks - part.start)


def _at_beats(part: Recording, ready: Piece, length: int, window: int, lost: int) -> list[Piece]:
    """One series for each R peak, which holds exactly the window that ends at the peak, and its target."""
    peaks = part.peaks - lost
    peaks = peaks[(peaks >= length - 1) & (peaks + window - length < len(ready.values))]
    if len(peaks) < FEWEST_BEATS:
        raise InputError(
            f"ecg: {len(peaks)} annotated beats in {len(part.signal) / part.rate:g} s of record {part.record!r}, "
            f"at least {FEWEST_BEATS} are needed; raise duration"
        )
    return [ready.part(slice(peak - length + 1, peak + window - length + 1)) for peak in peaks]
