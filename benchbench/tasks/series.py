"""The user's own signal: one column of a CSV, NPY, Parquet or WAV file."""

import hashlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.io import wavfile

from benchbench.core.errors import InputError, unknown
from benchbench.core.options import Positive
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import forecast_series

Series = NDArray[np.float64]

LARGEST = float(np.finfo(np.float32).max)
MISSING = frozenset(("", "nan", "nat", "na", "n/a", "<na>", "null", "none"))


@task("series", version=1)
def series(
    rng: np.random.Generator,  # noqa: ARG001  the data are given: every seed sees the same
    length: int,
    *,
    path: str = "",
    column: str | int | None = None,
    horizon: Positive = 1,
    stride: Positive = 1,
) -> Problem:
    """Forecast a column of the file ``path`` (.csv .tsv .txt .npy .parquet .wav) ``horizon`` samples ahead.

    ``column``: a name, or a number from 0; not needed where only one is numeric. A first line of a text file without
    any number is its header; in an array the first axis is time. ``stride``: samples from one window to the next.
    InputError names the file, and the rows from 1 whose values are missing, text or not finite.
    """
    if not path:
        raise InputError('series: the option path is not set; give your file, such as path = "signal.csv"')
    name, content = _bytes(path)
    table, first_line = _table(name, content)
    chosen = _choose(name, table, column)
    values = _finite(name, table, chosen, first_line)
    facts = {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "samples": len(values),
        "column": str(table.columns[chosen]),
    }
    try:
        return forecast_series(values, length=length, horizon=horizon, stride=stride, provenance=facts)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _bytes(path: str) -> tuple[str, bytes]:
    file = Path(path).expanduser()
    if file.suffix.lower() not in READERS:
        raise unknown("kind of file", file.suffix, READERS, where=f"series: path {path!r}")
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"series: path {path!r}: {reason} (relative paths start at the study's folder)") from None
    if not content:
        raise InputError(f"{file.name}: empty")
    return file.name, content


def _table(name: str, content: bytes) -> tuple[pd.DataFrame, int]:
    """The columns of a file, and the line of its first data row; 0 where the file has no lines."""
    try:
        return READERS[Path(name).suffix.lower()](content)
    except ImportError as error:
        raise InputError(f"{name}: reading it takes pyarrow: pip install pyarrow") from error
    except Exception as error:
        raise InputError(f"{name}: cannot be read as {Path(name).suffix}: {' '.join(str(error).split())}") from error


def _text(content: bytes) -> tuple[pd.DataFrame, int]:
    text = content.decode("utf-8-sig")
    head = text.lstrip().partition("\n")[0]
    separator = max(",;\t", key=head.count)
    if separator not in head and len(head.split()) > 1:
        separator = r"\s+"
    # As text and with blank lines, so that no value is dropped or guessed and every row keeps its number.
    table = pd.read_csv(
        BytesIO(text.encode()), sep=separator, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False
    ).fillna("")
    filled = (table != "").any(axis=1).to_numpy()
    table = table[: int(np.flatnonzero(filled)[-1]) + 1] if filled.any() else table[:0]
    if any(not _missing(cell) for cell in table[:1].to_numpy().flat) and not _numbers(table.iloc[0]).notna().any():
        header = [str(label).strip() for label in table.iloc[0]]
        return table[1:].set_axis(header, axis=1), 2
    return table, 1


def _array(content: bytes) -> tuple[pd.DataFrame, int]:
    array = np.lib.format.read_array(BytesIO(content), allow_pickle=False)
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise ValueError(f"real numbers in one or two dimensions are needed, this is {array.dtype} {array.shape}")
    return pd.DataFrame(array), 0


def _parquet(content: bytes) -> tuple[pd.DataFrame, int]:
    return pd.read_parquet(BytesIO(content)), 0


def _sound(content: bytes) -> tuple[pd.DataFrame, int]:
    return pd.DataFrame(wavfile.read(BytesIO(content))[1]), 0


READERS: Mapping[str, Callable[[bytes], tuple[pd.DataFrame, int]]] = MappingProxyType(
    {".csv": _text, ".tsv": _text, ".txt": _text, ".npy": _array, ".parquet": _parquet, ".wav": _sound}
)


def _choose(name: str, table: pd.DataFrame, column: str | int | None) -> int:
    """The position of the column that is meant."""
    labels = [str(label) for label in table.columns]
    if column is None:
        numeric = [i for i in range(len(labels)) if _numbers(table.iloc[:, i]).notna().mean() > 0.5]
        candidates = [0] if len(labels) == 1 else numeric
        if len(candidates) != 1:
            listed = ", ".join(labels[:20]) + (" ..." if len(labels) > 20 else "")
            raise InputError(
                f"{name}: {len(candidates)} of its {len(labels)} columns are numeric; set column: {listed}"
            )
        return candidates[0]
    if isinstance(column, int):
        if not 0 <= column < len(labels):
            raise InputError(f"{name}: no column number {column}; allowed: 0 to {len(labels) - 1}")
        return column
    if labels.count(column) != 1:
        if column in labels:
            raise InputError(f"{name}: {labels.count(column)} columns are called {column!r}; give its number from 0")
        raise unknown("column", column, labels, where=name)
    return labels.index(column)


def _finite(name: str, table: pd.DataFrame, column: int, first_line: int) -> Series:
    """The values of a column as float64: (time,)."""
    raw = table.iloc[:, column]
    place = f"{name}, column {str(table.columns[column])!r}"
    values = _numbers(raw).to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~(np.abs(values) <= LARGEST))
    if len(bad):
        shown = ", ".join(f"row {i + 1} {_fault(raw.iloc[i])}" for i in bad[:5]) + (" ..." if len(bad) > 5 else "")
        lines = f"; row 1 is line {first_line}" if first_line else ""
        raise InputError(f"{place}: {len(bad)} of {len(values)} values are no finite numbers: {shown}{lines}")
    if not len(values):
        raise InputError(f"{place}: no values")
    if np.ptp(values) == 0:
        raise InputError(f"{place}: constant, every value is {values[0]:g}: nothing to learn")
    return values


def _numbers(raw: "pd.Series[Any]") -> "pd.Series[Any]":
    """The numbers in a column; what is none (text, a date, true or false) is missing."""
    if raw.dtype.kind in "iuf":
        return raw
    texts = raw.astype(object).where(raw.map(lambda value: isinstance(value, str)))
    return pd.to_numeric(texts, errors="coerce")


def _fault(value: object) -> str:
    return "is missing" if _missing(value) else f"is {str(value)[:30]!r}"


def _missing(value: object) -> bool:
    return str(value).strip().lower() in MISSING
