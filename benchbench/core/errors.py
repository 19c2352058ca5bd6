"""The two kinds of error that are never mixed: a wrong study, and a competitor that failed."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches


class InputError(ValueError):
    """The study, plug-in or signal is wrong; its message says what to mend and where."""


class UnsupportedError(NotImplementedError):
    """A learner declines a problem that it cannot do, such as more than one scored step."""


class FormError(ValueError):
    """A competitor's part does not have the form that the harness asks for; its message says which."""


class DivergedError(Exception):
    """A fit or a prediction left the finite numbers."""


def unknown(kind: str, name: object, known: Iterable[str], where: str = "") -> InputError:
    """The error for a name that does not exist: it tells the nearest known name and all allowed ones."""
    allowed = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in allowed}
    near = get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.5)
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
    """A value as it goes into a message: one line, not longer than ``limit``."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
