"""``benchbench verify``: compares committed reports with the records; exit code 1 at the first difference."""

from collections.abc import Sequence

import typer

from benchbench.cli.console import say
from benchbench.core.errors import InputError
from benchbench.report.verify import Verified, reports, verify


def check(names: Sequence[str], results: str) -> None:
    """Verify some reports, or all in a folder of results; exit with code 1 at the first mismatch."""
    every = names or reports(results)
    if not every:
        raise InputError(f"{results}/report has no report; run `benchbench report STUDY` first")
    for name in every:
        found = verify(name, results)
        if found.mismatch is not None:
            say(str(found.mismatch))
            raise typer.Exit(1)
        say(_agrees(found))


def _agrees(found: Verified) -> str:
    said = f"{found.study}: {found.lines:,} lines in {found.files} files agree with the records"
    if not found.unverified:
        return said
    return f"{said}; not verified, since their artifacts are not here: {', '.join(found.unverified)}"
