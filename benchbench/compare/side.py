"""One side of a comparison as plain data, whatever it was read from."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchbench.compare.measure import Measure
from benchbench.report.page.texts import listed

UNKNOWN = "unknown"

Cell = tuple[tuple[str, str], ...]
"""Which row: per column a name and, as JSON, its options."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """What one run or one seed gave for one row: the rounds of the run, or one number.

    ``data`` is the fingerprint of what was learned, ``how`` says with which jobs, threads, allocator and kernel,
    ``version`` with which version of the architecture and of its engine.
    """

    values: NDArray[np.float64]
    data: str = ""
    how: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two that are compared.

    ``unit`` is what the statistics count: rounds, runs or seeds. ``series`` has by measure and row what each run or
    seed gave, ``extras`` by name and row the median over the runs. ``facts`` say on what and when the side was made;
    ``failed`` are the rows with a trial that did not end ok.
    """

    path: str
    unit: str
    columns: tuple[str, ...]
    machines: frozenset[str]
    facts: tuple[str, ...]
    series: dict[Measure, dict[Cell, dict[int, Sample]]]
    extras: dict[str, dict[Cell, float]] = field(default_factory=dict)
    failed: frozenset[Cell] = frozenset()
    notes: tuple[str, ...] = ()


def commit(name: str | None, dirty: bool | None) -> str:
    """A commit in ten digits, and whether files differed from it."""
    if not name:
        return ""
    return (name[:10] if len(name) == 40 else name) + " with local changes" * bool(dirty)


def facts(made: Iterable[dict[str, str]]) -> tuple[str, ...]:
    """What the parts of a side were made on (machine, commit, torch, python) and on which days."""
    found = list(made)
    values = {
        name: sorted({one[name] for one in found if one[name]}) for name in ("machine", "commit", "torch", "python")
    }
    days = sorted({one["day"][:10] for one in found})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return (*(f"{name} {listed(distinct)}" for name, distinct in values.items() if distinct), when)
