"""Electrocardiograms of the MIT-BIH Arrhythmia Database. Moody & Mark 2001, doi:10.13026/C2F305."""

import io
import os
from contextlib import redirect_stdout, suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.signal import resample_poly

from benchbench.core.cache import cache_folder
from benchbench.core.errors import InputError, unknown
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
from benchbench.signals.files.read import expanded

PRELOAD = ("wfdb",)  # takes long to import: the harness does so before the processes of trials start
Hertz = Annotated[float, Field(ge=20, le=10_000)]

TRAIN = ("106", "108", "114", "116", "119")
TEST = ("100", "105", "121")
SHARES = {"train": 0.70, "valid": 0.15, "test": 0.15}  # of a record that several splits use
SAME_PATIENT = {"100s": "100", "202": "201"}
FEWEST_BEATS = 10
_FILTER = 10  # samples of the slower rate to each side of a resampled one
PHYSIONET = "https://physionet.org/files/"


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

    ``test_records``, or else the last of several ``records`` (100, 105 and 121 beside the default ones), are the test;
    the last of the others is valid. Splits that share a record take 70/15/15 of its time, with gaps.
    ``path``: a folder with the records; else $BENCHBENCH_DATA/<database>, else a download from PhysioNet. ``lead``: a
    number or a name; MLII, or the first where a record has none. ``rate`` in Hz (resampled). ``duration``: seconds of
    each record from a random start; 0 is all of it. ``windows``: every ``stride`` samples, or "beats", those that end
    at an R peak. ``clean`` and so on: as in Preparation, ``longest_gap`` in samples of the record. InputError for
    records that are not there, not whole or too short.
    """
    how = Preparation(
        clean=clean, longest_gap=longest_gap, clip_at=clip_at, median_samples=median_samples, cutoff=cutoff_hz / rate,
        embedding=embedding, delay=delay, frequencies=frequencies, frequency_window=frequency_window,
    )  # fmt: skip
    split = _split(records, test_records)
    names = list(dict.fromkeys(record for part in split.values() for record in part))
    places = _locate(path, database, names)
    read = partial(read_record, lead=lead, beats=(beats := windows == "beats"), gaps=how.fills)
    pieces = {name: _stretch(rng, read(places[name], name), rate, duration, how) for name in names}
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
    """What each split gets of each record, made ready, and facts; ``at_beats``: how long windows are that end there."""
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
    """The records of each split; a record in several splits is to be cut by time."""
    if test_records is None and tuple(records) == TRAIN:
        test_records = TEST
    if not records:
        raise InputError(f"ecg: records is empty; the defaults are {', '.join(TRAIN)}")
    given = (*records, *(test_records or ()))
    patients = [SAME_PATIENT.get(record, record) for record in given]
    for i, patient in enumerate(patients):
        if patient in patients[:i]:
            both = f"{given[patients.index(patient)]!r} and {given[i]!r}"
            raise InputError(f"ecg: records and test_records: {both} are the same patient, which would leak")
    if not test_records:
        records, test_records = (records[:-1], records[-1:]) if len(records) > 1 else (records, records)
    return {"train": records[:-1] or records, "valid": records[-1:], "test": test_records}


def _locate(path: str, database: str, records: list[str]) -> dict[str, Path]:
    """Where each record is, without extension; those that are nowhere are downloaded."""
    cache = cache_folder() / database
    root = os.environ.get("BENCHBENCH_DATA")
    if path:
        folder = expanded(path, "ecg")
        places = [folder, folder / database]
    else:
        places = [expanded(root, "BENCHBENCH_DATA") / database, cache] if root else [cache]
    found = {r: place / r for place in reversed(places) for r in records if (place / f"{r}.hea").is_file()}
    missing = [record for record in records if record not in found]
    if missing and path:
        if not folder.is_dir():
            raise InputError(f"ecg: path {path!r}: no such folder")
        known = {file.stem for place in places for file in place.glob("*.hea")}
        raise unknown("record", missing[0], known, where=f"ecg: path {path!r} (NAME.hea or {database}/NAME.hea)")
    if missing:
        _download(database, missing, cache)
    return {record: found.get(record, cache / record) for record in records}


def _download(database: str, records: list[str], cache: Path) -> None:
    """Put whole records into ``cache``, or none of them."""
    import wfdb  # noqa: PLC0415  only where records are read

    try:
        with suppress(HTTPError):
            urlopen(PHYSIONET, timeout=10).close()  # wfdb itself would wait for a dead network without end
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as folder, redirect_stdout(io.StringIO()):
            files = [f"{record}{ending}" for ending in (".atr", ".dat", ".hea") for record in records]
            wfdb.dl_files(database, folder, files)
            for file in files:  # headers last: a header says that its record is whole
                (Path(folder) / file).replace(cache / file)
    except Exception as error:
        raise InputError(
            f"ecg: no record {', '.join(records)} of {database} here, and PhysioNet cannot be read "
            f"({type(error).__name__}: {str(error)[:120]}). Put {records[0]}.hea, {records[0]}.dat, {records[0]}.atr "
            f"and so on into a folder and give it as the option path, or set BENCHBENCH_DATA to the folder above "
            f"{database}/{records[0]}.hea; the task ecg_synthetic needs no data"
        ) from error


def _stretch(rng: np.random.Generator, whole: Recording, rate: float, duration: float, how: Preparation) -> Recording:
    """``duration`` seconds of a recording from a random start, at the new rate, with its gaps filled."""
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
    """Which of ``count`` samples at the new rate depend on measured ones alone, the resampling filter being so long."""
    reach = int(np.ceil(_FILTER * max(1.0, 1 / ratio)))
    missing = np.concatenate([[0], np.cumsum(~measured)])
    centre = np.rint(np.arange(count) / ratio).astype(int)
    first, last = (np.clip(centre + side, 0, len(measured)) for side in (-reach, reach + 1))
    return np.asarray(missing[last] == missing[first])


def _part(piece: Recording, use: str, uses: list[str], gap: int) -> Recording:
    """What one of several uses gets of a record, by time and in order, ``gap`` samples left out between them."""
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
    """One series per R peak that holds exactly the window that ends at it and its target."""
    peaks = part.peaks - lost
    peaks = peaks[(peaks >= length - 1) & (peaks + window - length < len(ready.values))]
    if len(peaks) < FEWEST_BEATS:
        raise InputError(
            f"ecg: {len(peaks)} annotated beats in {len(part.signal) / part.rate:g} s of record {part.record!r}, "
            f"at least {FEWEST_BEATS} are needed; raise duration"
        )
    return [ready.part(slice(peak - length + 1, peak + window - length + 1)) for peak in peaks]
