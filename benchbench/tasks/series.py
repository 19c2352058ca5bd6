"""The user's own signals: columns of text tables, arrays, Parquet, Feather or WAV files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import InputError, short
from benchbench.core.fresh import Fresh
from benchbench.core.options import Count, Positive
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import (
    FRACTIONS,
    STARTS,
    RawFreeRun,
    chronological,
    consecutive,
    forecast,
    spread_stretches,
)
from benchbench.signals.clean import (
    ClipAt,
    Cutoff,
    FrequencyWindow,
    MedianSamples,
    Piece,
    Preparation,
    Step,
    filled,
    prepared,
    prepared_as,
)
from benchbench.signals.files.columns import clock_facts
from benchbench.signals.files.read import read, signal_file
from benchbench.signals.files.table import Form, Table
from benchbench.signals.spacing import JITTER

MOST_VALID = 2_500  # most validation windows, so that scoring them ten times takes little time compared with the fit
USES = ("train", "valid", "test")


def fresh(path: str, facts: Mapping[str, Any], options: Mapping[str, Any]) -> Fresh:
    """Prepare a new file for a learner that was fitted on this task; ``facts`` are about the data of the fit.

    The file is read and cleaned as the options say, with the limits that cleaning took from the training data.
    InputError if its columns or its sampling rate differ from those of the fit.
    """
    known = options["path"] or options["paths"][0]
    path = str(signal_file(path))
    same_kind = Path(known).suffixes == Path(path).suffixes
    form = Form(**{name: options[name] for name in Form.__dataclass_fields__}) if same_kind else Form()
    how = Preparation(**{name: options[name] for name in Preparation.__dataclass_fields__})
    wanted = _wanted(options["column"], options["columns"], options["target"])
    one = _recording(path, form, wanted, how)
    fitted = (facts["column"],) if "column" in facts else tuple(facts["columns"])
    if one.columns != fitted:
        both = f"{', '.join(map(short, one.columns))}; the learner was fitted on {', '.join(map(short, fitted))}"
        raise InputError(f"{one.table.name}: the columns are {both}")
    if clocks := _other_clock(one.table.facts, facts):
        raise InputError(f"{one.table.name} has {clocks[0]}; the learner was fitted on a signal with {clocks[1]}")
    piece = prepared_as(one.piece, how, facts.get("clean", {}))
    outputs = 1 if how.more or options["target"] is not None else len(fitted)
    return Fresh(
        values=piece.values, names=fitted[:outputs], measured=piece.measured, first=how.lost,
        rate=_rate(one.table.facts) or _rate(facts),
    )  # fmt: skip


def _rate(facts: Mapping[str, Any]) -> float | None:
    rate: float | None = facts.get("rate_hz", facts.get("clock_hz"))
    return rate


class Recording(NamedTuple):
    """The table of a file, and its chosen columns as a piece with their names."""

    table: Table
    piece: Piece
    columns: tuple[str, ...]


@task("series", version=2, applies=fresh, seeded=False)
def series(
    rng: np.random.Generator,  # noqa: ARG001  every seed has the same data
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
    header: bool | None = None,
    array: str | None = None,
    horizon: Positive = 1,
    stride: Positive | None = None,
    free_run: Count = 0,
    clean: tuple[Step, ...] = (),
    longest_gap: Positive = 50,
    clip_at: ClipAt = 5.0,
    median_samples: MedianSamples = 5,
    cutoff: Cutoff = 0.1,
    embedding: Positive = 1,
    delay: Positive = 1,
    frequencies: Count = 0,
    frequency_window: FrequencyWindow = 256,
) -> Problem:
    """Forecast a file's column (.csv .tsv .txt .npy .npz .parquet .feather .wav, or .gz of these) ``horizon`` ahead.

    ``paths`` are several recordings, split by recording. ``column`` is a name, or a number from 0; it is not needed
    where a single column is numeric. ``columns`` are several, each predicted from all; with ``target``, that column
    alone is. ``separator`` to ``header`` describe a text file, and are found where a single reading fits; ``array``
    names one of an NPZ. ``stride`` is in samples between windows, and is chosen where not given. ``free_run`` is the
    number of steps to generate from each of 50 starts in the second half of the test part, which then has no windows;
    as many starts in validation, if long enough, choose option sets. ``clean`` and later: as in Preparation.
    """
    form = Form(separator=separator, decimal=decimal, comment=comment, encoding=encoding, header=header,
                array=array)  # fmt: skip
    how = Preparation(
        clean=clean, longest_gap=longest_gap, clip_at=clip_at, median_samples=median_samples, cutoff=cutoff,
        embedding=embedding, delay=delay, frequencies=frequencies, frequency_window=frequency_window)  # fmt: skip
    wanted = _wanted(column, columns, target)
    if bool(path) == bool(paths):
        given = "path and paths are both given" if path else "the option path is not set"
        raise InputError(f'series: {given}; give your file, such as path = "signal.csv", or several as paths')
    beside = _beside(wanted, target, how, free_run)
    recordings = [_recording(name, form, wanted, how) for name in paths or (path,)]
    _distinct(recordings, wanted)
    return _problem(recordings, how, length=length, horizon=horizon, stride=stride, free_run=free_run, beside=beside)


def _problem(
    recordings: Sequence[Recording], how: Preparation, *,
    length: int, horizon: int, stride: int | None, free_run: int, beside: bool,
) -> Problem:  # fmt: skip
    try:
        raw, facts = _split(recordings, length, horizon)
        parts, cleaned = prepared(raw, how)
        values = [[piece.values for piece in part] for part in parts]
        runs: dict[str, RawFreeRun] = {}
        if free_run and horizon == 1:
            values[2], later = _halves(values[2], length)
            runs["free_run"] = RawFreeRun(values=spread_stretches(later, length, free_run))
            if sum(max(0, len(one) - length - free_run + 1) for one in values[1]) >= STARTS:
                runs["valid_run"] = RawFreeRun(values=spread_stretches(values[1], length, free_run))
        return forecast(
            *values,
            length=length,
            horizon=horizon,
            stride=stride,
            most_valid=MOST_VALID,
            outputs=slice(1) if beside else slice(None),
            measured=[[piece.measured for piece in part] for part in parts] if how.fills else None,
            provenance={**facts, **cleaned},
            free_run=runs.get("free_run"),
            valid_run=runs.get("valid_run"),
        )
    except InputError as error:
        names = ", ".join(one.table.name for one in recordings)
        raise InputError(f"{names}: {error}{recordings[0].table.hint}") from None


def _halves(
    test: list[NDArray[np.float64]], length: int
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Split each series in two, with a window left out, so that no window of the first half has steps of the second."""
    firsts, seconds = [], []
    for one in test:
        first, second = consecutive(len(one), (1, 1), length + 1)
        firsts.append(one[first])
        seconds.append(one[second])
    return firsts, seconds


def _beside(wanted: Sequence[str | int | None], target: str | int | None, how: Preparation, free_run: int) -> bool:
    """Whether there are inputs other than the target, which is the first column."""
    if how.more and len(wanted) > 1:
        raise InputError("series: embedding and frequencies take one column, not several")
    beside = how.more or (target is not None and len(wanted) > 1)
    if free_run and beside:
        raise InputError(
            "series: a free run has no future values for inputs other than the target; leave out free_run or the inputs"
        )
    return beside


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


def _recording(path: str, form: Form, wanted: Sequence[str | int | None], how: Preparation) -> Recording:
    table = read(path, form, "series")
    positions = [table.position(one) for one in wanted]
    for number, position in enumerate(positions):
        if position in positions[:number]:
            raise InputError(f"{table.name}: columns: {short(table.labels[position])} is given twice; give it once")
    values = np.column_stack([table.values(position, gaps=how.fills) for position in positions])
    table = replace(table, facts={**table.facts, **clock_facts(table, positions)})
    return Recording(table, filled(values, how, table.name), tuple(table.labels[position] for position in positions))


def _distinct(recordings: Sequence[Recording], wanted: Sequence[str | int | None]) -> None:
    """Raise InputError for a recording that is given twice, and for columns or rates that differ."""
    first = recordings[0]
    for number, one in enumerate(recordings):
        for other in recordings[:number]:
            if one.table.sha256 == other.table.sha256:
                both = f"{other.table.name} and {one.table.name}"
                raise InputError(f"series: {both} are the same recording, which would be in two splits; leave one out")
            if clocks := _other_clock(other.table.facts, one.table.facts):
                both = f"{other.table.name} has {clocks[0]}, but {one.table.name} has {clocks[1]}"
                raise InputError(f"series: {both}; give recordings of one rate")
        if wanted == [None] and one.columns != first.columns:
            both = f"{short(first.columns[0])} of {first.table.name} and {short(one.columns[0])} of {one.table.name}"
            raise InputError(f"series: the only numeric columns, {both}, have different names; set column")


def _other_clock(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, str] | None:
    """The sampling rates, or the steps of times in a column of one name, if both are known and differ.

    Rates that a file states are compared exactly; those of times may differ by a twentieth, as the times themselves.
    """
    left, right, said = _rate(one), _rate(other), "{:g} Hz"
    if (left is None or right is None) and one.get("time_column") == other.get("time_column"):
        left, right, said = one.get("time_step"), other.get("time_step"), "times {:g} apart"
    stated = "rate_hz" in one and "rate_hz" in other
    if left is None or right is None or (left == right if stated else isclose(left, right, rel_tol=JITTER)):
        return None
    return said.format(left), said.format(right)


Parts = list[list[Piece]]


def _split(recordings: Sequence[Recording], length: int, horizon: int) -> tuple[Parts, dict[str, Any]]:
    """The series of train, valid and test, and facts about their origin.

    A single recording is split by time. Of two recordings, the first is split by time and the second is the test. Of
    more, each goes to one split.
    """
    pieces = [one.piece for one in recordings]
    if len(recordings) == 1:
        places = chronological(len(pieces[0].values), length, horizon)
        ranges = {use: [part.start, part.stop] for use, part in zip(USES, places, strict=True)}
        return [[pieces[0].part(part)] for part in places], {"ranges": ranges, **_facts(recordings[0])}
    names = [one.table.name for one in recordings]
    for name, piece in zip(names, pieces, strict=True):
        if (samples := len(piece.values)) < length + horizon:
            raise InputError(
                f"{name} has {samples} samples, too few for a window of {length} and {horizon} ahead; shorten it"
            )
    if len(recordings) == 2:
        train, valid = consecutive(len(pieces[0].values), FRACTIONS[:2], length + horizon)
        parts = [[pieces[0].part(train)], [pieces[0].part(valid)], [pieces[1]]]
        used = [names[:1], names[:1], names[1:]]
    else:
        held_out = max(1, round(FRACTIONS[2] * len(pieces)))
        edges = [slice(0, -2 * held_out), slice(-2 * held_out, -held_out), slice(-held_out, None)]
        parts, used = [pieces[edge] for edge in edges], [names[edge] for edge in edges]
    each = [_facts(one) for one in recordings]
    merged = {name: [facts[name] for facts in each] for name in ("file", "sha256", "samples")}
    return parts, {**each[0], **merged, "recordings": dict(zip(USES, used, strict=True))}


def _facts(one: Recording) -> dict[str, Any]:
    facts = {"file": one.table.name, "sha256": one.table.sha256, "samples": len(one.piece.values), **one.table.facts}
    return {**facts, "column": one.columns[0]} if len(one.columns) == 1 else {**facts, "columns": list(one.columns)}
