"""Reads tables of typed columns, Parquet and Feather, with pyarrow."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchbench.core.errors import InputError
from benchbench.signals.files.table import Form, Series, Table


def read_parquet(content: bytes, form: Form) -> Table:  # noqa: ARG001  all readers have this signature
    """The table of a Parquet file; InputError if pyarrow is missing."""
    return _table(lambda: pd.read_parquet(BytesIO(content)))


def read_feather(content: bytes, form: Form) -> Table:  # noqa: ARG001  all readers have this signature
    """The table of a Feather file; InputError if pyarrow is missing."""
    return _table(lambda: pd.read_feather(BytesIO(content)))


def _table(read: Callable[[], pd.DataFrame]) -> Table:
    try:
        frame = read()
    except ImportError as error:
        raise InputError("reading it needs pyarrow: pip install pyarrow") from error
    numbers = [_numbers(frame.iloc[:, column]) for column in range(frame.shape[1])]
    return Table(
        labels=tuple(map(str, frame.columns)),
        numbers=np.column_stack(numbers) if numbers else np.empty((len(frame), 0)),
        raw=lambda row, column: frame.iloc[row, column],
        whole=lambda column: frame.iloc[:, column].tolist(),
    )


def _numbers(raw: "pd.Series[Any]") -> Series:
    """The numbers (time,) in a column; NaN for dates, for true and false, and for text that is not a number."""
    if raw.dtype.kind in "iuf":
        return raw.to_numpy(dtype=np.float64, na_value=np.nan)
    texts = raw.astype(object).where(raw.map(lambda value: isinstance(value, str)))
    found: NDArray[np.float64] = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return found
