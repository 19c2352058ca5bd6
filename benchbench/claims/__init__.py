"""Published numbers as programs, one file each; every file in this folder is a claim.

Files whose names begin with ``_`` hold code that several claims share.
"""

import sys

from benchbench.core import catalogue
from benchbench.core.claim import Claim

SHORT = 30.0  # seconds on one core: longer claims run only when they are named

_HERE = sys.modules[__name__]


def names() -> list[str]:
    """The names of all claims, sorted."""
    return catalogue.names(_HERE)


def get(name: str) -> Claim:
    """The claim of that name; InputError with the nearest known name where there is none."""
    found: Claim = catalogue.entry(_HERE, name, "claim").CLAIM
    return found


def summary(name: str) -> str:
    """The first line of the docstring of a claim's file."""
    return catalogue.summary(catalogue.entry(_HERE, name, "claim"))
