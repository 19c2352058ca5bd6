"""``benchbench compare``: prints how B compares with A, and fails if B is worse than allowed."""

import typer

from benchbench.cli.console import err, say
from benchbench.compare.compare import compare, gate
from benchbench.compare.page import markdown
from benchbench.core.errors import InputError


def compare_sides(a: str, b: str, *, fail_above: float | None, margin: float | None) -> None:
    """Print B against A as Markdown; exit code 1 if a row is worse by more than the factor ``fail_above``."""
    if fail_above is not None and not 1 < fail_above < float("inf"):
        raise InputError(f"--fail-above {fail_above:g}: it must be above 1, such as 1.2")
    made = compare(a, b, margin)
    say(markdown(made))
    if fail_above is not None:
        failed, said = gate(made, fail_above)
        for line in said:
            say(line, err)
        if failed:
            raise typer.Exit(1)
