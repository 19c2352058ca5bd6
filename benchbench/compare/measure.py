"""What is compared: the name of a measure, its kind, and whether lower or higher is better."""

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
    """One measure: times in seconds, memory in bytes, a score in the unit of its metric."""

    name: str
    kind: Kind
    better: Literal["lower", "higher"] = "lower"

    @property
    def title(self) -> str:
        """Its name and, of a score, its direction."""
        return f"{self.name} ({self.better} is better)" if self.kind == "score" else self.name

    def verdict(self, *, grown: bool) -> str:
        """The word for a B that is larger than A (``grown``), or smaller."""
        worse, better = _WORDS[self.kind]
        return worse if grown == (self.better == "lower") else better
