"""Published numbers as programs: ONE FILE EACH, found by being here; what several share is in ``benchbench.run``."""

import importlib
import pkgutil

from benchbench.core.claim import Claim
from benchbench.core.errors import unknown

SHORT = 30.0  # seconds on one core: what takes longer is run when asked for


def names() -> list[str]:
    """The claims there are, sorted: the names of the files."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def get(name: str) -> Claim:
    """A claim by name; InputError with the nearest known name where there is none."""
    if name not in names():
        raise unknown("claim", name, names())
    claim: Claim = importlib.import_module(f"{__name__}.{name}").CLAIM
    return claim


def summary(name: str) -> str:
    """The first line of a claim's file."""
    return (importlib.import_module(f"{__name__}.{name}").__doc__ or "").strip().partition("\n")[0]
