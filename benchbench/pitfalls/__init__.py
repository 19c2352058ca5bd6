"""Common mistakes of the field, shown on our own implementations, one file each; every file here is a pitfall."""

import sys
from collections.abc import Callable

from benchbench.core import catalogue
from benchbench.core.pitfall import Pitfall

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """The names of all pitfalls, sorted."""
    return catalogue.names(_HERE)


def get(name: str) -> Callable[..., Pitfall]:
    """The function that shows a pitfall; InputError with the nearest known name where there is none."""
    found: Callable[..., Pitfall] = catalogue.entry(_HERE, name, "pitfall").show
    return found


def show(name: str) -> Pitfall:
    """Run a pitfall under the switches of a trial."""
    from benchbench.measure.switches import as_in_a_trial

    with as_in_a_trial():
        return get(name)()


def summary(name: str) -> str:
    """The first line of the docstring of a pitfall's file."""
    return catalogue.summary(catalogue.entry(_HERE, name, "pitfall"))
