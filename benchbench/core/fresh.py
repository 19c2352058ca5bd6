"""A new signal for a learner that was fitted before, prepared in the same way as the signal of the fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A signal in the form from which the windows of the fit were cut, before scaling.

    ``values`` (time, feature) has the outputs first; ``names`` are the names of their columns. ``first`` is the
    position in the file, counted from 0, of the first value. ``measured`` (time,) is false in a gap that was filled.
    ``rate`` is the sampling rate in Hz, or None where the file does not state it.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    measured: NDArray[np.bool_]
    first: int = 0
    rate: float | None = None


Applies = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Fresh]
"""A function of ``(path, facts, options)``: the file, the facts about the data in the record, and the task's options.

It raises InputError for a file that differs from the signal of the fit in its columns or its sampling rate.
"""
