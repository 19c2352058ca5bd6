"""Adds seeds while a pair of competitors is undecided: looks at 5, 10, 20 and 30 seeds, in whole paired blocks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np

from benchbench.core.marks import ranked
from benchbench.core.record import Record, Status
from benchbench.core.spec import Trial
from benchbench.core.tuning import chosen_by
from benchbench.statistics.intervals import Values
from benchbench.statistics.pairs import comparison_of
from benchbench.statistics.seeds import LOOKS, resolve
from benchbench.statistics.verdicts import OPEN


class _Spot(NamedTuple):
    """The conditions under which competitors are compared; ``engine`` is empty if no competitor has several."""

    task: str
    options: str
    length: int
    budget: str
    device: str
    engine: str

    def __str__(self) -> str:
        named = "" if self.options == "{}" else f" {self.options}"
        return f"{self.task}{named} {self.length} {' '.join(filter(None, (self.budget, self.device, self.engine)))}"


@dataclass(frozen=True, kw_only=True)
class Resolve:
    """Adds seeds, up to ``most``, while a pair is undecided at the ``effect``, which is 0.1 for 10 %.

    Each look uses a quarter of alpha, and Holm's procedure covers all pairs of a look (``statistics.seeds``). An
    undecided pair of two baselines adds no seeds.
    """

    effect: float
    most: int

    def further(self, grid: Sequence[Trial], done: Mapping[str, Record]) -> tuple[list[Trial], list[str]]:
        """The trials to add to a grid so far, and for each place a sentence that says what is added, or why nothing is.

        ``done`` has the records of the whole grid.
        """
        trials, notes = [], []
        for spot, blocks in _spots(grid).items():
            have = 1 + max(trial.seed for trial in blocks)
            seeds, note = self._wanted([trial for trial in blocks if trial.seed == 0], have, done)
            trials += [_with_seed(one, seed) for seed in range(have, seeds) for one in blocks if one.seed == 0]
            notes.append(f"{spot}: {note}")
        return trials, notes

    def _wanted(self, competitors: Sequence[Trial], have: int, done: Mapping[str, Record]) -> tuple[int, str]:
        """How many seeds a place needs so far, and why."""
        undecided = list[str]()
        looks = [look for look in LOOKS if look <= self.most]
        for look in looks:
            blocks = [[_with_seed(one, seed).key for seed in range(look)] for one in competitors]
            if any(key not in done for block in blocks for key in block):
                why = f"undecided: {', '.join(undecided)}" if undecided else f"the first look is at {look} seeds"
                return look, f"{why}; seeds {have} to {look - 1} are added"
            have = max(have, look)
            undecided = self._undecided([[done[key] for key in block] for block in blocks])
            if not undecided:
                return have, f"every pair is decided at {look} seeds"
        return have, f"still undecided at {looks[-1]} seeds, the most: {', '.join(undecided)}"

    def _undecided(self, records: Sequence[Sequence[Record]]) -> list[str]:
        """The undecided pairs, from the records (option set, seed) of a place."""
        names, scores = table(records)
        if len(names) < 2:  # all others declined
            return []
        facts = records[0][0].objective
        baselines = {one.trial.competitor or one.trial.architecture for one, *_ in records if one.is_baseline}
        comparison = comparison_of(facts.primary, facts.better(facts.primary), scores, within=self.effect)
        look = resolve(scores, np.random.default_rng(0), comparison)
        return [
            f"{names[pair.first]} and {names[pair.second]}"
            for pair in look.pairs
            if pair.verdict == OPEN and not {names[pair.first], names[pair.second]} <= baselines
        ]


def table(records: Sequence[Sequence[Record]]) -> tuple[list[str], Values]:
    """The names and test scores (competitor, seed) of competitors, from the records (option set, seed) of a place.

    The score of a trial that failed or is marked is infinite. A competitor that declined on every seed is left out; of
    its several option sets the one with the best median on validation counts, as in the report.
    """
    best: dict[str, tuple[tuple[float, str], Sequence[Record]]] = {}
    for block in records:
        if all(record.status == Status.UNSUPPORTED for record in block):
            continue
        trial = block[0].trial
        values = [chosen_by(record) for record in block]
        place = median(np.inf if value is None else value for value in values), _plain(trial.architecture_options)
        name = trial.competitor or trial.architecture
        if name not in best or place < best[name][0]:
            best[name] = place, block
    scores = np.array([[_score(record) for record in block] for _, block in best.values()])
    return list(best), scores


def _score(record: Record) -> float:
    if record.status == Status.UNSUPPORTED:
        return float("nan")
    value = record.scores.get(f"test_{record.objective.primary}") if ranked(record) else None
    return float("inf") if value is None else value


def _spots(grid: Sequence[Trial]) -> dict[_Spot, list[Trial]]:
    """The trials of a grid by the conditions under which they are compared."""
    engines = {(trial.competitor or trial.architecture, trial.engine) for trial in grid}
    several = len(engines) > len({name for name, _ in engines})
    found: dict[_Spot, list[Trial]] = {}
    for one in grid:
        at = (one.task, _plain(one.task_options), one.length, one.budget.name, one.device)
        found.setdefault(_Spot(*at, one.engine if several else ""), []).append(one)
    return found


def _with_seed(trial: Trial, seed: int) -> Trial:
    return trial.model_copy(update={"seed": seed})


def _plain(options: object) -> str:
    return json.dumps(options, sort_keys=True, default=str)
