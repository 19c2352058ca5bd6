"""How many seeds, lengths and updates fit into the minutes that there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from benchbench.core.errors import InputError
from benchbench.run.advise.timing import Timing

FEWEST_UPDATES, MOST_UPDATES = 100, 2_000
FEWEST_SEEDS = 3
SHARE = 0.9  # of the time that is planned for; the rest is for what nobody foresees
_ROOM = 1.2  # of the minutes that a message asks for, since the next timing differs
_WISHES = ((2, 10, MOST_UPDATES), (2, 5, 500), (1, 10, MOST_UPDATES), (1, 5, 300), (1, FEWEST_SEEDS, FEWEST_UPDATES))
"""Lengths, seeds and the fewest updates with which these are taken, the best first."""


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What a study has, and about how many ``seconds`` it takes from its beginning to its last record."""

    lengths: tuple[int, ...]
    seeds: int
    updates: int
    seconds: float


def amounts(timing: Timing, lengths: Sequence[int], seconds: float, *, spent: float, after: float) -> Amounts:
    """The best study that takes at most ``seconds``, of which ``spent`` are gone and ``after`` are kept for the report.

    More lengths, then more seeds come before more updates, which are 100 to 2,000; at least three seeds, since verdicts
    rest on them. InputError that says how many minutes it would take where not even three seeds of 100 updates fit.
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
        f"{ceil(10 * needed) / 10:g} minutes on this machine, as busy as it is now. Give --minutes "
        f"{ceil(_ROOM * needed):g}, or more"
    )


def _most_updates(timing: Timing, lengths: Sequence[int], seeds: int, seconds: float) -> int:
    """The most updates that fit, in two digits; 0 where none do."""
    low, high = 0, MOST_UPDATES
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if timing.study_seconds(lengths, seeds, middle) <= seconds else (low, middle - 1)
    digits = int(10 ** max(0, len(str(low)) - 2))
    return low // digits * digits
