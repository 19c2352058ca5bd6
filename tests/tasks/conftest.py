"""Data for the tasks: made-up WFDB records, so that the tests run anywhere, and real ones if they are available."""

import os
from pathlib import Path

import numpy as np
import pytest
import wfdb
from scipy.signal import find_peaks

from benchbench.signals.synthetic_ecg import series

BEATS_A_MINUTE = {"100": 60.0, "101": 72.0, "103": 84.0, "105": 66.0}


@pytest.fixture(scope="session")
def wfdb_folder(tmp_path_factory):
    """Four annotated records of 90 s at 360 Hz in <folder>/mitdb; only 100 has a second lead, which comes first."""
    root = tmp_path_factory.mktemp("data")
    (root / "mitdb").mkdir()
    for number, (record, heart_rate) in enumerate(BEATS_A_MINUTE.items()):
        ecg = series(np.random.default_rng(number), 90 * 360, rate=360.0, heart_rate=heart_rate)
        _write_record(root / "mitdb", record, ecg, leads=("V5", "MLII") if record == "100" else ("MLII",))
        peaks = find_peaks(ecg, height=0.6 * ecg.max(), distance=90)[0]
        symbols = ["+", *"N" * (len(peaks) - 1)]  # "+" is a change of rhythm, not a beat
        wfdb.wrann(record, "atr", peaks, symbol=symbols, write_dir=str(root / "mitdb"))
    return root


@pytest.fixture(scope="session")
def write_record():
    """Write a record at 360 Hz; every lead but MLII is upside down."""
    return _write_record


def _write_record(folder, record, ecg, leads=("MLII",)):
    signals = np.column_stack([ecg if lead == "MLII" else -ecg for lead in leads])
    wfdb.wrsamp(
        record, fs=360, units=["mV"] * len(leads), sig_name=list(leads), p_signal=signals,
        fmt=["16"] * len(leads), write_dir=str(folder),
    )  # fmt: skip


@pytest.fixture(scope="session")
def mitdb():
    """The folder above the real mitdb/100.dat; skips where it is not at hand."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    for root in (os.environ.get("BENCHBENCH_DATA"), beside):
        if root and (Path(root) / "mitdb" / "100.dat").is_file():
            return str(root)
    pytest.skip("no MIT-BIH records: set BENCHBENCH_DATA to the folder above mitdb/100.dat")
