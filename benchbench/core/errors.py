"""The two kinds of error, which are kept apart: errors in a user's input, and failures of a competitor."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches


class InputError(ValueError):
    """A study, plug-in or signal is wrong; the message names what is wrong, where, and what would be right."""


class UnsupportedError(NotImplementedError):
    """A learner declines a problem that it cannot solve, such as one with more than one scored step."""


class FormError(ValueError):
    """A part of a competitor does not have the form that the harness asks for; the message names that form."""


class DivergedError(Exception):
    """A fit or a prediction gave numbers that are not finite."""


def unknown(kind: str, name: object, known: Iterable[str], where: str = "", *, like: float = 0.5) -> InputError:
    """The InputError for an unknown name; its message gives all allowed names.

    It also gives the nearest of them if its ratio (``difflib``) to the unknown name is at least ``like``.
    """
    allowed = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in allowed}
    near = get_close_matches(str(name).casefold(), folded, n=1, cutoff=like)
    hint = f"; did you mean {folded[near[0]]!r}?" if near else "."
    place = f"{where}: " if where else ""
    return InputError(f"{place}unknown {kind} {short(str(name))}{hint} Allowed: {', '.join(allowed) or 'none'}")


def nearest(name: object, known: Iterable[str], most: int = 5) -> list[str]:
    """The known names that are most like one, the nearest first; whole words and beginnings count, case does not."""
    asked = str(name).casefold()

    def place(candidate: str) -> float:
        parts = (candidate.casefold(), candidate.casefold().rpartition("/")[2])
        return max(SequenceMatcher(None, asked, part).ratio() for part in parts)

    return sorted(known, key=lambda candidate: (-place(candidate), candidate))[:most]


def short(value: object, limit: int = 80) -> str:
    """The ``repr`` of a value for use in a message, cut to ``limit`` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
