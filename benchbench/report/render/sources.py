"""Keeps which trials each number on a page comes from, and writes each trial and each set of trials only once."""

from collections.abc import Callable, Sequence
from typing import Any

from benchbench.report.page.blocks import Source

Find = Callable[[tuple[str, str]], list[Any]]
TEXTS = (2, 3, 5, 6, 7)
"""The positions of texts among a trial's facts: architecture, task, condition, file, status."""


class TrialSets:
    """Numbers the sets of trials on a page, and keeps the facts that a reader can see about each trial.

    ``find`` returns a trial's facts by key and machine: short key, seed, architecture, task, length, condition, file
    and status.
    """

    def __init__(self, find: Find | None) -> None:
        self._find = find
        self._sets: dict[tuple[int, ...], int] = {}
        self._trials: dict[tuple[str, str], int] = {}

    def number(self, sources: Sequence[Source]) -> int | None:
        """The number of a cell's set of trials; None if it has no trials."""
        if self._find is None or not sources:
            return None
        trials = dict.fromkeys(trial for one in sources for trial in one.trials)
        found = tuple(self._trials.setdefault(trial, len(self._trials)) for trial in trials)
        return self._sets.setdefault(found, len(self._sets))

    def table(self) -> dict[str, Any]:
        """The sets, the trials, and the texts that the trials' facts refer to by number."""
        words: dict[str, int] = {}
        rows = []
        for trial in self._trials:
            facts = self._find(trial) if self._find else []
            rows.append([words.setdefault(of, len(words)) if i in TEXTS else of for i, of in enumerate(facts)])
        return {"sources": [list(one) for one in self._sets], "trials": rows, "words": list(words)}
