"""Annotated heartbeats of real or synthetic patients, and the windows around their R peaks."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchbench.core.errors import InputError
from benchbench.signals.files.physionet import read_record
from benchbench.signals.records import locate, require_distinct
from benchbench.signals.synthetic_ecg import HEIGHTS, heartbeat

SYNTHETIC = "synthetic"
NORMAL, PREMATURE = "NLRej", "VE"  # annotation symbols of classes N and V; ANSI/AAMI EC57
_NO_BEATS = frozenset("+~|xs\"[]!()ptu`'^=@TDB*")  # annotations of rhythm, noise and waves, not of beats
SHARE, NOISE = 0.1, 0.03
"""The share of premature beats and the noise in mV of synthetic patients where a study gives neither."""

_SECONDS = 120.0  # default duration of a synthetic patient's signal

Flags = NDArray[np.bool_]


class Patient(NamedTuple):
    """One lead of a patient: a signal (time,) in mV at ``rate`` Hz.

    ``peaks`` (beat,) are the samples of its R peaks, ``premature`` (beat,) tells which beats are premature, and
    ``left_out`` counts other beats by annotation.
    """

    name: str
    lead: str
    signal: NDArray[np.float64]
    rate: float
    peaks: NDArray[np.int64]
    premature: Flags
    left_out: dict[str, int]


class Source(NamedTuple):
    """The source of patients: a ``database`` of records, or "synthetic".

    ``duration`` is in seconds from the start of each record, with 0 for all of it; ``rate`` is in Hz. Synthetic
    patients have a share ``premature`` of premature beats, and ``noise`` in mV.
    """

    database: str
    path: str
    lead: int | str | None
    rate: float
    duration: float
    premature: float | None
    noise: float | None

    @property
    def words(self) -> str:
        """A description of the source, for the provenance."""
        made_up = self.database == SYNTHETIC
        return "McSharry's model: synthetic, no patient" if made_up else f"{self.database}, beats by annotation"

    def patients(self, rng: np.random.Generator, names: tuple[str, ...]) -> dict[str, Patient]:
        """The patients by name; InputError for records that cannot be read, and for options that have no effect."""
        require_distinct(names)
        if self.database == SYNTHETIC:
            return {name: self._made(rng, name) for name in names}
        for option in ("premature", "noise"):
            if getattr(self, option) is not None:
                raise InputError(f"{option}: records have their own; give it with database = {SYNTHETIC!r} only")
        places = locate(self.path, self.database, list(names))
        return {name: self._read(places[name], name) for name in names}

    def _made(self, rng: np.random.Generator, name: str) -> Patient:
        samples = round((self.duration or _SECONDS) * self.rate)
        share = SHARE if self.premature is None else self.premature
        made = heartbeat(
            rng, samples,
            rate=self.rate, heart_rate=rng.uniform(55, 85), premature=share, heights=HEIGHTS * rng.uniform(0.7, 1.3, 5),
        )  # fmt: skip
        noise = (NOISE if self.noise is None else self.noise) * rng.standard_normal(samples)
        return Patient(name, "made up", made.signal + noise, self.rate, made.peaks, made.premature, {})

    def _read(self, base: Path, name: str) -> Patient:
        import wfdb  # noqa: PLC0415  takes long

        whole = read_record(base, name, self.lead, beats=False)
        try:
            marks = wfdb.rdann(str(base), "atr")
        except Exception as error:
            raise InputError(
                f"record {name!r}: its annotations cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from error
        total = len(whole.signal)
        count = min(total, round(self.duration * whole.rate)) if self.duration else total
        signal = whole.signal[:count]
        ratio = Fraction(self.rate / whole.rate).limit_denominator(1000)
        if ratio != 1:
            signal = resample_poly(signal, ratio.numerator, ratio.denominator, padtype="line")
        symbols = np.array(marks.symbol)
        known = np.isin(symbols, list(NORMAL + PREMATURE)) & (marks.sample < count)
        others = Counter(symbols[~known & ~np.isin(symbols, list(_NO_BEATS)) & (marks.sample < count)].tolist())
        peaks = np.rint(marks.sample[known] * float(ratio)).astype(np.int64)
        premature = np.isin(symbols[known], list(PREMATURE))
        return Patient(name, whole.lead, signal, self.rate, peaks, premature, dict(sorted(others.items())))


class Windows(NamedTuple):
    """Windows around beats: ``values`` (beat, time) of some patients, one patient after the other.

    ``premature`` (beat,) tells which beats are premature, ``seconds`` (beat,) when the windows start, counted from the
    beginning of the patient's signal, and ``counts`` how many windows each patient has.
    """

    values: NDArray[np.float64]
    premature: Flags
    seconds: NDArray[np.float64]
    counts: dict[str, int]


def windows(patients: list[Patient], length: int, after: float, ahead: int = 0) -> Windows:
    """Cut the windows (beat, length + ahead) around R peaks.

    Each window has ``length`` samples, of which ``after`` seconds lie after the peak, and then ``ahead`` more samples.
    Beats too near to an end of the signal are left out. Raises InputError where a patient has no other beats.
    """
    found = [*_cut(patients, length, after, ahead)]
    counts = {patient.name: len(one[1]) for patient, one in zip(patients, found, strict=True)}
    values, flags, seconds = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Windows(values, flags, seconds, counts)


def _cut(
    patients: list[Patient], length: int, after: float, ahead: int
) -> Iterator[tuple[NDArray[np.float64], Flags, NDArray[np.float64]]]:
    for patient in patients:
        start = patient.peaks + round(after * patient.rate) + 1 - length
        kept = (start >= 0) & (start + length + ahead <= len(patient.signal))
        if not kept.any():
            seconds = len(patient.signal) / patient.rate
            raise InputError(
                f"{seconds:g} s of patient {patient.name!r} hold no beat with a window of {length} samples around it; "
                "raise duration or shorten the length"
            )
        steps = start[kept][:, None] + np.arange(length + ahead)
        yield patient.signal[steps], patient.premature[kept], start[kept] / patient.rate


def slices(counts: dict[str, int]) -> dict[str, slice]:
    """The slice of each patient's windows."""
    edges = np.cumsum([0, *counts.values()]).tolist()
    return {name: slice(*edges[i : i + 2]) for i, name in enumerate(counts)}


class Cohort(NamedTuple):
    """The windows of train, valid and test, and facts about them for the record."""

    parts: dict[str, Windows]
    facts: dict[str, Any]


def cohort(
    rng: np.random.Generator,
    source: Source,
    records: dict[str, tuple[str, ...]],
    *,
    length: int,
    after: float,
    ahead: int = 0,
) -> Cohort:
    """The windows (beat, length + ahead) of train, valid and test, each from patients of its own.

    ``records`` has the patients of each split; ``length``, ``after`` and ``ahead`` are as in ``windows``. Raises
    InputError where a split has no patient.
    """
    for use, names in records.items():
        if not names:
            raise InputError(f"{use} has no record: at least two records and one of test_records are needed")
    patients = source.patients(rng, tuple(name for names in records.values() for name in names))
    parts = {use: windows([patients[name] for name in names], length, after, ahead) for use, names in records.items()}
    premature = {
        name: int(part.premature[place].sum()) for part in parts.values() for name, place in slices(part.counts).items()
    }
    facts = {
        "source": source.words,
        "records": {use: list(names) for use, names in records.items()},
        "premature_by_patient": premature,
        "left_out": {name: patient.left_out for name, patient in patients.items() if patient.left_out},
        "rate_hz": source.rate,
        "unit": "mV",
    }
    return Cohort(parts, facts)
