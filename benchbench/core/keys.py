"""The keys of a study's file: each one that does not exist is named with the nearest that does."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from benchbench.core.errors import InputError, unknown
from benchbench.core.spec import Budget
from benchbench.core.tuning import Tuning


def known_keys(content: Mapping[str, Any], fields: Iterable[str], file: str) -> None:
    """InputError where a table of a study has a key that is none: ``fields`` are those above the first table."""
    above = set(fields)
    _known(content, above, file)
    budgets = content.get("budgets", [])
    if isinstance(budgets, dict):
        raise InputError(f"{file}: budgets: there may be several, so write [[budgets]], not [budgets]")
    tables = [
        (f"[[budgets]] number {i}", one, set(Budget.model_fields)) for i, one in enumerate(_list(budgets), start=1)
    ]
    for place, table, own in [*tables, ("[tuning]", content.get("tuning"), set(Tuning.model_fields))]:
        where = f"{file}: {place}"
        for key in table if isinstance(table, dict) else ():
            if key in above - own:
                raise InputError(f"{where}: {key!r} belongs to the study: write it above the first table")
        _known(table, own, where)


def _known(table: Any, known: Iterable[str], where: str) -> None:
    for key in table if isinstance(table, Mapping) else ():
        if key not in known:
            raise unknown("key", key, known, where=where)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def no_dates(value: Any, file: str, place: str = "") -> None:
    """InputError where a value is a date or a time, which no key takes."""
    if isinstance(value, (date, time)):
        raise InputError(f"{file}: {place[1:]}: no key takes a date or time, got {value}; text stands in quotes")
    if isinstance(value, dict):
        for key, item in value.items():
            no_dates(item, file, f"{place}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            no_dates(item, file, f"{place} number {number}")
