"""Ten signals in the forms in which people keep theirs: functions that write files, and the facts to be found."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import wfdb
from scipy.io import wavfile

SAMPLES = 4_000
MILLION = 1_000_000


def wave(samples=SAMPLES, period=40, noise=0.2, seed=0):
    """A noisy sine."""
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * np.arange(samples) / period) + noise * rng.standard_normal(samples)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Facts to be found: ``column`` in a study, ``times`` that are left out, ``rate`` in Hz, ``period`` in samples."""

    column: str | int
    times: tuple[str, ...] = ()
    rate: float | None = None
    period: float | None = 40
    samples: int = SAMPLES
    clean: str = ""
    arguments: tuple[str, ...] = ()


def _rows(folder, name, header, *columns):
    rows = ["\t".join(cells) for cells in zip(*columns, strict=True)]
    text = "\n".join([*([header] if header else []), *rows]) + "\n"
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def semicolon(folder):
    """German: semicolons, decimal commas, a header with a unit."""
    file = folder / "messung.csv"
    rows = [f"{i / 100:.2f};{value:.5f}".replace(".", ",") for i, value in enumerate(wave())]
    file.write_text("\n".join(["Zeit [s];Spannung", *rows]) + "\n", encoding="utf-8")
    return file, Expected(column="Spannung", times=("Zeit [s]",), rate=100)


def tab(folder):
    """Tabs, milliseconds, and a second column that never changes."""
    times = [f"{4 * i}" for i in range(SAMPLES)]
    values = [f"{value:.5f}" for value in wave()]
    file = _rows(folder, "probe.tsv", "time_ms\tlevel\tgain", times, values, ["2"] * SAMPLES)
    return file, Expected(column="level", times=("time_ms",), rate=250)


def headerless(folder):
    """No header, times in the first column."""
    file = folder / "plain.txt"
    file.write_text("".join(f"{i * 0.5:.1f} {value:.6f}\n" for i, value in enumerate(wave())))
    return file, Expected(column=1, times=("0",))


def dated(folder):
    """Dates and times, and a column of remarks."""
    when = pd.date_range("2024-03-01", periods=SAMPLES, freq="15min").strftime("%d.%m.%Y %H:%M")
    file = folder / "load.csv"
    rows = [f"{moment},{value:.4f},ok" for moment, value in zip(when, wave(period=96), strict=True)]
    file.write_text("\n".join(["when,load,remark", *rows]) + "\n")
    return file, Expected(column="load", times=("when",), rate=1 / 900, period=96)


def stereo(folder):
    """A sound with two channels of whole numbers."""
    both = np.stack([wave(), wave(seed=1)], axis=1)
    wavfile.write(folder / "hum.wav", 8_000, (8_000 * both).astype(np.int16))
    return folder / "hum.wav", Expected(column=0, rate=8_000)


def array(folder):
    """One array of NumPy."""
    np.save(folder / "array.npy", wave())
    return folder / "array.npy", Expected(column=0)


def parquet(folder):
    """A typed table with dates and two numbers, so that one must be chosen."""
    frame = pd.DataFrame({"stamp": pd.date_range("2024-01-01", periods=SAMPLES, freq="h"), "flow": wave(period=24)})
    frame["heat"] = wave(period=24, seed=1)
    frame.to_parquet(folder / "plant.parquet")
    found = Expected(column="flow", times=("stamp",), rate=1 / 3600, period=24, arguments=("--column", "flow"))
    return folder / "plant.parquet", found


def record(folder):
    """A WFDB record of two leads, named without its ending."""
    signals = np.stack([wave(seed=1), wave()], axis=1)
    wfdb.wrsamp("p01", fs=250, units=["mV", "mV"], sig_name=["V5", "MLII"], p_signal=signals, write_dir=str(folder))
    return folder / "p01", Expected(column="MLII", rate=250)


def with_gaps(folder):
    """Missing values in two places."""
    values = wave()
    values[[500, *range(1_000, 1_012)]] = np.nan
    pd.DataFrame({"t": np.arange(SAMPLES) / 50, "depth": values}).to_csv(folder / "tide.csv", index=False)
    return folder / "tide.csv", Expected(column="depth", times=("t",), clean="interpolate")


def with_outliers(folder):
    """Spikes, and the row numbers that pandas writes."""
    values = wave()
    values[[77, 900, 2_500]] = 40.0
    pd.DataFrame({"pressure": values}).to_csv(folder / "spikes.csv")
    return folder / "spikes.csv", Expected(column="pressure", times=("",), clean="clip=4")


def million(folder):
    """A million samples."""
    np.savetxt(folder / "long.csv", wave(MILLION, period=50), fmt="%.4f", header="current", comments="")
    return folder / "long.csv", Expected(column="current", period=50, samples=MILLION)


SIGNALS = {
    one.__name__: one
    for one in (
        semicolon, tab, headerless, dated, stereo, array, parquet, record, with_gaps, with_outliers, million,
    )
}  # fmt: skip
