"""``benchbench list``: prints everything that can be named, with options and other facts, as lines or as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.text import Text

from benchbench import claims, pitfalls
from benchbench.cli.completion import KINDS
from benchbench.cli.console import duration, entry, out, say
from benchbench.core import keys, registry, store
from benchbench.core import study as studies
from benchbench.core.errors import InputError, unknown
from benchbench.core.options import choices, defaults, spaces
from benchbench.core.record import Record
from benchbench.core.registry import Kind, Plugin, Registry
from benchbench.core.shipped import shipped

Row = dict[str, Any]


def show(
    kind: str | None,
    files: Sequence[str],
    *,
    study: str | None = None,
    results: str = "results",
    as_json: bool = False,
) -> None:
    """Print one kind, or all but the trials; ``files`` are plug-ins to list with the others."""
    listing = Listing(files=tuple(files), study=study, results=Path(results))
    if kind is not None and kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    chosen = KINDS[:-1] if kind is None else (kind,)
    found: dict[str, list[Row]] = {name: getattr(listing, name)() for name in chosen}
    if as_json:
        say(json.dumps(found, indent=2, default=str))
        return
    for name, rows in found.items():
        out.print(Text(name, style="bold"))
        column = min(max((len(row[_first(row)]) for row in rows), default=0), 30)
        for row in rows:
            _print(row, column)


@dataclass(frozen=True)
class Listing:
    """The rows for each kind; docs/keeping.md promises their keys."""

    files: tuple[str, ...]
    study: str | None
    results: Path

    @cached_property
    def _known(self) -> Registry:
        return registry.load(self.files)

    def architectures(self) -> list[Row]:
        """Name, version, summary, options, whether it is a baseline or solves, and its engines."""
        return self._plugins("architecture")

    def tasks(self) -> list[Row]:
        """Name, version, summary, options, and the lengths that it can make, null if it can make any."""
        return self._plugins("task")

    def studies(self) -> list[Row]:
        """Name and description of each shipped study."""
        return [{"name": name, "description": studies.read(file).description} for name, file in shipped().items()]

    def claims(self) -> list[Row]:
        """Name, summary, quantity, published number, and how many seconds it takes."""
        named = {name: claims.get(name) for name in claims.names()}
        return [
            {
                "name": name,
                "summary": claims.summary(name),
                **{fact: getattr(claim, fact) for fact in ("quantity", "published", "seconds")},
            }
            for name, claim in named.items()
        ]

    def pitfalls(self) -> list[Row]:
        """Name and summary."""
        return [{"name": name, "summary": pitfalls.summary(name)} for name in pitfalls.names()]

    def trials(self) -> list[Row]:
        """The recorded trials with their settings, status and score."""
        known = keys.studies(self.results) if self.study is None else [_name(self.study)]
        if not known:
            raise InputError(f"{self.results / 'records'} has no records; name the folder that has them with --results")
        return [_trial(line.record) for name in known for line in store.read(self.results, name)]

    def _plugins(self, kind: Kind) -> list[Row]:
        return [_plugin(self._known.get(kind, name)) for name in self._known.names(kind)]


def _plugin(item: Plugin) -> Row:
    searched = spaces(item.options)
    options = {
        name: {
            "default": default,
            "choices": [*choices(item.options, name)],
            "tuned_over": str(searched[name]) if name in searched else None,
        }
        for name, default in defaults(item.options).items()
    }
    facts: Row = {"name": item.name, "version": item.version, "summary": item.summary.replace("``", "")}
    if item.kind == "task":
        return {**facts, "lengths": item.lengths and [*item.lengths], "options": options}
    more = {"baseline": item.baseline, "solves": item.solves, "engines": [*item.engines]}
    return {**facts, **more, "options": options}


def _trial(record: Record) -> Row:
    trial = record.trial
    names = ("key", "label", "study", "task", "architecture", "length", "seed", "engine", "device")
    return {
        **{name: getattr(trial, name) for name in names},
        "budget": trial.budget.name,
        "machine": record.environment.machine,
        "status": record.status.value,
        "primary": record.objective.primary,
        "test_score": record.scores.get(f"test_{record.objective.primary}"),
    }


def _name(study: str) -> str:
    from benchbench.report.frame import study_name

    return study_name(study)


def _first(row: Row) -> str:
    return "key" if "key" in row else "name"


def _print(row: Row, column: int) -> None:
    entry(row[_first(row)], _said(row), column=column)
    for option, facts in row.get("options", {}).items():
        space = f"tuned over {facts['tuned_over']}" if facts["tuned_over"] else ""
        said = "; ".join(filter(None, (", ".join(facts["choices"]), space)))
        line = f"{option} = {facts['default']!r}{f'  ({said})' if said else ''}"
        entry(line, "", column=0, indent=4, style="dim")


def _said(row: Row) -> str:
    """The description that is printed next to a name."""
    if "key" in row:
        score = row["test_score"]
        known = "" if score is None else f", test {row['primary']} {score:.3g}"
        return f"{row['study']}: {row['label']}: {row['status']}{known}"
    if "options" in row:
        return f"{row['summary']} ({_facts(row)})"
    if "published" in row:
        return f"{row['summary']} {row['quantity']} {row['published']:.3g}; about {duration(row['seconds'])}"
    return str(row.get("description", row.get("summary", "")))


def _facts(row: Row) -> str:
    """The lengths of a task, or the engines of an architecture and whether it is a baseline."""
    if "lengths" in row:
        return f"lengths {', '.join(map(str, row['lengths']))} steps" if row["lengths"] else "any length"
    engines = f"engine{'s' * (len(row['engines']) > 1)} {', '.join(row['engines'])}"
    return f"baseline; {engines}" if row["baseline"] else engines
