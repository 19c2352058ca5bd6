"""Reads NumPy's files: NPY, and a named array of NPZ; the first axis is time."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, unknown
from benchbench.signals.files.table import Form, Table


def read_npy(content: bytes, form: Form) -> Table:  # noqa: ARG001  all readers have this signature
    """The table of an NPY file; ValueError unless it holds real numbers in one or two dimensions."""
    return table_of(np.lib.format.read_array(BytesIO(content), allow_pickle=False))


def read_npz(content: bytes, form: Form) -> Table:
    """The table of the array ``form.array`` of an NPZ file, or of its only array."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        names = arrays.files
        if form.array is None and len(names) != 1:
            raise InputError(
                f"it holds {len(names)} arrays; name one with the option array: {', '.join(names) or 'none'}"
            )
        name = names[0] if form.array is None else form.array
        if name not in names:
            raise unknown("array", name, names)
        table = table_of(arrays[name])
    return Table(labels=table.labels, numbers=table.numbers, raw=table.raw, facts={"array": name}, hint=table.hint)


def table_of(array: NDArray[np.generic]) -> Table:
    """An array (time,) or (time, column) as a table; the names of its columns are their numbers."""
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise ValueError(f"it has type {array.dtype} and shape {array.shape}; it must be real in one or two dimensions")
    columns = array[:, None] if array.ndim == 1 else array
    rows, count = columns.shape
    hint = f"; the array is {rows} x {count}, and its first axis must be time: save array.T if its second axis is time"
    return Table(
        labels=tuple(map(str, range(count))),
        numbers=columns,
        raw=lambda row, column: columns[row, column],
        hint=hint if count > rows else "",
    )
