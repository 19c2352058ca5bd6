"""``benchbench verify``: committed reports against the records, and exit code 1 on the first that does not match."""

from collections.abc import Sequence

import typer

from benchbench.cli.console import say
from benchbench.core.errors import InputError
from benchbench.report.verify import Verified, reports, verify


def check(names: Sequence[str], results: str) -> None:
    """Verify some reports, or all in a folder of results; the first mismatch ends with exit code 1."""
    every = names or reports(results)
    if not every:
        raise InputError(f"{results}/report: no report; run `benchbench report STUDY` first")
    for name in every:
        found = verify(name, results)
        if found.mismatch is not None:
            say(str(found.mismatch))
            raise typer.Exit(1)
        say(_agrees(found))


def _agrees(found: Verified) -> str:
    said = f"{found.study}: {found.lines:,} lines in {found.files} files are what the records give"
    if not found.unverified:
        return said
    return f"{said}; not verified, since their artifacts are not here: {', '.join(found.unverified)}"
