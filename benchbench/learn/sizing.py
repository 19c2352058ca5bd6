"""Solve for the width that meets a parameter limit, so that competitors of about the same size are compared."""

import operator
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

from benchbench.core.errors import InputError, UnsupportedError, short
from benchbench.core.problem import Learner, Size

ANY_WIDTH: Sequence[int] = range(1, 2**20 + 1)
_LATER = 64  # a learner with one size at all of its first 64 widths has that size at every width


def size_of(learner: Learner) -> Size:
    """The size of a learner.

    Raises TypeError where ``learner.size`` is not a Size, and ValueError where it is negative.
    """
    size = learner.size
    if callable(size):  # the learner has a method where the protocol has a property
        size = size()
    if not isinstance(size, Size):
        raise TypeError(f"size must be a benchbench.Size, not {type(size).__name__}")
    # NumPy's whole numbers become plain ones
    size = Size(trained=operator.index(size.trained), fixed=operator.index(size.fixed))
    if min(size.trained, size.fixed) < 0:
        raise ValueError(f"size is {size}: trained and fixed count numbers, so they must be 0 or more")
    return size


def widths_of(learner: Learner) -> Sequence[int]:
    """The widths that a learner can have: its ``widths``, or every width where it has none.

    Raises ValueError unless ``widths`` are whole numbers from 1 in increasing order.
    """
    widths: Sequence[int] = getattr(learner, "widths", ANY_WIDTH)
    if widths is ANY_WIDTH:
        return widths
    numbers = [0, *widths]
    if len(numbers) < 2 or any(type(wide) is not int or wide <= narrow for narrow, wide in pairwise(numbers)):
        raise ValueError(f"widths must be whole numbers from 1, in increasing order, not {short(widths)}")
    return widths


def require_width(learner: Learner, width: int) -> None:
    """Raise UnsupportedError where a learner cannot have ``width``."""
    widths = widths_of(learner)
    if width in widths:
        return
    place = bisect_right(widths, width)
    near = " and ".join(str(one) for one in widths[max(0, place - 1) : place + 1])
    raise UnsupportedError(f"it cannot have the width {width}; the nearest that it can have: {near}")


def solve_width(make: Callable[[int], Learner], limit: int) -> int:
    """The largest width at which the learner holds at most ``limit`` numbers, trained and fixed.

    A learner whose size does not depend on its width gets its smallest width. Raises UnsupportedError where such a
    learner is larger than ``limit``, and InputError where any other learner is larger even at its smallest width. The
    search relies on a promise of the contract: the size never shrinks as the width grows.
    """
    widths = widths_of(make(1))

    def total(place: int) -> int:
        return size_of(make(widths[place])).total

    smallest = total(0)
    if smallest > limit:
        if total(min(_LATER, len(widths)) - 1) == smallest:
            raise UnsupportedError(f"it has {smallest:,} numbers at any width, more than parameters = {limit:,}")
        raise InputError(f"parameters = {limit}: no width meets this limit; the narrowest has {smallest} numbers")
    fits, too_wide = 0, 1
    while too_wide < len(widths) and total(too_wide) <= limit:
        fits, too_wide = too_wide, 2 * too_wide + 1
    if too_wide >= len(widths) and total(fits) == smallest:
        return widths[0]
    too_wide = min(too_wide, len(widths))
    while too_wide - fits > 1:
        middle = (fits + too_wide) // 2
        if total(middle) <= limit:
            fits = middle
        else:
            too_wide = middle
    return widths[fits]
