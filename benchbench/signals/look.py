"""The first look at a file: which column is the signal, what it contains, and whether a learner can learn from it."""

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
    """The facts about one file.

    ``column`` is the name or number of the signal's column in a study, ``label`` its name for people. ``times`` are the
    columns that were left out as times. ``channels`` counts the channels of the file, of which the signal is one.
    ``sha256`` is the SHA-256 of the file.
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
    """Look at a file; InputError where it holds no signal that a learner can learn from.

    This is so if there is no such file or column, if the column is empty or constant, if the samples are not evenly
    spaced, or if samples are missing that ``clean`` (options of the task ``series``) does not fill.
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
    """The name of a column, or its number if no column has that name."""
    if isinstance(column, str) and column.isdigit() and column not in table.labels:
        return int(column)
    return column


def _even(table: Table, picked: Chosen) -> None:
    """Raise InputError if samples are not evenly spaced, or if some are missing."""
    found = picked.spacing
    if found is None or not (found.uneven or found.holes):
        return
    which = " or ".join(short(table.labels[one]) for one in picked.times)
    unit = f" {found.unit}" if found.unit else ""
    more = "; if the samples are evenly spaced nevertheless, remove that column from the file"
    if found.uneven:
        raise InputError(
            f"{table.name}: irregular sampling: by column {which}, the time since the row before is not "
            f"{found.step:g}{unit} in {_rows(found.uneven)}: resample the signal to even steps first{more}"
        )
    missing = sum(hole.missing for hole in found.holes)
    where = ", ".join(f"{hole.missing} after row {hole.row}" for hole in found.holes[:_SHOWN])
    where += " ..." if len(found.holes) > _SHOWN else ""
    raise InputError(
        f"{table.name}: {missing} samples are missing by column {which}, whose usual step is {found.step:g}{unit}: "
        f"{where}. Insert a row with an empty value for each, which --clean interpolate fills{more}"
    )


def _whole(table: Table, picked: Chosen, found: Profile, clean: Mapping[str, Any]) -> None:
    """Raise InputError for missing values that ``clean`` does not fill, with their rows and the option that helps."""
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
