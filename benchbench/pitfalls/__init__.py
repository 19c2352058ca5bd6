"""What goes wrong in the field, shown on our own implementations: ONE FILE EACH, found by being here."""

import sys
from collections.abc import Callable

from benchbench.core import catalogue
from benchbench.core.pitfall import Pitfall

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """The pitfalls there are, sorted: the names of the files."""
    return catalogue.names(_HERE)


def get(name: str) -> Callable[..., Pitfall]:
    """The function that shows a pitfall; InputError with the nearest known name where there is none."""
    found: Callable[..., Pitfall] = catalogue.entry(_HERE, name, "pitfall").show
    return found


def show(name: str) -> Pitfall:
    """A pitfall, shown under the switches of a trial."""
    from benchbench.measure.switches import as_in_a_trial

    with as_in_a_trial():
        return get(name)()


def summary(name: str) -> str:
    """The first line of a pitfall's file."""
    return catalogue.summary(catalogue.entry(_HERE, name, "pitfall"))
