"""A ladder: budgets that are the same in all but one limit, each rung a fit of its own."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from benchbench.core.spec import Budget

LIMITS = ("updates", "epochs", "seconds", "parameters")


class Ladder(NamedTuple):
    """Budgets named ``NAME-RUNG`` that differ in ``limit`` alone, the shortest first."""

    name: str
    limit: str
    rungs: tuple[Budget, ...]

    def nearest(self, budget: Budget, among: Iterable[Budget]) -> Budget:
        """Of some rungs the one whose limit is nearest in ratio to that of another, the shorter of two as near."""
        own = self.at(budget)
        return min(among, key=lambda rung: (max(self.at(rung) / own, own / self.at(rung)), self.at(rung)))

    def at(self, budget: Budget) -> float:
        """The limit of a rung."""
        return float(getattr(budget, self.limit))


def expanded(budgets: Any) -> Any:
    """The budgets of a study with one for each rung where a table has a list in one of the limits.

    ValueError where several limits have a list, where a ladder has one rung, and where its rungs do not rise.
    """
    if not isinstance(budgets, (list, tuple)):
        return budgets  # what it is instead is said by whoever reads it
    return [rung for number, one in enumerate(budgets, start=1) for rung in _rungs(one, number)]


def _rungs(table: Any, number: int) -> list[Any]:
    lists = [name for name in LIMITS if isinstance(table, Mapping) and isinstance(table.get(name), (list, tuple))]
    if not lists:
        return [table]
    where, limit = f"number {number}", lists[0]
    rungs = list(table[limit])
    if len(lists) > 1:
        raise ValueError(f"{where}: {' and '.join(lists)} have a list; a ladder climbs one limit")
    if len(rungs) < 2:
        raise ValueError(f"{where}: {limit} has {len(rungs)} rung{'s' * (not rungs)}; a ladder needs at least two")
    wrong = [rung for rung in rungs if type(rung) not in (int, float) or not rung > 0]
    if wrong:
        raise ValueError(f"{where}: {limit}: a rung is a number above 0, not {wrong[0]!r}")
    if any(not low < high for low, high in pairwise(rungs)):
        rising = sorted(set(rungs))
        right = f"must rise, as {rising}" if len(rising) > 1 else f"are all the same: write {limit} = {rising[0]}"
        raise ValueError(f"{where}: the rungs of {limit} {right}, not {rungs}")
    named = {"name": table["name"]} if "name" in table else {}  # without one, it is missing
    return [{**table, limit: rung, **{key: f"{name}-{_text(rung)}" for key, name in named.items()}} for rung in rungs]


def ladders(budgets: Iterable[Budget]) -> list[Ladder]:
    """The ladders that budgets form: of at least two, the same in all but one limit, with the names of its rungs."""
    found: dict[tuple[str, str, str], list[Budget]] = {}
    for budget in budgets:
        for limit in LIMITS:
            rung = getattr(budget, limit)
            ending = "" if rung is None else f"-{_text(rung)}"
            if ending and budget.name.endswith(ending):
                rest = budget.model_dump_json(exclude={"name", limit})
                found.setdefault((budget.name.removesuffix(ending), limit, rest), []).append(budget)
    every = [Ladder(name, limit, tuple(rungs)) for (name, limit, _), rungs in found.items() if len(rungs) > 1]
    return [one._replace(rungs=tuple(sorted(one.rungs, key=one.at))) for one in every]


def _text(rung: float) -> str:
    return str(rung).removesuffix(".0")
