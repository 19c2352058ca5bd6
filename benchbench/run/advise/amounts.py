"""How many seeds, lengths and updates fit into the given minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from benchbench.core.errors import InputError
from benchbench.run.advise.timing import Timing

FEWEST_UPDATES, MOST_UPDATES = 100, 2_000
SHARE = 0.9  # of the time is planned; the rest is a reserve
_ROOM = 1.2  # a message asks for so many times the minutes, since the next timing may differ
_WISHES = (
    (2, 10, MOST_UPDATES), (2, 5, 500),
    (1, 10, MOST_UPDATES), (1, 5, 300), (1, 3, FEWEST_UPDATES), (1, 1, FEWEST_UPDATES),
)  # fmt: skip
"""Number of lengths, number of seeds, and the fewest updates for which these are chosen; the best choice first."""


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """The amounts of a study, and about how many ``seconds`` it takes from its start to its last record."""

    lengths: tuple[int, ...]
    seeds: int
    updates: int
    seconds: float


def amounts(timing: Timing, lengths: Sequence[int], seconds: float, *, spent: float, after: float) -> Amounts:
    """The largest study that fits into ``seconds``, of which ``spent`` have passed and ``after`` are for the report.

    More lengths come first, then more seeds, then more updates (100 to 2,000). There are three seeds or more, since
    verdicts need them, unless only one fits. InputError that says how many minutes would do, if not even one seed of
    100 updates fits.
    """
    left = SHARE * seconds - spent - after
    for count, seeds, fewest in _WISHES:
        if count > len(lengths):
            continue
        some = tuple(lengths[:count])
        updates = _most_updates(timing, some, seeds, left)
        if updates >= fewest:
            return Amounts(
                lengths=some, seeds=seeds, updates=updates, seconds=timing.study_seconds(some, seeds, updates)
            )
    least = spent + after + timing.study_seconds(lengths[:1], 1, FEWEST_UPDATES)
    needed = least / SHARE / 60
    raise InputError(
        f"--minutes {seconds / 60:g} is too few: one seed of {FEWEST_UPDATES} updates takes about "
        f"{ceil(10 * needed) / 10:g} minutes on this machine at its present load. Give --minutes "
        f"{ceil(_ROOM * needed):g}, or more"
    )


def _most_updates(timing: Timing, lengths: Sequence[int], seeds: int, seconds: float) -> int:
    """The largest number of updates that fits, rounded down to two digits; 0 if none fits."""
    low, high = 0, MOST_UPDATES
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if timing.study_seconds(lengths, seeds, middle) <= seconds else (low, middle - 1)
    digits = int(10 ** max(0, len(str(low)) - 2))
    return low // digits * digits
