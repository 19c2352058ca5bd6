"""What goes wrong in the field, shown on our own implementations: ONE FILE EACH, found by being here."""

import importlib
import pkgutil
from collections.abc import Callable

from benchbench.core.errors import unknown
from benchbench.core.pitfall import Pitfall


def names() -> list[str]:
    """The pitfalls there are, sorted: the names of the files."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def get(name: str) -> Callable[[], Pitfall]:
    """The function that shows a pitfall; InputError with the nearest known name where there is none."""
    if name not in names():
        raise unknown("pitfall", name, names())
    show: Callable[[], Pitfall] = importlib.import_module(f"{__name__}.{name}").show
    return show


def summary(name: str) -> str:
    """The first line of a pitfall's file."""
    return (get(name).__globals__["__doc__"] or "").strip().partition("\n")[0]
