"""``benchbench check``: checks the installation, and every promise of the contract on plug-ins."""

import typer
from rich.markup import escape

from benchbench.calibration.installation import look
from benchbench.cli.console import err, out, say
from benchbench.contract.check import check as check_plugin
from benchbench.core import registry
from benchbench.core.registry import Plugin
from benchbench.core.text import printable

_MARKS = {True: "[green]pass[/]", False: "[red]FAIL[/]", None: "[yellow]skip[/]"}


def check(file: str | None, plugins: list[str], results: str) -> None:
    """Check one plug-in file, or the installation and everything registered; exit code 1 if something is broken."""
    known = registry.load([*plugins, *([file] if file else [])])
    chosen = registry.registered(registry.load_file(file)) if file else list(known.plugins.values())
    broken = 0 if file else _installation(results)
    broken += sum(map(_broken, chosen))
    if broken:
        say(f"{broken} check{'s' * (broken != 1)} failed", err)
        raise typer.Exit(1)


def _broken(item: Plugin) -> int:
    """Print the promises of a plug-in, and return how many it breaks."""
    broken, subject = 0, ""
    for result in check_plugin(item):
        broken += result.passed is False
        if result.subject != subject:
            subject = result.subject
            options = escape(printable(subject.removeprefix(f"{item.kind} {item.name}")))
            out.print(f"{item.kind} [bold]{item.name}[/]{options}, version {item.version}", highlight=False)
        out.print(f"  {_MARKS[result.passed]}  {result.promise}", highlight=False, soft_wrap=True)
        if result.detail:
            say(f"        {result.detail}")
    return broken


def _installation(results: str) -> int:
    """Print the state of the installation, and return how many parts are broken."""
    facts = look(results)
    out.print("[bold]installation[/]")
    for fact in facts:
        mark = "[red]FAIL[/]" if fact.broken else "[green]  ok[/]"
        out.print(f"  {mark}  {fact.name}:", end=" ", highlight=False)
        say(fact.found)
    return sum(fact.broken for fact in facts)
