"""The order of names and values in tables, lists and figures, and lists of names in sentences."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pandas as pd

_FIRST = ("rnn", "lstm", "gru", "esn")


def natural(text: object) -> list[tuple[int, float, str]]:
    """A key that sorts texts by the numbers in them: h16, h32, h128."""
    pieces = re.split(r"(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)", str(text))
    found = [(0, float(piece), "") if i % 2 else (1, 0.0, piece) for i, piece in enumerate(pieces) if piece]
    return [*found, (2, 0.0, str(text))]  # so that h01 and h1 differ


def order(names: Iterable[str], baselines: Collection[str] = ()) -> list[str]:
    """Distinct architecture names: rnn, lstm, gru and esn, then the others by name, then the baselines."""
    rank = {name: i for i, name in enumerate(_FIRST)}

    def place(name: str) -> tuple[bool, int, Any]:
        first = rank.get(re.split(r"[ ,:(]", name, maxsplit=1)[0], len(_FIRST))  # a label may begin with one of them
        return name in baselines, first, natural(name)

    return sorted(set(names), key=place)


def baselines(frame: pd.DataFrame) -> frozenset[str]:
    """The architectures of a frame that are baselines."""
    return frozenset(frame.loc[frame["baseline"], "architecture"])


def ordered(frame: pd.DataFrame) -> list[str]:
    """The architectures of a frame in the order of ``order``."""
    return order(frame["architecture"], baselines(frame))


def networks(frame: pd.DataFrame) -> list[str]:
    """The architectures of a frame that are not baselines, in the order of ``order``."""
    return order(set(frame["architecture"]) - baselines(frame))


def parts(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The parts of a frame by the values of a text column, in natural order."""
    found = [(str(value), part) for value, part in frame.groupby(column)]
    return sorted(found, key=lambda item: natural(item[0]))


def several(frame: pd.DataFrame, column: str) -> bool:
    """Whether a column has more than one value."""
    return len(set(frame[column])) > 1


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence, "a, b and c"; a name with a comma in it is quoted, and too many are counted."""
    return in_a_row([quoted(name) for name in names], most)


def in_a_row(phrases: Sequence[str], most: int = 4) -> str:
    """Phrases in a sentence, "a, b and c"; those after the first ``most`` are counted."""
    if not phrases:
        return ""
    rest = len(phrases) - most
    *first, last = phrases if rest <= 1 else [*phrases[:most], f"{rest} more"]
    return f"{', '.join(first)} and {last}" if first else last


def at_length(values: Iterable[Any]) -> str:
    """Distinct lengths in a sentence, "at lengths 100 and 200"."""
    found = [str(length) for length in sorted(set(values))]
    return f"at length{'s' * (len(found) > 1)} {listed(found, len(found))}"


def quoted(name: str) -> str:
    """A name for a sentence: in quotes if it contains a comma, as "rnn, cosine" does."""
    return f'"{name}"' if "," in name else name
