"""Measures that are compared: their name, kind, and whether lower or higher is better."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["time", "memory", "score"]

_WORDS: dict[Kind, tuple[str, str]] = {
    "time": ("slower", "faster"),
    "memory": ("more", "less"),
    "score": ("worse", "better"),
}
WORSE = tuple(worse for worse, _ in _WORDS.values())
BETTER = tuple(better for _, better in _WORDS.values())


@dataclass(frozen=True)
class Measure:
    """A measure: a time in seconds, memory in bytes, or a score in the unit of its metric."""

    name: str
    kind: Kind
    better: Literal["lower", "higher"] = "lower"

    @property
    def title(self) -> str:
        """The name of the measure, with the direction of a score."""
        return f"{self.name} ({self.better} is better)" if self.kind == "score" else self.name

    def verdict(self, *, grown: bool) -> str:
        """The word for B where it is larger than A (``grown``) or smaller."""
        worse, better = _WORDS[self.kind]
        return worse if grown == (self.better == "lower") else better
