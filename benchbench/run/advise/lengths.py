"""Window lengths for a signal: one and two of its periods, within bounds."""

from benchbench.core.errors import InputError
from benchbench.core.windows import chronological

SHORTEST, LONGEST = 20, 300  # steps in a window
_WITHOUT = (50, 100)  # for a signal without a period
_FEWEST = 10  # steps in a window of a short signal


def window_lengths(period: float | None, samples: int, horizon: int) -> tuple[int, ...]:
    """One or two window lengths in steps, the shorter first: one and two periods if these lie between 20 and 300 steps.

    A period of fewer than 20 steps is repeated until it reaches 20. Without a period the lengths are 50 and 100 steps;
    with a period of more than 300 steps they are 150 and 300. Each part of the split signal of ``samples`` must hold a
    window. InputError if not even a window of 10 steps fits.
    """
    most = _longest(samples, horizon)
    if period is None:
        first, second = _WITHOUT
    else:
        first = round(period * max(1, -(-SHORTEST // period))) if period <= LONGEST else LONGEST // 2
        second = min(2 * first, LONGEST)
    return tuple(sorted({min(first, most), min(second, most)}))


def _longest(samples: int, horizon: int) -> int:
    """The longest window with which a signal can be split; InputError if it is too short for any."""
    length = _FEWEST
    try:
        chronological(samples, _FEWEST, horizon)
    except InputError as error:
        said = str(error).replace("a shorter length", "a shorter horizon")
        raise InputError(f"the signal is too short: {said}") from None
    while length < LONGEST:
        try:
            chronological(samples, length + 1, horizon)
        except InputError:
            break
        length += 1
    return length
