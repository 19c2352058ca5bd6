"""Check the keys in a study's file: for each unknown key, the message gives the nearest known one."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from benchbench.core.errors import InputError, unknown
from benchbench.core.spec import Budget
from benchbench.core.tuning import Tuning


def known_keys(content: Mapping[str, Any], fields: Iterable[str], file: str) -> None:
    """Raise InputError where a table of a study has an unknown key; ``fields`` are the keys above the first table."""
    above = set(fields)
    _known(content, above, file)
    budgets = content.get("budgets", [])
    if isinstance(budgets, dict):
        raise InputError(f"{file}: [budgets] is one table, but a study may have several: write [[budgets]]")
    keys = set(Budget.model_fields)
    tables = [(f"[[budgets]] number {i}", "a budget", one, keys) for i, one in enumerate(_list(budgets), start=1)]
    tables.append(("[tuning]", "the tuning", content.get("tuning"), set(Tuning.model_fields)))
    for place, what, table, own in tables:
        where = f"{file}: {place}"
        for key in table if isinstance(table, dict) else ():
            if key in above - own:
                raise InputError(f"{where}: {key!r} is a key of the study, not of {what}: write it above all tables")
        _known(table, own, where)


def _known(table: Any, known: Iterable[str], where: str) -> None:
    for key in table if isinstance(table, Mapping) else ():
        if key not in known:
            raise unknown("key", key, known, where=where)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def no_dates(value: Any, file: str, place: str = "") -> None:
    """Raise InputError where a value is a date or a time, since no key takes one."""
    if isinstance(value, (date, time)):
        raise InputError(f"{file}: {place[1:]}: got {value}, but no key takes a date or time; put text in quotes")
    if isinstance(value, dict):
        for key, item in value.items():
            no_dates(item, file, f"{place}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            no_dates(item, file, f"{place} number {number}")
