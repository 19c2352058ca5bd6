"""Tuning: which option set each competitor is reported with, chosen on data of its own and on validation alone."""

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

FIRST_SEED = 1_000_000  # of the data that a tuning looks at; those that are reported have far lower ones

Place = tuple[str, str, str]
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
"""By the name of the option."""


def _searching(tries: int) -> int:
    if tries == 1:
        raise ValueError("1 try is the option set as the study has it, so nothing is searched: write 2 or more")
    return tries


class Tuning(Frozen):
    """How option sets are chosen: so many ``tries`` for every competitor that has a space, the same in every order.

    The first try is the option set as the study has it. Each is fitted on ``seeds`` of the tuning's own, at one
    ``length`` of the study (the middle one) and under one of its ``budget``s (the only one). The ``best`` so many go
    again to the longest rung of that budget's ladder. ``spaces`` override those at the options, by architecture.
    """

    tries: Annotated[int, Field(ge=1, le=1_000), AfterValidator(_searching)]
    sampler: Sampler = "sobol"
    seeds: Annotated[int, Field(ge=1, le=1_000)] = 2
    length: Positive | None = None
    budget: Name | None = None
    best: Annotated[int, Field(ge=0)] = 0
    spaces: dict[str, Spaces] = Field(default_factory=dict)

    def space(self, architecture: str) -> dict[str, Space]:
        """The spaces that the study gives for an architecture."""
        return dict(self.spaces.get(architecture, {}))


class Standing(NamedTuple):
    """An option set under one budget: its mean on validation (lower is better), and on how many seeds of all it failed.

    A fit that a mark keeps out of rankings (``core.marks``) counts as failed.
    """

    options: Options
    value: float
    failed: int
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The stages of a tuned study, as functions of its ``grid`` with default option sets and of the records so far.

    ``tries`` has the option sets of each competitor by its name, the default first. Those with one are not tuned.
    """

    tuning: Tuning
    grid: Sequence[Trial]
    tries: Mapping[str, Sequence[Options]]
    length: int
    budget: Budget
    ladder: Ladder | None = None

    def first(self) -> list[Trial]:
        """Every try, on every seed of the tuning, under its budget."""
        return [
            trial
            for place, template in self._templates().items()
            for trial in self._fits(template, self.tries[place[2]], self.budget)
        ]

    def again(self, done: Mapping[str, Record]) -> list[Trial]:
        """The best tries under the longest budget; nothing where no number of them is asked for."""
        if not self.tuning.best or self.ladder is None:
            return []
        best = self._standings(self.first(), done)
        return [
            trial
            for place, template in self._templates().items()
            for trial in self._fits(
                template, [one.options for one in best[place][: self.tuning.best]], self.ladder.rungs[-1]
            )
        ]

    def reported(self, done: Mapping[str, Record]) -> list[Trial]:
        """The grid with the option sets that won: on a ladder those of the tuned rung that is nearest in ratio."""
        won = {self.budget.name: self._standings(self.first(), done)}
        tuned = [self.budget]
        if (again := self.again(done)) and self.ladder is not None:
            tuned.append(self.ladder.rungs[-1])
            won[tuned[-1].name] = self._standings(again, done)
        found = []
        for trial in self.grid:
            rung = self.budget
            if self.ladder is not None and trial.budget in self.ladder.rungs:
                rung = self.ladder.nearest(trial.budget, tuned)
            best = won[rung.name].get(place(trial))
            found.append(trial.model_copy(update={"architecture_options": best[0].options}) if best else trial)
        return found

    def possible(self) -> list[Trial]:
        """Every try, and the grid with each option set that may win, on one seed."""
        once = [trial for trial in self.grid if not trial.seed]
        return self.first() + [
            trial.model_copy(update={"architecture_options": options})
            for trial in once
            for options in self.tries.get(place(trial)[2], (trial.architecture_options,))
        ]

    def _templates(self) -> dict[Place, Trial]:
        """A trial of each task and competitor that is tuned: on the first device and engine."""
        found: dict[Place, Trial] = {}
        for trial in self.grid:
            if len(self.tries.get(place(trial)[2], ())) > 1:
                found.setdefault(place(trial), trial)
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
    def _standings(trials: Iterable[Trial], done: Mapping[str, Record]) -> dict[Place, list[Standing]]:
        by_place: dict[Place, list[Record]] = {}
        for trial in trials:
            by_place.setdefault(place(trial), []).append(done[trial.key])
        return {where: standings(records) for where, records in by_place.items()}


def place(trial: Trial) -> Place:
    """What a tuning chooses for."""
    options = json.dumps(trial.task_options, sort_keys=True, default=str)
    return trial.task, options, trial.competitor or trial.architecture


def standings(records: Iterable[Record]) -> list[Standing]:
    """The option sets of one competitor on one task and under one budget, the best first; of equals the first given.

    Ranked by the number of seeds that failed or were marked, then by the geometric mean over the others of what
    ``choose`` names on the validation split. Where higher is better, or a value is below 0, it is the mean: such
    metrics may be 0.
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
    """What chooses option sets, on the validation split, turned so that lower is better.

    None of a trial that failed, or that a mark keeps out of rankings.
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
