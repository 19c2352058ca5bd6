"""Three words with one meaning each, and the groups of a ranking that follow from them."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchbench.statistics.intervals import Interval

Word = Literal["better", "tie", "open"]
BETTER: Word = "better"
TIE: Word = "tie"
OPEN: Word = "open"


def word(gap: Interval, adjusted: float, margin: float, alpha: float, *, most: bool = True) -> Word:
    """The verdict on a pair, from the interval of its differences and Holm's p-value.

    *better*: the interval excludes no difference, also after Holm's procedure, and who is ahead wins ``most`` of the
    units, those with a failure included. *tie*: the interval lies within ``margin`` of no difference. *open*: neither.
    A difference that is certain but small is called better, and the effect says how small.
    """
    if adjusted < alpha and most:
        return BETTER
    return TIE if -margin <= gap.low and gap.high <= margin else OPEN


def ranks(better: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rank group of each competitor (n,): one more than the number of those that are better than it.

    ``better`` is (n, n), true where the row is better than the column.
    """
    found: NDArray[np.int64] = better.sum(axis=0, dtype=np.int64) + 1
    return found
