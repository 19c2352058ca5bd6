"""Sentences on where the numbers come from: several lines for one trial, changed lines, changed files."""

from collections.abc import Iterable
from itertools import islice

import pandas as pd

from benchbench.core.lines import Seal
from benchbench.core.origins import Origin, origin
from benchbench.core.record import Record
from benchbench.report.analysis.order import in_a_row, listed

_EXAMPLES = 3


def last_of_each(frame: pd.DataFrame, identity: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """The frame with only the last record of each trial in its file, and a sentence that names the others.

    Records of one trial are equal in the columns ``identity`` and are in the order of their file.
    """
    repeated = frame[frame.duplicated(identity, keep=False)]
    if repeated.empty:
        return frame, []
    trials = repeated.groupby(identity, dropna=False, sort=False)
    examples = [_which(part) for _, part in islice(trials, _EXAMPLES)]
    if trials.ngroups > _EXAMPLES:
        examples.append(f"and {trials.ngroups - _EXAMPLES:,} more trials")
    count = "1 trial has" if trials.ngroups == 1 else f"{trials.ngroups:,} trials have"
    said = f"Several records of one trial: {count} {records(len(repeated))}; the last in its file counts"
    return frame[~frame.duplicated(identity, keep="last")], [f"{said} ({'; '.join(examples)})."]


def _which(part: pd.DataFrame) -> str:
    *others, last = zip(part["file"], part["line"], strict=True)
    names = [str(line) if file == last[0] else f"{line} of {file}" for file, line in others]
    return f"{last[0]}: line {last[1]}, not {listed(names)}"


def changed(frame: pd.DataFrame) -> list[str]:
    """A sentence that names the lines that do not match their checksum; none if all match."""
    found = frame[frame["seal"] == Seal.CHANGED]
    if found.empty:
        return []
    places = [
        f"{file}, line{'s' * (len(part) > 1)} {listed([str(line) for line in sorted(part['line'])], 10)}"
        for file, part in found.groupby("file")
    ]
    said = "does not match its checksum, so it was" if len(found) == 1 else "do not match their checksums, so they were"
    return [f"Changed: {records(len(found))} {said} changed after the run: {'; '.join(places)}."]


def unsealed(frame: pd.DataFrame) -> str:
    """A sentence that counts the lines without a checksum; empty if there are none."""
    count = int((frame["seal"] == Seal.NONE).sum())
    if not count:
        return ""
    all_of_them = f"none of the {count:,} lines has a checksum"
    which = all_of_them if count == len(frame) else f"{count:,} of {len(frame):,} lines have no checksum"
    return f"{which}, since an earlier version wrote them; a change to them would go unnoticed."


def other_files(found: Iterable[Record]) -> list[str]:
    """A sentence that names plug-ins and options whose file had several contents; none if there are none."""
    contents: dict[Origin, set[str]] = {}
    for record in found:
        for role, sha256 in record.files.items():
            contents.setdefault(origin(record.trial, role), set()).add(sha256)
    names = sorted({_named(one) for one, seen in contents.items() if len(seen) > 1})
    said = "The file changed between records, which must therefore not be compared"
    return [f"{said}: {in_a_row(names, 4)}."] if names else []


def _named(one: Origin) -> str:
    return f"{one.kind} {one.name}, version {one.version}" if one.option is None else f"{one.option} of {one.name}"


def records(count: int) -> str:
    """A count of records in words."""
    return "1 record" if count == 1 else f"{count:,} records"
