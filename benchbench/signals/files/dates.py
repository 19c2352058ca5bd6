"""Reads cells that hold dates, or dates and times, as rising times."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchbench.signals.spacing import Times, rises, spacing

_FIRST = 50  # cells that are tried first, which rules out most columns of text
_DAYS = (10_000_101, 99_991_231)  # dates written as 20240131


class Clock(NamedTuple):
    """Rising ``times`` (time,), in seconds if ``unit`` is "s", in months if it is "month", else in an unknown unit."""

    times: Times
    unit: str


def dates_of(cells: Sequence[object], written: Times | None = None) -> Clock | None:
    """The times of cells that are all dates and rise; None for other cells.

    ``written``: the cells as numbers (time,), such as 20240131. If day and month could be in either order, the order
    with the more even steps is taken.
    """
    if written is not None:
        if not ((written >= _DAYS[0]) & (written <= _DAYS[1]) & (written % 1 == 0)).all():
            return None
        cells = [f"{value:.0f}" for value in written]
    found = []
    for day_first in (False, True):
        if _parsed(cells[:_FIRST], day_first=day_first) is None:
            continue
        dates = _parsed(cells, day_first=day_first)
        if dates is not None and (clock := _clock(dates)) is not None:
            found.append(clock)
    return min(found, key=lambda one: len(spacing(*one).uneven), default=None)


def _parsed(cells: Sequence[object], *, day_first: bool) -> "pd.Series[pd.Timestamp] | None":
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # pandas warns that it guesses the format of each cell
            found = pd.to_datetime(pd.Series(list(cells), dtype=object), dayfirst=day_first, utc=True, errors="coerce")
    except (ValueError, TypeError, OverflowError):
        return None
    return None if found.isna().any() else found


def _clock(dates: "pd.Series[pd.Timestamp]") -> Clock | None:
    """The seconds since the first date, or months if all dates are the same day, or the last day, of their months."""
    seconds = np.asarray((dates - dates.iloc[0]).dt.total_seconds(), dtype=np.float64)
    if not rises(seconds):
        return None
    months = np.asarray(dates.dt.year * 12 + dates.dt.month, dtype=np.float64)
    if rises(months) and ((dates.dt.day == dates.dt.day.iloc[0]).all() or dates.dt.is_month_end.all()):
        return Clock(months, "month")
    return Clock(seconds, "s")
