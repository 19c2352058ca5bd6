"""The spacing of samples by a column of times: the usual step, missing samples, and uneven steps."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

JITTER = 0.05  # how far a step may differ from the usual one, as a share of it
_DECIMALS = 10  # the most decimals that written times may have
_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "millis": 1e-3, "milliseconds": 1e-3, "s": 1.0, "sec": 1.0,
    "secs": 1.0, "second": 1.0, "seconds": 1.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
_NAMED = {"time", "times", "timestamp", "datetime", "date", "zeit", "datum"}
_ALSO = {"t", "index", "idx", "sample", "samples", "n", "i", "frame", "step", "unnamed", "row", "year", "month", "x"}


@dataclass(frozen=True, kw_only=True)
class Hole:
    """``missing`` samples between a row and the next one; rows are counted from 1."""

    row: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class Spacing:
    """The spacing of samples: the usual ``step``, in seconds where ``unit`` is "s", else in the unit of the column.

    ``holes`` are the places where samples are missing. ``uneven`` are the rows, from 1, whose distance from the row
    before is not a multiple of the step; an evenly sampled signal has none.
    """

    step: float
    unit: str
    holes: tuple[Hole, ...] = ()
    uneven: tuple[int, ...] = ()

    @property
    def rate_hz(self) -> float | None:
        """The sampling rate in Hz, if the times are in seconds."""
        return 1 / self.step if self.unit == "s" else None


def spacing(times: Times, unit: str = "") -> Spacing:
    """The spacing of at least two rising times (time,), in seconds where ``unit`` is "s".

    A step may differ from the usual one by a twentieth, or by one unit of the last written decimal: with three
    decimals, the times of samples at 360 Hz are written 0.003, 0.006, 0.008.
    """
    steps = np.diff(times)
    middle = float(np.median(steps))
    # Times that were rounded have the right step only in the mean.
    mean = float(times[-1] - times[0]) / float(np.maximum(1, np.rint(steps / middle)).sum())
    quantum = _quantum(times - times[0])
    usual, counts, off = min((_against(steps, one, quantum) for one in (mean, middle)), key=lambda made: made[2].sum())
    where = np.flatnonzero(counts > 1)
    return Spacing(
        step=usual,
        unit=unit,
        holes=tuple(Hole(row=int(i) + 1, missing=int(counts[i]) - 1) for i in where),
        uneven=tuple((np.flatnonzero(off) + 2).tolist()),
    )


def _against(steps: Times, usual: float, quantum: float) -> tuple[float, Times, NDArray[np.bool_]]:
    """The usual step, the number of usual steps in each step, and which steps are no multiple of it."""
    counts = np.maximum(1, np.rint(steps / usual))
    return usual, counts, np.abs(steps - counts * usual) > max(JITTER * usual, 1.01 * quantum)


def _quantum(times: Times) -> float:
    """One unit of the last decimal with which times are written; 0 if they have too many decimals."""
    for decimals in range(_DECIMALS):
        scaled = times * 10.0**decimals
        if np.abs(scaled - np.rint(scaled)).max() < 0.01:
            return float(10.0**-decimals)
    return 0.0


def rises(times: Times) -> bool:
    """Whether there are at least two times (time,), all are finite, and each is later than the one before."""
    return len(times) > 1 and bool(np.isfinite(times).all()) and bool((np.diff(times) > 0).all())


def named_time(name: str) -> bool:
    """Whether a column has a name that only a time has, such as time, date, time_ms, seconds or t [s]."""
    words = _words(name)
    return bool(words) and (words[0] in _NAMED or (words[0] in {*_ALSO, *_SECONDS} and seconds_of(name) is not None))


def perhaps_time(name: str) -> bool:
    """Whether a rising column may be a time by its name; t, index, sample and the like count too."""
    words = _words(name)
    return not words or words[0] in _NAMED | _ALSO | set(_SECONDS)


def seconds_of(name: str) -> float | None:
    """The seconds in the unit that a column's name states, such as time_ms or t [s]; None if it states none."""
    words = _words(name)
    if not words or (len(words) == 1 and len(words[0]) == 1 and words[0] != "s"):
        return None
    return _SECONDS.get(words[-1])


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-zµ]+", name.strip().casefold()) if word]
