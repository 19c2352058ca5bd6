"""Put gaps and outliers into a signal, as input for cleaning."""

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError

_OFF = (2.0, 5.0)  # the least and the largest error of an outlier, in units of the signal
_MOST = 0.5  # largest share of the samples, so that gaps do not touch


def corrupted(
    rng: np.random.Generator, signal: NDArray[np.float64], *, gaps: float, outliers: float, longest: int
) -> NDArray[np.float64]:
    """A copy of a signal (time,) in which a share ``gaps`` is NaN and a share ``outliers`` is off by 2 to 5 units.

    A gap has at most ``longest`` samples and does not touch another gap, the beginning or the end. Raises InputError
    for shares above a half, and for signals that are too short.
    """
    for name, share in (("gaps", gaps), ("outliers", outliers)):
        if share > _MOST:
            raise InputError(f"{name}: {share:g} of the samples is too much; give at most {_MOST:g}")
    made = np.array(signal, dtype=np.float64)
    count = round(outliers * len(made))
    off = rng.uniform(*_OFF, count) * rng.choice([-1.0, 1.0], count)
    made[rng.choice(len(made), count, replace=False)] += off
    wanted = round(gaps * len(made))
    lengths: list[int] = []
    while (left := wanted - sum(lengths)) > 0:
        lengths.append(int(rng.integers(1, min(longest, left) + 1)))
    free = len(made) - 2 - wanted - len(lengths)
    if free < 0:
        raise InputError(f"{len(made)} samples are too few for {len(lengths)} gaps that do not touch; take more")
    before = np.sort(rng.integers(0, free + 1, len(lengths)))
    start = 1
    for length, place in zip(lengths, np.diff(before, prepend=0).tolist(), strict=True):
        start += place
        made[start : start + length] = np.nan
        start += length + 1
    return made
