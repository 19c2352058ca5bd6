"""Where pandas keeps strings while a report is made."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import pandas as pd

P = ParamSpec("P")
R = TypeVar("R")


def python_strings(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function of many small frames keep strings in Python's arrays: Arrow's, which pandas prefers, are slow."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with pd.option_context("mode.string_storage", "python"):
            return function(*args, **kwargs)

    return inside
