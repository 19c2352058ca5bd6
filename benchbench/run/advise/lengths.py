"""Window lengths for a signal: one and two of its periods, within bounds."""

from benchbench.core.errors import InputError
from benchbench.core.windows import chronological

SHORTEST, LONGEST = 20, 300  # steps in a window
_WITHOUT = (50, 100)  # where there is no period
_FEWEST = 10  # steps in a window of a short signal


def window_lengths(period: float | None, samples: int, horizon: int) -> tuple[int, ...]:
    """One or two lengths, rising: one and two periods where these lie between 20 and 300 steps, or near that.

    A shorter period is taken as often as it takes to reach 20 steps; without a period, or with a longer one, windows
    are 50 and 100, or 150 and 300 steps. Of a signal of ``samples`` each part must hold a window. InputError where not
    even a window of 10 steps fits.
    """
    most = _longest(samples, horizon)
    if period is None:
        first, second = _WITHOUT
    else:
        first = round(period * max(1, -(-SHORTEST // period))) if period <= LONGEST else LONGEST // 2
        second = min(2 * first, LONGEST)
    return tuple(sorted({min(first, most), min(second, most)}))


def _longest(samples: int, horizon: int) -> int:
    """The longest window for which a signal can be split; InputError where it is too short for any."""
    length = _FEWEST
    try:
        chronological(samples, _FEWEST, horizon)
    except InputError as error:
        said = str(error).replace("a shorter length", "a shorter horizon")
        raise InputError(f"too short a signal: {said}") from None
    while length < LONGEST:
        try:
            chronological(samples, length + 1, horizon)
        except InputError:
            break
        length += 1
    return length
