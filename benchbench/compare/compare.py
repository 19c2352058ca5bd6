"""Compare two sides row by row: how B differs from A, how sure that is, and the verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import inf, isnan, nan
from typing import Literal

import numpy as np

from benchbench.compare.change import Change, difference_of_pairs, ratio_of_pairs, ratio_of_rounds
from benchbench.compare.measure import WORSE, Measure
from benchbench.compare.pairing import Pair, count, extras, lost, named, paired
from benchbench.compare.read import read
from benchbench.compare.side import Side
from benchbench.core.errors import InputError
from benchbench.report.page.texts import decimals, listed

FEWEST = {"rounds": 5, "runs": 3, "seeds": 3}
# On an idle machine, one run of the same code took up to 1.26 times as long as another.
MARGINS = {"rounds": 1.2, "runs": 1.05, "seeds": 1.2}
NO_DIFFERENCE, NO_RATIO, TOO_FEW = "no difference seen", "no ratio: 0 on one side", "too few"

By = Literal["ratio", "difference"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """The comparison of one row by one measure.

    ``a`` and ``b`` are the medians in the measure's unit, ``change`` is their ratio B/A or difference B - A.
    """

    measure: Measure
    name: tuple[str, ...]
    a: float
    b: float
    change: Change
    by: By
    verdict: str

    @property
    def worse(self) -> bool:
        """Whether B is slower, takes more memory or scores worse."""
        return self.verdict in WORSE

    @property
    def judged(self) -> bool:
        """Whether there were enough values for a verdict."""
        return not self.verdict.startswith((TOO_FEW, NO_RATIO))

    @property
    def factor(self) -> float:
        """How many times as bad B is as A; infinite where B is worse and there is no ratio."""
        if self.by == "difference":
            return inf if self.worse else 1.0
        ratio = self.change.value
        return ratio if self.measure.better == "lower" else 1 / ratio


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The comparison of two sides, row by row.

    ``columns`` are the headers of the names of rows, ``same`` lists what all rows share, and ``notes`` tell what was
    left out. ``extras`` has further recorded values of A and B, by row and name. ``only_in_a`` names the rows that only
    A has, ``failed_only_in_b`` the rows that failed in B but not in A.
    """

    a: Side
    b: Side
    margin: float
    columns: tuple[str, ...]
    same: tuple[str, ...]
    rows: tuple[Row, ...]
    extras: dict[tuple[str, ...], dict[str, tuple[float, float]]]
    notes: tuple[str, ...]
    only_in_a: tuple[str, ...]
    failed_only_in_b: tuple[str, ...]


def compare(a: str, b: str, margin: float | None = None) -> Comparison:
    """Compare B with A; each is a file or folder of pytest-benchmark, or of records.

    Times and memory are not called different unless they differ by more than the factor ``margin``, which is by default
    1.05 for several runs on each side and 1.2 for one. Raises InputError where a side cannot be read, or where the two
    cannot be compared.
    """
    if margin is not None and not 1 <= margin < inf:
        raise InputError(f"margin {margin:g}: it must be at least 1, such as 1.05")
    left, right = read(a, b)
    margin = MARGINS[left.unit] if margin is None else margin
    pairs, notes = paired(left, right)
    if not pairs:
        raise InputError(f"{a} and {b} have nothing that can be compared. {' '.join(notes)}".strip())
    names = named([pair.cell for pair in pairs], left.columns)
    gone, broken = lost(left, right)
    rows: list[Row] = []
    for measure, found in groupby(pairs, key=lambda pair: pair.measure):
        of_measure = list(found)
        by = _scale(measure, of_measure)
        for cell, part in groupby(of_measure, key=lambda pair: pair.cell):
            rows.append(_row(names.of[cell], list(part), by, left.unit, margin))
    return Comparison(
        a=left, b=right, margin=margin, columns=names.columns, same=names.same, rows=tuple(rows),
        extras=extras(left, right, names), notes=tuple(notes), only_in_a=gone, failed_only_in_b=broken,
    )  # fmt: skip


def verdict(measure: Measure, change: Change, margin: float, by: By = "ratio") -> str:
    """The verdict on a change: a difference only where its interval lies wholly outside 1/margin..margin, or off 0."""
    low, high = (1 / margin, margin) if by == "ratio" else (0.0, 0.0)
    if change.low > high:
        return measure.verdict(grown=True)
    return measure.verdict(grown=False) if change.high < low else NO_DIFFERENCE


def gate(comparison: Comparison, above: float) -> tuple[bool, list[str]]:
    """Whether B fails the gate, and sentences that say why.

    It fails where a row is worse by more than the factor ``above``, where a score without a ratio is worse at all, and
    where a row failed in B but not in A. Raises InputError where no time could be judged, since such a gate could not
    fail.
    """
    rows = comparison.rows
    if not any(row.judged and row.measure.kind == "time" for row in rows):
        fewest = f"{FEWEST[comparison.a.unit]} {comparison.a.unit} or more on each side, measured in the same way"
        raise InputError(f"fail-above {above:g}: no time can be judged; a judgement needs {fewest}")
    bad = [row for row in rows if row.worse and row.factor > above]
    found: dict[str, Iterable[str]] = {
        f"above {above:g}": [_said(row) for row in bad if row.by == "ratio"],
        "worse, compared by difference": [_said(row) for row in bad if row.by == "difference"],
        "failed only in B": comparison.failed_only_in_b,
        "in A only": comparison.only_in_a,
    }
    texts = {what: list(names) for what, names in found.items()}
    said = [f"{what}: {count(len(names), 'row')}: {listed(names)}" for what, names in texts.items() if names]
    unsure = sum(not row.judged for row in rows)
    return bool(bad or comparison.failed_only_in_b), [
        *said,
        *([f"not judged: {count(unsure, 'row')}"] if unsure else []),
    ]


def _scale(measure: Measure, pairs: list[Pair]) -> By:
    """Whether to compare a measure by ratio, or by difference where it is a score whose ratio means nothing.

    Ratios make sense of times, memory and errors, for which 0 means none. Scores that may be negative, and scores such
    as R2 or accuracy (higher is better) where one is zero, are compared by their difference.
    """
    least = min(float(side.values.min()) for pair in pairs for side in (pair.a, pair.b))
    signed = measure.kind == "score" and (least < 0 or (measure.better == "higher" and least == 0))
    return "difference" if signed else "ratio"


def _row(name: tuple[str, ...], pairs: list[Pair], by: By, unit: str, margin: float) -> Row:
    measure = pairs[0].measure
    if unit == "rounds":
        a, b = pairs[0].a.values, pairs[0].b.values
        change = ratio_of_rounds(a, b)
    else:
        a, b = (np.array([np.median(one.values) for one in side]) for side in zip(*(p[3:] for p in pairs), strict=True))
        change = ratio_of_pairs(a, b) if by == "ratio" else difference_of_pairs(a, b)
    said = verdict(measure, change, 1.0 if measure.kind == "score" else margin, by)
    if isnan(change.value):
        said = NO_RATIO
    elif min(len(a), len(b)) < FEWEST[unit]:
        change, said = change._replace(low=nan, high=nan), f"{TOO_FEW} {unit}"
    return Row(
        measure=measure, name=name, a=float(np.median(a)), b=float(np.median(b)), change=change, by=by, verdict=said
    )


def _said(row: Row) -> str:
    change = decimals(row.change.value) if row.by == "ratio" else f"{row.change.value:+.3g}"
    return f"{' '.join(row.name)} {row.measure.name} {change}"
