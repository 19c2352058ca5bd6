"""Tuning: chooses the option set with which each competitor is reported, on data of its own and validation alone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf

from benchbench.core.errors import unknown
from benchbench.core.ladder import Ladder
from benchbench.core.marks import ranked
from benchbench.core.options import Among, Search, Space
from benchbench.core.record import Record
from benchbench.core.spec import Budget, Frozen, Name, Options, Positive, Trial
from benchbench.core.tries import Sampler

FIRST_SEED = 1_000_000  # the first seed of a tuning's data; the reported trials have far lower seeds

TuningKey = tuple[str, str, str]
"""A task, its options, and a competitor."""


class _Ends(Frozen):
    low: float
    high: float
    log: bool = False


def _space(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return Among(*value)
    if isinstance(value, Search | Among):
        return value
    if not isinstance(value, dict):
        raise ValueError("a space is a list of values, or { low = 1e-4, high = 1e-2, log = true }")  # noqa: TRY004
    for key in value:
        if key not in _Ends.model_fields:
            raise unknown("key", key, _Ends.model_fields)
    ends = _Ends.model_validate(value)
    return Search(ends.low, ends.high, log=ends.log)


Spaces = dict[str, Annotated[InstanceOf[Search] | InstanceOf[Among], BeforeValidator(_space)]]
"""Search spaces by the name of the option."""


def _searching(tries: int) -> int:
    if tries == 1:
        raise ValueError("1 try is the option set as the study has it, so nothing is searched: write 2 or more")
    return tries


class Tuning(Frozen):
    """The table [tuning] of a study: how option sets are chosen.

    Every competitor with a search space gets the same number of ``tries``, the first of which is the option set in the
    study. Each try is fitted on ``seeds`` seeds of the tuning's own, at one ``length`` (by default the middle one of
    the study) and under one ``budget`` of the study (by default its only one). The ``best`` tries are fitted again
    under the longest rung of that budget's ladder. ``spaces`` overrides, by architecture, the search spaces in the
    annotations of options.
    """

    tries: Annotated[int, Field(ge=1, le=1_000), AfterValidator(_searching)]
    sampler: Sampler = "sobol"
    seeds: Annotated[int, Field(ge=1, le=1_000)] = 2
    length: Positive | None = None
    budget: Name | None = None
    best: Annotated[int, Field(ge=0)] = 0
    spaces: dict[str, Spaces] = Field(default_factory=dict)

    def space(self, architecture: str) -> dict[str, Space]:
        """The search spaces that the study gives for an architecture."""
        return dict(self.spaces.get(architecture, {}))


class Standing(NamedTuple):
    """The result of an option set under one budget.

    ``value`` is its mean on validation (lower is better), ``failed`` the number of seeds on which it failed, out of
    ``seeds``. A fit that a mark keeps out of rankings (``core.marks``) counts as failed.
    """

    options: Options
    value: float
    failed: int
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The stages of a tuned study, as functions of its grid and of the records so far.

    ``grid`` has the trials with default option sets. ``tries`` has the option sets of each competitor by its name, the
    default first; a competitor with a single option set is not tuned.
    """

    tuning: Tuning
    grid: Sequence[Trial]
    tries: Mapping[str, Sequence[Options]]
    length: int
    budget: Budget
    ladder: Ladder | None = None

    def search_trials(self) -> list[Trial]:
        """The trials of every try on every seed of the tuning, under the tuning's budget."""
        return [
            trial
            for place, template in self._templates().items()
            for trial in self._fits(template, self.tries[place[2]], self.budget)
        ]

    def final_trials(self, done: Mapping[str, Record]) -> list[Trial]:
        """The trials of the best tries under the longest budget; none where ``best`` is 0."""
        if not self.tuning.best or self.ladder is None:
            return []
        best = self._standings(self.search_trials(), done)
        return [
            trial
            for place, template in self._templates().items()
            for trial in self._fits(
                template, [one.options for one in best[place][: self.tuning.best]], self.ladder.rungs[-1]
            )
        ]

    def result_trials(self, done: Mapping[str, Record]) -> list[Trial]:
        """The trials of the grid with the option sets that won.

        On a ladder, a trial gets the option set that won on the tuned rung whose limit is nearest in ratio.
        """
        won = {self.budget.name: self._standings(self.search_trials(), done)}
        tuned = [self.budget]
        if (again := self.final_trials(done)) and self.ladder is not None:
            tuned.append(self.ladder.rungs[-1])
            won[tuned[-1].name] = self._standings(again, done)
        found = []
        for trial in self.grid:
            rung = self.budget
            if self.ladder is not None and trial.budget in self.ladder.rungs:
                rung = self.ladder.nearest(trial.budget, tuned)
            best = won[rung.name].get(tuning_key(trial))
            found.append(trial.model_copy(update={"architecture_options": best[0].options}) if best else trial)
        return found

    def possible(self) -> list[Trial]:
        """The trials of every try, and those of the grid with each option set that may win, on one seed."""
        once = [trial for trial in self.grid if not trial.seed]
        return self.search_trials() + [
            trial.model_copy(update={"architecture_options": options})
            for trial in once
            for options in self.tries.get(tuning_key(trial)[2], (trial.architecture_options,))
        ]

    def _templates(self) -> dict[TuningKey, Trial]:
        """One trial of the grid for each task and tuned competitor, on the first device and engine."""
        found: dict[TuningKey, Trial] = {}
        for trial in self.grid:
            if len(self.tries.get(tuning_key(trial)[2], ())) > 1:
                found.setdefault(tuning_key(trial), trial)
        return found

    def _fits(self, template: Trial, sets: Iterable[Options], budget: Budget) -> list[Trial]:
        alone = {"closed_loop": False, "microscope": False, "predictions": False, "tuning": True}
        at = {"length": self.length, "budget": budget, **alone}
        return [
            template.model_copy(update={**at, "seed": FIRST_SEED + seed, "architecture_options": options})
            for seed in range(self.tuning.seeds)
            for options in sets
        ]

    @staticmethod
    def _standings(trials: Iterable[Trial], done: Mapping[str, Record]) -> dict[TuningKey, list[Standing]]:
        by_place: dict[TuningKey, list[Record]] = {}
        for trial in trials:
            by_place.setdefault(tuning_key(trial), []).append(done[trial.key])
        return {where: standings(records) for where, records in by_place.items()}


def tuning_key(trial: Trial) -> TuningKey:
    """The task, its options and the competitor of a trial, for which a tuning chooses one option set."""
    options = json.dumps(trial.task_options, sort_keys=True, default=str)
    return trial.task, options, trial.competitor or trial.architecture


def standings(records: Iterable[Record]) -> list[Standing]:
    """Rank the option sets of one competitor on one task and under one budget, the best first.

    Option sets are ranked by the number of seeds on which they failed or were marked, then by the geometric mean over
    the other seeds of the validation metric that ``choose`` names. Where higher is better or a value is below 0, the
    arithmetic mean replaces the geometric mean, since such metrics may be 0. Equal option sets keep the order in which
    they are given.
    """
    by_set: dict[str, list[tuple[Options, float | None]]] = {}
    for record in records:
        options = record.trial.architecture_options
        key = json.dumps(options, sort_keys=True, default=str)
        by_set.setdefault(key, []).append((options, chosen_by(record)))
    geometric = all(value is None or value >= 0 for several in by_set.values() for _, value in several)
    found = []
    for several in by_set.values():
        values = [value for _, value in several if value is not None]
        found.append(Standing(several[0][0], _mean(values, geometric), len(several) - len(values), len(several)))
    return sorted(found, key=lambda one: (one.failed, one.value))


def chosen_by(record: Record) -> float | None:
    """The validation metric that chooses option sets, with the sign changed where higher is better.

    None for a trial that failed, or that a mark keeps out of rankings.
    """
    facts = record.objective
    value = record.scores.get(f"valid_{facts.choose}") if ranked(record) else None
    return -value if value is not None and facts.better(facts.choose) == "higher" else value


def _mean(values: Sequence[float], geometric: bool) -> float:
    if not values:
        return inf
    if not geometric:
        return sum(values) / len(values)
    return exp(sum(map(log, values)) / len(values)) if min(values) > 0 else 0.0
