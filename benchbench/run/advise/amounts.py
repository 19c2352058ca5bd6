"""How many seeds, lengths and updates fit into the given minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from benchbench.core.errors import InputError
from benchbench.run.advise.timing import Timing

FEWEST_UPDATES, MOST_UPDATES = 100, 2_000
FEWEST_SEEDS = 3
SHARE = 0.9  # of the time is planned; the rest is a reserve
_ROOM = 1.2  # of the minutes that a message asks for, since the next timing differs
_WISHES = ((2, 10, MOST_UPDATES), (2, 5, 500), (1, 10, MOST_UPDATES), (1, 5, 300), (1, FEWEST_SEEDS, FEWEST_UPDATES))
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

    More lengths come first, then more seeds, then more updates (100 to 2,000). There are at least three seeds, since
    verdicts need them. InputError that says how many minutes would do, if not even three seeds of 100 updates fit.
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
    least = spent + after + timing.study_seconds(lengths[:1], FEWEST_SEEDS, FEWEST_UPDATES)
    needed = least / SHARE / 60
    raise InputError(
        f"--minutes {seconds / 60:g} is too few: {FEWEST_SEEDS} seeds of {FEWEST_UPDATES} updates take about "
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
