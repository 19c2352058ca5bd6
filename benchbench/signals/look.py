"""The first look at files of signals: which column it is, what is in it, and whether anything may be learnt from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchbench.core.errors import InputError, short
from benchbench.signals.clean import Preparation, filled
from benchbench.signals.files.columns import Chosen, chosen
from benchbench.signals.files.read import read, signal_file
from benchbench.signals.files.table import Form, Table
from benchbench.signals.profile import Profile, profile
from benchbench.signals.spacing import Spacing

_SHOWN = 3  # places in a message


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was found in one file.

    ``column`` is how a study names the column of the signal, ``label`` how people do; ``times`` are the columns that
    were left out as times. ``channels`` counts those like it. ``sha256`` is that of the file.
    """

    path: str
    name: str
    column: str | int
    label: str
    times: tuple[str, ...]
    channels: int
    spacing: Spacing | None
    profile: Profile
    sha256: str


def look(path: str, form: Form, column: str | int | None, clean: Mapping[str, Any]) -> Look:
    """Look at a file; InputError where it holds no signal that can be learnt from.

    That is: no such file or column, nothing in it or all the same; samples that are not evenly spaced, or that are
    missing and that ``clean`` (options of the task ``series``) does not fill.
    """
    file = signal_file(path)
    table = read(str(file), form, "try")
    picked = chosen(table, _numbered(table, column))
    values = table.values(picked.column, gaps=True)
    found = profile(values)
    _even(table, picked)
    _whole(table, picked, found, clean)
    if found.missing:
        how = Preparation(**{**clean, "clean": tuple(clean["clean"])})
        filled(values[:, None], how, table.name)
    label = table.labels[picked.column]
    return Look(
        path=str(file),
        name=table.name,
        column=label if table.labels.count(label) == 1 and label != str(picked.column) else picked.column,
        label=label,
        times=tuple(table.labels[one] for one in picked.times),
        channels=picked.alike,
        spacing=picked.spacing,
        profile=found,
        sha256=table.sha256,
    )


def _numbered(table: Table, column: str | int | None) -> str | int | None:
    """A column by its name, or by its number where no name is like it."""
    if isinstance(column, str) and column.isdigit() and column not in table.labels:
        return int(column)
    return column


def _even(table: Table, picked: Chosen) -> None:
    """InputError for samples that are not evenly spaced, or where some are not there at all."""
    found = picked.spacing
    if found is None or not (found.uneven or found.holes):
        return
    which = " or ".join(short(table.labels[one]) for one in picked.times)
    unit = f" {found.unit}" if found.unit else ""
    more = "; if the rows follow each other evenly all the same, leave that column out of the file"
    if found.uneven:
        raise InputError(
            f"{table.name}: irregular sampling: by column {which}, {_rows(found.uneven)} do not come "
            f"{found.step:g}{unit} after the row before: resample the signal to even steps first{more}"
        )
    missing = sum(hole.missing for hole in found.holes)
    where = ", ".join(f"{hole.missing} after row {hole.row}" for hole in found.holes[:_SHOWN])
    where += " ..." if len(found.holes) > _SHOWN else ""
    raise InputError(
        f"{table.name}: {missing} samples are missing by column {which}, whose usual step is {found.step:g}{unit}: "
        f"{where}. Put in a row with an empty value for each, and --clean interpolate fills them{more}"
    )


def _whole(table: Table, picked: Chosen, found: Profile, clean: Mapping[str, Any]) -> None:
    """InputError for missing values that nobody asked to fill, with the rows and what would help."""
    longest = found.longest_gap
    if not found.missing or ("interpolate" in clean.get("clean", ()) and longest <= clean.get("longest_gap", 50)):
        return
    step = "interpolate" if longest <= 50 else f"interpolate={longest}"
    rows = [f"{first}" if first == last else f"{first} to {last}" for first, last in found.gaps[:_SHOWN]]
    line = f" (row 1 is line {table.first_line})" if table.first_line else ""
    raise InputError(
        f"{table.name}: {found.missing} of {found.samples} values of column {short(table.labels[picked.column])} are "
        f"missing, in row{'s' if found.missing > 1 else ''} "
        f"{', '.join(rows)}{' ...' if len(found.gaps) > _SHOWN else ''}{line}: "
        f"--clean {step} fills them by straight lines"
    )


def _rows(rows: Sequence[int]) -> str:
    listed = ", ".join(map(str, rows[:_SHOWN])) + (" ..." if len(rows) > _SHOWN else "")
    return f"row {listed}" if len(rows) == 1 else f"{len(rows)} rows ({listed})"
