"""Reads WFDB records, the format of PhysioNet. physionet.org/physiotools/wag/header-5.htm."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, unknown
from benchbench.signals.files.table import Series

RATES = (1.0, 100_000.0)  # Hz
_LEAD = "MLII"
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")  # annotation symbols that mark an R peak


class Recording(NamedTuple):
    """One lead of a record or of a part of it.

    ``signal`` (time,) in mV; which samples are ``measured`` (time,); ``rate`` in Hz; ``peaks`` (n,), the sample numbers
    of the R peaks; ``start`` in s.
    """

    record: str
    lead: str
    signal: Series
    measured: NDArray[np.bool_]
    rate: float
    peaks: NDArray[np.int64]
    start: float = 0.0


def read_record(base: Path, record: str, lead: int | str | None, *, beats: bool, gaps: bool = False) -> Recording:
    """A lead of the record at ``base``, a path without suffix; None means MLII, or the first lead if there is no MLII.

    With ``beats`` its annotations are read too. With ``gaps`` missing samples become NaN. InputError if a file is
    missing or damaged, a sample is missing, or the header gives no sampling rate from 1 to 100,000 Hz, in which case
    the library would assume one.
    """
    import wfdb  # noqa: PLC0415  slow to import

    try:
        rate = rate_of(base)
        names: list[str] = wfdb.rdheader(str(base)).sig_name or []
        channel = _channel(names, lead)
        content = wfdb.rdrecord(str(base), channels=[channel])
        marks = wfdb.rdann(str(base), "atr") if beats else None
    except InputError as error:
        raise InputError(f"ecg: record {record!r}: {error}") from None
    except Exception as error:
        raise InputError(f"ecg: record {record!r} cannot be read: {type(error).__name__}: {error}") from error
    signal = np.asarray(content.p_signal[:, 0], dtype=np.float64)
    measured = np.isfinite(signal)
    bad = np.flatnonzero(~measured)
    if len(bad) and not gaps:
        first = ", ".join(str(sample) for sample in bad[:5])
        raise InputError(f"ecg: record {record!r}, lead {names[channel]}: {len(bad)} samples are missing: {first} ...")
    peaks = [s for s, symbol in zip(marks.sample, marks.symbol, strict=True) if symbol in _BEATS] if marks else []
    return Recording(record, names[channel], signal, measured, rate, np.array(peaks, dtype=np.int64))


def rate_of(base: Path) -> float:
    """The sampling rate in Hz from a header: the third field of its first line that is not a comment.

    InputError unless it is from 1 to 100,000 Hz, since the library would assume another one.
    """
    text = base.with_name(f"{base.name}.hea").read_text("utf-8", errors="replace")
    line = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    fields = line.split()
    given = fields[2] if len(fields) > 2 else ""
    try:
        rate = float(given.partition("/")[0])
    except ValueError:
        rate = float("nan")
    low, high = RATES
    if not low <= rate <= high:
        said = f"states a sampling rate of {given[:30]!r}" if given else "states no sampling rate"
        raise InputError(f"its header {said}; it must be from {low:g} to {high:,.0f} Hz")
    return rate


def _channel(names: list[str], lead: int | str | None) -> int:
    if lead is None:
        lead = _LEAD if _LEAD in names else 0
    if isinstance(lead, str) and lead in names:
        return names.index(lead)
    if isinstance(lead, str) or lead >= len(names):
        known = [name if isinstance(lead, str) else str(number) for number, name in enumerate(names)]
        raise unknown("lead", lead, known)
    return lead
