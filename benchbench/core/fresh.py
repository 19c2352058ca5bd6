"""New data for a learner that was fitted before: a signal made ready as that of the fit was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A signal as the windows of the fit were cut from it, before it is scaled.

    ``values`` (time, feature), the outputs first, whose ``names`` are those of the columns. ``first`` is the sample of
    the file, from 0, of the first value; ``measured`` (time,) is false in a gap that was filled; ``rate`` is in Hz,
    None where the file does not say it.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    measured: NDArray[np.bool_]
    first: int = 0
    rate: float | None = None


Applies = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Fresh]
"""``(path, facts, options)``: the facts are those of the record's data, the options those of the task.

It raises InputError for a file that is no such signal: other columns, another rate.
"""
