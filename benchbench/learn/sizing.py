"""Solve the width for a parameter limit, so that competitors of the same size meet."""

import operator
from collections.abc import Callable

from benchbench.core.errors import InputError
from benchbench.core.problem import Learner, Size

WIDEST = 2**20


def size_of(learner: Learner) -> Size:
    """The size that a learner states; TypeError where it states none."""
    size = learner.size
    if callable(size):  # a method where the protocol has a property
        size = size()
    if not isinstance(size, Size):
        raise TypeError(f"size must be a benchbench.Size, not {type(size).__name__}")
    size = Size(trained=operator.index(size.trained), fixed=operator.index(size.fixed))  # NumPy's numbers too
    if min(size.trained, size.fixed) < 0:
        raise ValueError(f"size counts numbers, so it cannot be negative: {size}")
    return size


def solve_width(make: Callable[[int], Learner], limit: int) -> int:
    """The largest width whose learner holds at most ``limit`` numbers, trained + fixed.

    A learner whose size does not depend on the width gets width 1. InputError where even width 1 is too large. Assumes
    what the contract checks: size never shrinks with width.
    """

    def total(width: int) -> int:
        return size_of(make(width)).total

    smallest = total(1)
    if smallest > limit:
        raise InputError(f"parameters = {limit}: no width meets this limit; the narrowest has {smallest} numbers")
    fits, too_wide = 1, 2
    while too_wide <= WIDEST and total(too_wide) <= limit:
        fits, too_wide = too_wide, too_wide * 2
    if too_wide > WIDEST:
        return 1 if total(fits) == smallest else fits
    while too_wide - fits > 1:
        middle = (fits + too_wide) // 2
        if total(middle) <= limit:
            fits = middle
        else:
            too_wide = middle
    return fits
