"""In which order names and values stand, wherever they stand side by side."""

import re
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd

_FIRST = ("rnn", "lstm", "gru", "esn")


def natural(text: object) -> list[tuple[int, float, str]]:
    """A key that sorts texts by the numbers in them: h16, h32, h128."""
    pieces = re.split(r"(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)", str(text))
    found = [(0, float(piece), "") if i % 2 else (1, 0.0, piece) for i, piece in enumerate(pieces) if piece]
    return [*found, (2, 0.0, str(text))]  # h01 and h1 are not the same


def order(names: Iterable[str], baselines: Collection[str] = ()) -> list[str]:
    """Distinct architecture names: the classics, then the others by name, then the baselines."""
    rank = {name: i for i, name in enumerate(_FIRST)}

    def place(name: str) -> tuple[bool, int, Any]:
        first = rank.get(re.split(r"[ ,:(]", name, maxsplit=1)[0], len(_FIRST))  # a label may begin with one of them
        return name in baselines, first, natural(name)

    return sorted(set(names), key=place)


def baselines(frame: pd.DataFrame) -> frozenset[str]:
    """The architectures of a frame that are there to be beaten."""
    return frozenset(frame.loc[frame["baseline"], "architecture"])


def ordered(frame: pd.DataFrame) -> list[str]:
    """The architectures of a frame in the order of ``order``."""
    return order(frame["architecture"], baselines(frame))


def networks(frame: pd.DataFrame) -> list[str]:
    """The architectures of a frame that are no baselines, in the order of ``order``."""
    return order(set(frame["architecture"]) - baselines(frame))


def parts(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """A frame by the values of a text column, in their natural order."""
    found = [(str(value), part) for value, part in frame.groupby(column)]
    return sorted(found, key=lambda item: natural(item[0]))


def several(frame: pd.DataFrame, column: str) -> bool:
    """Whether a column has more than one value."""
    return len(set(frame[column])) > 1


def listed(names: list[str], most: int = 4) -> str:
    """Names as a sentence has them, "a, b and c", the last ones counted where they are many."""
    if not names:
        return ""
    rest = len(names) - most
    *first, last = names if rest <= 1 else [*names[:most], f"{rest} more"]
    return f"{', '.join(first)} and {last}" if first else last
