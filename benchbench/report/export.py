"""Writes the records of a study as a table for other programs."""

import json
import os
from pathlib import Path

import pandas as pd

from benchbench.core.errors import InputError
from benchbench.report.frame import load

_KINDS = (".parquet", ".csv")


def export(study: str, file: str | Path, results: str | Path = "results") -> int:
    """Write the frame of ``benchbench.load`` to a file, Parquet or CSV by its suffix; returns the number of rows.

    Options and other mappings become JSON texts. The file is written whole or not at all. InputError for another
    suffix, for a missing folder, and for Parquet without the package pyarrow.
    """
    file = Path(file)
    if file.suffix not in _KINDS:
        raise InputError(f"{file}: the name must end in {' or '.join(_KINDS)}")
    if not file.parent.is_dir():
        raise InputError(f"{file}: there is no folder {file.parent}; make it first, or name another")
    frame = _plain(load(study, results))
    coming = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        _write(frame, coming, file.suffix)
        coming.replace(file)
    finally:
        coming.unlink(missing_ok=True)
    return len(frame)


def _write(frame: pd.DataFrame, file: Path, kind: str) -> None:
    if kind == ".csv":
        frame.to_csv(file, index=False)
        return
    try:
        frame.to_parquet(file, engine="pyarrow", index=False)
    except ImportError:
        raise InputError("a .parquet file needs pyarrow: pip install 'benchbench[parquet]', or write .csv") from None


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    texts = {
        str(name): column.map(lambda value: json.dumps(value, sort_keys=True, default=str))
        for name, column in frame.items()
        if column.map(lambda value: isinstance(value, dict)).any()
    }
    return frame.assign(**texts)
