"""One side of a comparison as plain data, independent of the files that it was read from."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchbench.compare.measure import Measure
from benchbench.report.analysis.order import in_a_row

UNKNOWN = "unknown"

RowKey = tuple[tuple[str, str], ...]
"""A row: for each column a name, and its options as JSON."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """The values (n,) of one run or seed for one row: the seconds of its rounds, or a single number.

    ``data`` is the fingerprint of the training data, ``how`` tells jobs, threads, allocator and kernel, and ``version``
    the versions of the architecture and its engine.
    """

    values: NDArray[np.float64]
    data: str = ""
    how: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One side of a comparison.

    ``unit`` is the unit that the statistics count: rounds, runs or seeds. ``series`` has the sample of each run or
    seed, by measure and row; ``extras`` has medians over the runs, by name and row. ``facts`` tell on what machine, and
    when, the side was made. ``failed`` are the rows with a trial that did not end ok.
    """

    path: str
    unit: str
    columns: tuple[str, ...]
    machines: frozenset[str]
    facts: tuple[str, ...]
    series: dict[Measure, dict[RowKey, dict[int, Sample]]]
    extras: dict[str, dict[RowKey, float]] = field(default_factory=dict)
    failed: frozenset[RowKey] = frozenset()
    notes: tuple[str, ...] = ()


def commit(name: str | None, dirty: bool | None) -> str:
    """The first ten digits of a commit, and whether files differed from it."""
    if not name:
        return ""
    return (name[:10] if len(name) == 40 else name) + " with local changes" * bool(dirty)


def facts(made: Iterable[dict[str, str]]) -> tuple[str, ...]:
    """Texts on the machines, commits and versions with which the parts of a side were made, and on the days."""
    found = list(made)
    values = {
        name: sorted({one[name] for one in found if one[name]}) for name in ("machine", "commit", "torch", "python")
    }
    days = sorted({one["day"][:10] for one in found})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return (*(f"{name} {in_a_row(distinct)}" for name, distinct in values.items() if distinct), when)
