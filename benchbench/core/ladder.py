"""Ladders: budgets that differ in only one limit. On each of these rungs, every competitor is fitted anew."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from benchbench.core.spec import Budget

LIMITS = ("updates", "epochs", "seconds", "parameters")


class Ladder(NamedTuple):
    """Budgets named ``NAME-RUNG`` that differ only in ``limit``, the smallest first."""

    name: str
    limit: str
    rungs: tuple[Budget, ...]

    def nearest(self, budget: Budget, among: Iterable[Budget]) -> Budget:
        """The budget in ``among`` whose limit is nearest, in ratio, to that of ``budget``; the smaller of two."""
        own = self.at(budget)
        return min(among, key=lambda rung: (max(self.at(rung) / own, own / self.at(rung)), self.at(rung)))

    def at(self, budget: Budget) -> float:
        """The limit of a rung as a number: updates, epochs, seconds or parameters."""
        return float(getattr(budget, self.limit))


def expanded(budgets: Any) -> Any:
    """The budget tables of a study, with each table that lists one of its limits replaced by a table for each rung.

    Raises ValueError where several limits of a table are lists, and where a list has one rung or does not rise.
    """
    if not isinstance(budgets, (list, tuple)):
        return budgets  # the model of the study refuses it with a message of its own
    return [rung for number, one in enumerate(budgets, start=1) for rung in _rungs(one, number)]


def _rungs(table: Any, number: int) -> list[Any]:
    lists = [name for name in LIMITS if isinstance(table, Mapping) and isinstance(table.get(name), (list, tuple))]
    if not lists:
        return [table]
    where, limit = f"number {number}", lists[0]
    rungs = list(table[limit])
    if len(lists) > 1:
        raise ValueError(f"{where}: {' and '.join(lists)} are lists; only one limit of a budget may be a list")
    if len(rungs) < 2:
        raise ValueError(f"{where}: {limit} has {len(rungs)} rung{'s' * (not rungs)}; a ladder needs at least two")
    wrong = [rung for rung in rungs if type(rung) not in (int, float) or not rung > 0]
    if wrong:
        raise ValueError(f"{where}: {limit}: a rung is a number above 0, not {wrong[0]!r}")
    if any(not low < high for low, high in pairwise(rungs)):
        rising = sorted(set(rungs))
        right = f"must rise, as {rising}" if len(rising) > 1 else f"are all the same: write {limit} = {rising[0]}"
        raise ValueError(f"{where}: the rungs of {limit} {right}, not {rungs}")
    if "name" not in table:  # the model of the study refuses a budget without a name
        return [{**table, limit: rung} for rung in rungs]
    return [{**table, limit: rung, "name": f"{table['name']}-{_text(rung)}"} for rung in rungs]


def ladders(budgets: Iterable[Budget]) -> list[Ladder]:
    """The ladders among some budgets: two or more that differ in only one limit and are named after its values."""
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
