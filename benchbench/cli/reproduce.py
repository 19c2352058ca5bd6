"""``benchbench reproduce``: runs claims, prints our numbers next to the published ones, and writes the page."""

from benchbench import claims
from benchbench.claims._outcome import outcome
from benchbench.cli.console import err, out, say
from benchbench.cli.grid import show
from benchbench.core.claim import Outcome
from benchbench.report.reproduce import COLUMNS, row, write_outcomes

_SHOWN = ["claim", "published", "ours", "verdict", "time (s)"]  # the page has all columns


def reproduce(claim: str | None, *, every: bool, results: str) -> None:
    """Run one claim, all short ones, or ``every`` one; write the page after each, so that nothing is lost."""
    known = {name: claims.get(name) for name in (claims.names() if claim is None else [claim])}
    chosen = {name: one for name, one in known.items() if every or claim or one.seconds < claims.SHORT}
    made: list[Outcome] = []
    for name, one in chosen.items():
        with err.status(f"claim {len(made) + 1} of {len(chosen)}: {name}, about {one.seconds:.0f} s"):
            made.append(outcome(name, one))
        page = write_outcomes(made, results)
        say(f"{name}: {made[-1].verdict.value}")
    cells = [dict(zip(COLUMNS, row(one_made), strict=True)) for one_made in made]
    show(out, _SHOWN, [[one_row[column] for column in _SHOWN] for one_row in cells])
    for name in known.keys() - chosen.keys():
        say(f"not run: {name}, which takes about {known[name].seconds:.0f} s; --all runs it")
    say(str(page))
