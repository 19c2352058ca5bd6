"""The user's own signals: columns of text tables, arrays, Parquet, Feather or WAV files."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, short
from benchbench.core.options import Count, Positive
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import FRACTIONS, Stretches, chronological, consecutive, forecast, spread
from benchbench.signals.files.read import read
from benchbench.signals.files.table import Form, Table

MOST_VALID = 2_500  # windows, so that scoring validation ten times stays short beside the fit
USES = ("train", "valid", "test")


class Recording(NamedTuple):
    """A file's chosen columns, (time, column), and its table."""

    table: Table
    values: NDArray[np.float64]
    columns: tuple[str, ...]


@task("series", version=1)
def series(
    rng: np.random.Generator,  # noqa: ARG001  the data are given: every seed sees the same
    length: int,
    *,
    path: str = "",
    paths: tuple[str, ...] = (),
    column: str | int | None = None,
    columns: tuple[str | int, ...] = (),
    target: str | int | None = None,
    separator: str | None = None,
    decimal: Literal[".", ","] | None = None,
    comment: str | None = None,
    encoding: str | None = None,
    array: str | None = None,
    horizon: Positive = 1,
    stride: Positive | None = None,
    free_run: Count = 0,
) -> Problem:
    """Forecast a file's column (.csv .tsv .txt .npy .npz .parquet .feather .wav, or .gz of these) ``horizon`` ahead.

    ``paths``: several recordings, split by recording. ``column``: a name, or a number from 0; not needed where only one
    is numeric. ``columns``: several, each predicted from all; with ``target`` that one alone is. ``separator``,
    ``decimal``, ``comment``, ``encoding``: of a text file, found where one reading alone fits; ``array``: of an NPZ.
    ``stride``: samples from one window to the next, 1 where training then has few enough. ``free_run``: steps to be
    generated from each of 50 starts in the test part, at horizon 1. InputError names the file and the reason.
    """
    form = Form(separator=separator, decimal=decimal, comment=comment, encoding=encoding, array=array)
    wanted = _wanted(column, columns, target)
    if bool(path) == bool(paths):
        given = "path and paths are both given" if path else "the option path is not set"
        raise InputError(f'series: {given}; give your file, such as path = "signal.csv", or several as paths')
    if free_run and len(wanted) > 1 and target is not None:
        raise InputError("series: a free run has no future values for the inputs beside target; leave out one of them")
    recordings = [_recording(name, form, wanted) for name in paths or (path,)]
    _distinct(recordings, wanted)
    try:
        parts, facts = _split(recordings, length, horizon)
        run = Stretches(values=spread(parts[2], length, free_run)) if free_run and horizon == 1 else None
        outputs = slice(None) if target is None else slice(1)
        return forecast(
            *parts, length=length, horizon=horizon, stride=stride, most_valid=MOST_VALID, outputs=outputs,
            free_run=run, provenance=facts,
        )  # fmt: skip
    except InputError as error:
        names = ", ".join(one.table.name for one in recordings)
        raise InputError(f"{names}: {error}{recordings[0].table.hint}") from None


def _wanted(
    column: str | int | None, columns: tuple[str | int, ...], target: str | int | None
) -> list[str | int | None]:
    """The columns to read, the target first."""
    if column is not None and columns:
        raise InputError("series: column and columns are both given; columns takes several, column takes one")
    if target is None:
        return [*columns] or [column]
    if target not in columns:
        listed = ", ".join(map(short, columns)) or "empty"
        raise InputError(f"series: target {short(target)} must be one of columns, which is {listed}")
    return [target, *(one for one in columns if one != target)]


def _recording(path: str, form: Form, wanted: Sequence[str | int | None]) -> Recording:
    table = read(path, form, "series")
    positions = [table.position(one) for one in wanted]
    for number, position in enumerate(positions):
        if position in positions[:number]:
            raise InputError(f"{table.name}: columns: {short(table.labels[position])} is given twice")
    values = np.column_stack([table.values(position) for position in positions])
    return Recording(table, values, tuple(table.labels[position] for position in positions))


def _distinct(recordings: Sequence[Recording], wanted: Sequence[str | int | None]) -> None:
    """InputError for one recording twice, which would leak, and for columns or rates that differ."""
    first = recordings[0]
    for number, one in enumerate(recordings):
        for other in recordings[:number]:
            if one.table.sha256 == other.table.sha256:
                raise InputError(f"series: {other.table.name} and {one.table.name} are the same, which would leak")
        rates = [table.facts.get("rate_hz") for table in (first.table, one.table)]
        if rates[0] != rates[1]:
            raise InputError(f"series: {first.table.name} has {rates[0]:g} Hz, but {one.table.name} has {rates[1]:g}")
        if wanted == [None] and one.columns != first.columns:
            both = f"{short(first.columns[0])} of {first.table.name} and {short(one.columns[0])} of {one.table.name}"
            raise InputError(f"series: the only numeric columns, {both}, have different names; set column")


Parts = list[list[NDArray[np.float64]]]


def _split(recordings: Sequence[Recording], length: int, horizon: int) -> tuple[Parts, dict[str, Any]]:
    """The series of train, valid and test, and facts on where they come from.

    One recording is split by time, and so is the first of two, the second being the test; of more each goes to one.
    """
    values = [one.values for one in recordings]
    if len(recordings) == 1:
        places = chronological(len(values[0]), length, horizon)
        ranges = {use: [part.start, part.stop] for use, part in zip(USES, places, strict=True)}
        return [[values[0][part]] for part in places], {"ranges": ranges, **_facts(recordings[0])}
    names = [one.table.name for one in recordings]
    for name, series in zip(names, values, strict=True):
        if len(series) < length + horizon:
            raise InputError(f"{name} has {len(series)} samples, too few for a window of {length} and {horizon} ahead")
    if len(recordings) == 2:
        train, valid = consecutive(len(values[0]), FRACTIONS[:2], length + horizon)
        parts, used = [[values[0][train]], [values[0][valid]], [values[1]]], [names[:1], names[:1], names[1:]]
    else:
        held_out = max(1, round(FRACTIONS[2] * len(values)))
        edges = [slice(0, -2 * held_out), slice(-2 * held_out, -held_out), slice(-held_out, None)]
        parts, used = [values[edge] for edge in edges], [names[edge] for edge in edges]
    each = [_facts(one) for one in recordings]
    merged = {name: [facts[name] for facts in each] for name in ("file", "sha256", "samples")}
    return parts, {**each[0], **merged, "recordings": dict(zip(USES, used, strict=True))}


def _facts(one: Recording) -> dict[str, Any]:
    facts = {"file": one.table.name, "sha256": one.table.sha256, "samples": len(one.values), **one.table.facts}
    return {**facts, "column": one.columns[0]} if len(one.columns) == 1 else {**facts, "columns": list(one.columns)}
