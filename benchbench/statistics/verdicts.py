"""The three verdicts on a pair (better, tie, open), and the rank groups that follow from them."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchbench.statistics.intervals import Interval

Verdict = Literal["better", "tie", "open"]
BETTER: Verdict = "better"
TIE: Verdict = "tie"
OPEN: Verdict = "open"


def verdict_of(gap: Interval, adjusted: float, margin: float, alpha: float, *, most: bool = True) -> Verdict:
    """The verdict on a pair, from the interval of its differences and its p-value ``adjusted`` by Holm's procedure.

    *better*: the adjusted p-value is below ``alpha``, and the competitor with the better mean wins ``most`` of the
    units, those with a failure included. *tie*: the interval lies within ``margin`` of no difference. *open*: neither.
    A difference that is significant but small is called better; the effect says how small it is.
    """
    if adjusted < alpha and most:
        return BETTER
    return TIE if -margin <= gap.low and gap.high <= margin else OPEN


def ranks(better: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rank group of each competitor, (competitor,): one more than the number of competitors that beat it.

    ``better`` (competitor, competitor) is true where the row is better than the column.
    """
    found: NDArray[np.int64] = better.sum(axis=0, dtype=np.int64) + 1
    return found
