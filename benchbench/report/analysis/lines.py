"""What the report says of the lines that its numbers stand in: several of one trial, and lines that were changed."""

from itertools import islice

import pandas as pd

from benchbench.core.lines import Seal
from benchbench.report.analysis.order import listed

_EXAMPLES = 3


def last_of_each(frame: pd.DataFrame, identity: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Of several records of one trial the one that stands last in its file, and a sentence that says which.

    The records of one trial are equal in the columns ``identity``, and stand in the order of their file.
    """
    repeated = frame[frame.duplicated(identity, keep=False)]
    if repeated.empty:
        return frame, []
    trials = repeated.groupby(identity, dropna=False, sort=False)
    examples = [_which(part) for _, part in islice(trials, _EXAMPLES)]
    if trials.ngroups > _EXAMPLES:
        examples.append(f"and so of {trials.ngroups - _EXAMPLES:,} more")
    count = "1 trial has" if trials.ngroups == 1 else f"{trials.ngroups:,} trials have"
    said = f"Several records of one trial: {count} {records(len(repeated))}; the last in its file counts"
    return frame[~frame.duplicated(identity, keep="last")], [f"{said} ({'; '.join(examples)})."]


def _which(part: pd.DataFrame) -> str:
    *others, last = zip(part["file"], part["line"], strict=True)
    names = [str(line) if file == last[0] else f"{line} of {file}" for file, line in others]
    return f"{last[0]}: line {last[1]}, not {listed(names)}"


def changed(frame: pd.DataFrame) -> list[str]:
    """A sentence that names the lines that do not fit their checksum; none where all do."""
    found = frame[frame["seal"] == Seal.CHANGED]
    if found.empty:
        return []
    places = [
        f"{file}, line{'s' * (len(part) > 1)} {listed([str(line) for line in sorted(part['line'])], 10)}"
        for file, part in found.groupby("file")
    ]
    said = "does not fit its checksum, so it was" if len(found) == 1 else "do not fit their checksums, so they were"
    return [f"Changed: {records(len(found))} {said} changed after the run: {'; '.join(places)}."]


def unsealed(frame: pd.DataFrame) -> str:
    """A sentence that counts the lines without a checksum; empty where there are none."""
    count = int((frame["seal"] == Seal.NONE).sum())
    if not count:
        return ""
    which = "all" if count == len(frame) else f"{count:,} of {len(frame):,}"
    return f"{which} lines were written before lines had a checksum, so that a change to them would not show."


def records(count: int) -> str:
    """So many records."""
    return "1 record" if count == 1 else f"{count:,} records"
