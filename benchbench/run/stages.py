"""The stages of a run as functions of the records so far: tuning, its best again, the study itself, more seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchbench.core.record import Record
from benchbench.core.spec import Trial
from benchbench.core.tuning import Tuned
from benchbench.run.resolve import Resolve

TUNING, AGAIN, ADDED = "tuning", "tuning at the longest rung", "further seeds"


class Stage(NamedTuple):
    """Trials that do not depend on each other. ``name`` is empty for the study itself; ``notes`` say why they run."""

    name: str
    trials: Sequence[Trial]
    notes: Sequence[str] = ()

    def missing(self, done: Mapping[str, Record]) -> list[Trial]:
        """The trials that have no record yet."""
        return [trial for trial in self.trials if trial.key not in done]


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The stages of a run. ``grid`` has the study's trials; ``done`` has records by the keys of their trials."""

    grid: Sequence[Trial]
    tuned: Tuned | None = None
    resolve: Resolve | None = None

    def known(self, done: Mapping[str, Record]) -> list[Stage]:
        """The stages whose trials are known: all complete ones, and the next."""
        found: list[Stage] = []
        for stage in self._each(done):
            found.append(stage)
            if stage.missing(done):
                break
        return found

    def ahead(self, done: Mapping[str, Record]) -> list[Trial]:
        """Trials without a record that represent all trials that may still run, so that these can be checked first."""
        stage = self.known(done)[-1]
        if self.tuned is not None and stage.name in (TUNING, AGAIN) and stage.missing(done):
            return [trial for trial in self.tuned.possible() if trial.key not in done]
        return stage.missing(done)

    def _each(self, done: Mapping[str, Record]) -> Iterator[Stage]:
        """Yield the stages in order; each one needs all records of those before it."""
        grid = self.grid
        if self.tuned is not None:
            yield Stage(TUNING, self.tuned.search_trials())
            yield Stage(AGAIN, self.tuned.final_trials(done))
            grid = self.tuned.result_trials(done)
        yield Stage("", grid)
        if self.resolve is not None:
            yield Stage(ADDED, *self.resolve.further(grid, done))
