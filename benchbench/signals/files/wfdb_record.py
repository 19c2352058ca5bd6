"""Reads a WFDB record as a table: its header names the files of samples, and each signal becomes a column."""

import hashlib
from pathlib import Path

import numpy as np

from benchbench.signals.files.physionet import rate_of
from benchbench.signals.files.table import Table

HEADER = ".hea"


def read_wfdb(header: Path) -> Table:
    """The table of the record with this header, in physical units, with its sampling rate in ``facts``.

    ``sha256`` covers the header and the files of samples beside it, one after the other. ValueError, or an error of the
    library, if a file is missing or damaged; InputError if the header gives no sampling rate.
    """
    import wfdb  # noqa: PLC0415  takes long

    base = header.with_suffix("")
    rate = rate_of(base)
    record = wfdb.rdrecord(str(base))
    if record.p_signal is None:
        raise ValueError("its signals have different sampling rates, or it has no signals")
    samples = np.asarray(record.p_signal, dtype=np.float64)
    return Table(
        labels=tuple(map(str, record.sig_name)),
        numbers=samples,
        raw=lambda row, column: samples[row, column],
        facts={"rate_hz": rate, "units": [str(unit) for unit in record.units]},
        sha256=_digest(files_of(header)),
    )


def files_of(header: Path) -> tuple[Path, ...]:
    """A header and the existing files that its lines name; for a record of segments also the segments' files."""
    found = {header: None}
    lines = header.read_text("utf-8", errors="replace").splitlines()
    for line in [line for line in lines if line.strip() and not line.lstrip().startswith("#")][1:]:
        name = line.split()[0]
        own, segment = header.parent / name, header.parent / f"{name}.hea"
        if own.is_file():
            found[own] = None
        elif segment.is_file() and segment not in found:
            found |= dict.fromkeys(files_of(segment))
    return tuple(found)


def _digest(files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
