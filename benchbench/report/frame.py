"""The records of a study as one table with a row for each trial."""

import re
import tomllib
from collections.abc import Iterable
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from benchbench.core import store
from benchbench.core.errors import InputError
from benchbench.core.later import HELD, Later
from benchbench.core.parts import Part, parts
from benchbench.core.record import Record
from benchbench.core.shipped import find, folders, shipped
from benchbench.core.spec import NAME
from benchbench.core.store import Line, Store
from benchbench.report.rows import KINDS, further, order, row, typed
from benchbench.report.side_by_side import cores, side_by_side
from benchbench.report.strings import python_strings

_MUCH = 2**28  # bytes of records from which on several processes read them


def load(study: str | PathLike[str], results: str | PathLike[str] = "results") -> pd.DataFrame:
    """One row for each trial of a study, from the files of all machines.

    ``study`` is a name or a TOML file. If a competitor has a label, that is its ``architecture``. Times are in seconds
    and memory in bytes; the MSE is in squared units of the standardised series. ``test_score`` is the ``primary``
    metric of the task's ``objective``, ``better`` its direction (lower or higher), ``floor`` its best possible value if
    that is known. A metric that the task does not have, or that is undefined, is NaN; a user's own metric has the
    columns ``valid_NAME`` and ``test_NAME`` at the right. ``valid_choice`` decides between option sets: it is
    ``choose`` on the validation split, negated if higher is better. ``baseline`` says that the architecture is a
    baseline. ``predict_seconds`` is the median of the repeats. ``disturbed`` says that other programs used more than a
    tenth of the fit's cores, or that the load was more than one above that of the run.

    In closed loop, ``valid_time`` is the median over the starts, ``_q1`` and ``_q3`` are the quartiles, all in
    ``valid_time_unit``; ``nrmse_84`` is the error at step 84 / standard deviation of the truth; ``spectrum_distance``
    is Hellinger's, from 0 to 1; ``diverged_share`` is a share of the starts; ``free_run_mse`` is in squared units of
    the signal; ``free_run_message`` says why there is no free run; ``validation_time`` is the median valid time of the
    runs that choose option sets, and ``validation_message`` says why there is none; ``free_run_status`` says how the
    free run ended, and is empty if there was none.

    ``solves`` says that the architecture does not fit in steps; ``watched_fit_seconds`` is the time of the fit measured
    from outside. ``unranked`` and ``untimed`` say that the record has marks (``benchbench.core.marks``) that keep it
    out of all rankings, or out of those by time. ``kernel_seconds`` is the time of compiling the kernel, once on the
    machine and not part of any other time. ``tuning`` says that the trial only serves to choose an option set,
    ``added`` that ``--resolve`` added its seed, to decide pairs at the effect ``resolved``. ``cpu_seconds`` is the CPU
    time of its process. ``file`` and ``line`` say where the record is, ``seal`` whether its checksum matches (whole,
    changed, none), and ``files`` has the SHA-256 of the user's files that it came from. ``made_by`` is the
    architecture's own name, ``points`` the number of points on its learning curve, and ``has_arrays`` says whether the
    trial left arrays in a file. A missing number is NaN, a missing text is empty. InputError if there is no record.
    """
    return read(study, results)[0]


@python_strings
def read(study: str | PathLike[str], results: str | PathLike[str] = "results") -> tuple[pd.DataFrame, Later]:
    """The frame of ``load`` and its records; records of one trial are in the order of their file."""
    files = store.files(Path(results), study_name(study), _command(fspath(study)))
    with store.uncollected():
        if sum(file.stat().st_size for file in files) < _MUCH:
            tables = [_table(line for file in files for line in Store(file).lines())]
        else:
            tables = _in_parts(files)
    every = [table.frame for table in tables]
    names = [*KINDS, *sorted({str(name) for one in every for name in one} - KINDS.keys())]
    frame = (every[0] if len(every) == 1 else pd.concat(every, ignore_index=True))[names]
    orders = [one for table in tables for one in table.orders]
    places = [place for table in tables for place in table.places]
    ranked = sorted(range(len(places)), key=orders.__getitem__)
    held = tables[0].held
    moved = {at: held[position] for at, position in enumerate(ranked) if position in held}
    return frame.iloc[ranked].reset_index(drop=True), Later([places[position] for position in ranked], moved)


class _Table(NamedTuple):
    """Rows, with the place and the sort key of each, and the records that stay in memory."""

    frame: pd.DataFrame
    places: list[tuple[Path, int]]
    orders: list[tuple[Any, ...]]
    held: dict[int, Record]


def _table(lines: Iterable[Line], most: int = HELD) -> _Table:
    """The table of some lines, with at most ``most`` records."""
    columns: dict[str, list[Any]] = {name: [] for name in KINDS}
    places, orders, held = list[tuple[Path, int]](), list[tuple[Any, ...]](), dict[int, Record]()
    for line in lines:
        for name in further(line.record) - columns.keys():
            columns[name] = [None] * len(places)
        made = row(line)
        for name, values in columns.items():
            values.append(made.get(name))
        if len(places) < most:
            held[len(places)] = line.record
        places.append((line.file, line.start))
        orders.append(order(line))
    frame = pd.DataFrame({name: typed(columns.pop(name), KINDS.get(name, float)) for name in list(columns)})
    return _Table(frame, places, orders, held)


def _in_parts(files: list[Path]) -> list[_Table]:
    """The tables of the parts of files, without records, read by as many processes as there are cores."""

    def table(file: Path, part: Part) -> _Table:
        return _table(Store(file).lines(part, samples=False), most=0)

    tables = side_by_side(partial(table, file, part) for file in files for part in parts(file, cores()))
    return [table for table in tables if table.places]


def study_name(study: str | PathLike[str]) -> str:
    """The name of a study given by name, as FOLDER/NAME of a shipped one, or as a TOML file; else InputError."""
    name: Any = fspath(study)
    if name.partition("/")[0] in folders() and not name.endswith(".toml"):
        name = fspath(find(name))
    if name.endswith(".toml"):
        try:
            name = tomllib.loads(Path(name).read_text(encoding="utf-8-sig")).get("name")
        except OSError as error:
            raise InputError(f"{study} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise InputError(f"{study} is not TOML: {error}") from None
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise InputError(
            f"{study}: {name!r} cannot be a study's name: give one of letters, digits, '_', '.' and '-', or a TOML file"
        )
    return name


def _command(study: str) -> str:
    """What to run for the records of a study: its file, or the shipped study of this name; empty without either."""
    if study.endswith(".toml") or study in shipped():
        return study
    return next((name for name in shipped() if name.replace("/", "-") == study), "")
