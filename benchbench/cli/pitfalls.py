"""``benchbench pitfalls``: prints a table for each mistake, and writes the page with the figures."""

from benchbench import pitfalls as folder
from benchbench.cli.console import err, out, say
from benchbench.cli.grid import show
from benchbench.core.pitfall import Pitfall
from benchbench.report.pitfalls import table, write_pitfalls


def pitfalls(name: str | None, results: str) -> None:
    """Show one pitfall, or all."""
    chosen = folder.names() if name is None else [name]
    shown: list[Pitfall] = []
    for one in chosen:
        with err.status(f"pitfall {len(shown) + 1} of {len(chosen)}: {one}"):
            shown.append(folder.show(one))
        show(out, *table(shown[-1]), title=shown[-1].title)
    say(str(write_pitfalls(shown, results)))
