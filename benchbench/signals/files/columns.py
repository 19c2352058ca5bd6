"""Finds out which column of a file is the signal, and which columns are times."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from benchbench.core.errors import InputError, short
from benchbench.signals.files.dates import Clock, dates_of
from benchbench.signals.files.table import Table
from benchbench.signals.spacing import Spacing, Times, named_time, perhaps_time, rises, seconds_of, spacing

_SHOWN = 20  # names in a message
_LEAD = "MLII"  # of an ECG


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The ``column`` of the signal in a table, the columns of ``times``, and the time between samples.

    ``alike``: how many channels the file has, of which this is one. ``spacing`` is None if no times are known.
    """

    column: int
    times: tuple[int, ...]
    spacing: Spacing | None
    alike: int = 1


def chosen(table: Table, wanted: str | int | None) -> Chosen:
    """The signal of a table: the ``wanted`` column, or the only numeric column that is neither a time nor constant.

    In a sound it is the first channel; in a WFDB record it is MLII, or else the first. InputError, with the names of
    the columns, if several may be the signal or none is; also if times do not rise.
    """
    rate = table.facts.get("rate_hz")
    if rate is not None:  # all columns are channels
        columns = [table.position(wanted)] if wanted is not None else table.numeric
        if not columns:
            raise _none(table)
        found = next((one for one in columns if table.labels[one] == _LEAD), columns[0])
        return Chosen(column=found, times=(), spacing=Spacing(step=1 / rate, unit="s"), alike=len(columns))
    fixed = None if wanted is None else table.position(wanted)
    clocks = {one: clock for one in range(len(table.labels)) if one != fixed and (clock := _clock(table, one))}
    column = _only(table, clocks) if fixed is None else fixed
    clocks.pop(column, None)
    spacings = [spacing(clock.times, clock.unit) for clock in clocks.values()]
    return Chosen(column=column, times=tuple(clocks), spacing=_first(spacings))


def clock_facts(table: Table, signal: Collection[int]) -> dict[str, float | str]:
    """Facts about the time between samples, from the columns that are named as times and are not the ``signal``.

    The fact is ``clock_hz``, the samples per second, or, in an unknown unit, ``time_step`` with its ``time_column``.
    There is none if the file states its rate, if no column is named as a time, or if times do not rise in even steps.
    """
    if "rate_hz" in table.facts:
        return {}
    with suppress(InputError):
        clocks = {
            one: _clock(table, one) for one in range(len(table.labels)) if one not in signal and _timely(table, one)
        }
        spacings = {spacing(clock.times, clock.unit): table.labels[one] for one, clock in clocks.items() if clock}
        found = _first(list(spacings))
        if found is not None and not found.uneven:
            if found.rate_hz is not None:
                return {"clock_hz": float(f"{found.rate_hz:.6g}")}
            return {"time_step": float(f"{found.step:.6g}"), "time_column": spacings[found]}
    return {}


def _timely(table: Table, column: int) -> bool:
    """Whether the name of a column is that of a time."""
    name = table.labels[column]
    return named_time(name) or perhaps_time(name) or seconds_of(name) is not None


def _first(found: Sequence[Spacing]) -> Spacing | None:
    """The spacing of several columns of times: one with faults comes first, then one in seconds."""
    ranked = sorted(found, key=lambda one: (not one.uneven, not one.holes, one.unit != "s"))
    return ranked[0] if ranked else None


def _only(table: Table, times: Collection[int]) -> int:
    """The only column that can be the signal."""
    if not table.numeric:
        raise _none(table)
    left = [column for column in table.numeric if column not in times] or table.numeric[-1:]
    changing = [column for column in left if not _constant(table, column)] or left[:1]
    if len(changing) == 1:
        return changing[0]
    example = table.labels[changing[0]]
    raise InputError(
        f"{table.name}: {len(changing)} columns may be the signal: {_listed(table, changing)}; choose one, such as "
        f"--column {example if example.isidentifier() or example.isdigit() else repr(example)}{table.hint}"
    )


def _none(table: Table) -> InputError:
    names = _listed(table, range(len(table.labels))) or "none"
    return InputError(f"{table.name} has no column of numbers that could be the signal; its columns: {names}")


def _listed(table: Table, columns: Sequence[int]) -> str:
    names = ", ".join(table.labels[column] for column in columns[:_SHOWN])
    return names + (" ..." if len(columns) > _SHOWN else "")


def _constant(table: Table, column: int) -> bool:
    values = table.numbers[:, column]
    return bool(np.nanmin(values) == np.nanmax(values))


def _clock(table: Table, column: int) -> Clock | None:
    """The times in a column; None if it holds anything else. InputError for times that do not rise."""
    name = "" if table.labels[column] == str(column) else table.labels[column]
    values = table.numbers[:, column].astype(np.float64)
    if np.isnan(values).all():
        return dates_of(table.cells(column))
    if name and named_time(name) and (clock := dates_of(table.cells(column), written=values)):
        return clock
    seconds = seconds_of(name)
    if rises(values) and ((name and perhaps_time(name)) or (len(values) > 2 and not spacing(values).uneven)):
        return Clock(values, "") if seconds is None else Clock(values * seconds, "s")
    if name and named_time(name) and column in table.numeric and len(values) > 1:
        raise _falls(table, column, values)
    return None


def _falls(table: Table, column: int, values: Times) -> InputError:
    back = np.flatnonzero(~(np.diff(values) > 0)) + 2
    rows = ", ".join(map(str, back[:5])) + (" ..." if len(back) > 5 else "")
    return InputError(
        f"{table.name}: column {short(table.labels[column])} has the name of a time but does not rise at row {rows}: "
        "sort the rows, remove repeated ones, or rename the column"
    )
