"""Published numbers as programs: ONE FILE EACH, found by being here.

What several claims share stands in files that begin with ``_``.
"""

import sys

from benchbench.core import catalogue
from benchbench.core.claim import Claim

SHORT = 30.0  # seconds on one core: what takes longer is run when asked for

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """The claims there are, sorted: the names of the files."""
    return catalogue.names(_HERE)


def get(name: str) -> Claim:
    """A claim by name; InputError with the nearest known name where there is none."""
    found: Claim = catalogue.entry(_HERE, name, "claim").CLAIM
    return found


def summary(name: str) -> str:
    """The first line of a claim's file."""
    return catalogue.summary(catalogue.entry(_HERE, name, "claim"))
