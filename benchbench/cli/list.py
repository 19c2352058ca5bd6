"""``benchbench list``: everything that can be named, with its options and what it takes."""

from collections.abc import Callable, Iterable

from rich.text import Text

from benchbench import claims, pitfalls
from benchbench.cli.console import duration, entry, out
from benchbench.core import registry, study
from benchbench.core.errors import unknown
from benchbench.core.options import choices, defaults, spaces
from benchbench.core.registry import Kind, Plugin
from benchbench.core.shipped import shipped


def show(kind: str | None, files: list[str]) -> None:
    """Print one kind, or all; ``files`` are plug-ins to be listed with the others."""
    printers: dict[str, Callable[[], None]] = {
        "architectures": lambda: _plugins("architecture", files),
        "tasks": lambda: _plugins("task", files),
        "studies": _studies,
        "claims": _claims,
        "pitfalls": _pitfalls,
    }
    if kind is not None and kind not in printers:
        raise unknown("kind", kind, printers)
    for chosen in printers if kind is None else (kind,):
        out.print(Text(chosen, style="bold"))
        printers[chosen]()


def _plugins(kind: Kind, files: list[str]) -> None:
    known = registry.load(files)
    names = known.names(kind)
    for name in names:
        item = known.get(kind, name)
        entry(name, f"{item.summary.replace('``', '')} ({_facts(item)})", column=_column(names))
        searched = spaces(item.options)
        for option, default in defaults(item.options).items():
            space = f"tuned over {searched[option]}" if option in searched else ""
            said = "; ".join(filter(None, (", ".join(choices(item.options, option)), space)))
            line = f"{option} = {default!r}{f'  ({said})' if said else ''}"
            entry(line, "", column=0, indent=4, style="dim")


def _facts(item: Plugin) -> str:
    """Of an architecture its engines and whether it is a baseline, of a task its lengths."""
    if item.kind == "task":
        return f"lengths {', '.join(map(str, item.lengths))} steps" if item.lengths else "any length"
    names = ", ".join(item.engines)
    engines = f"engine{'s' * (len(item.engines) > 1)} {names}"
    return f"baseline; {engines}" if item.baseline else engines


def _studies() -> None:
    found = shipped()
    for name, file in found.items():
        entry(name, study.read(file).description, column=_column(found))


def _claims() -> None:
    names = claims.names()
    for name in names:
        claim = claims.get(name)
        text = f"{claims.summary(name)} {claim.quantity} {claim.published:.3g}; about {duration(claim.seconds)}"
        entry(name, text, column=_column(names))


def _pitfalls() -> None:
    names = pitfalls.names()
    for name in names:
        entry(name, pitfalls.summary(name), column=_column(names))


def _column(names: Iterable[str]) -> int:
    """How wide the column of names is: the longest, within reason."""
    return min(max(map(len, names), default=0), 30)
