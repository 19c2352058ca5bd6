"""Find a trial among the records of all studies by its key, or by the beginning of its key."""

from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from benchbench.core import store
from benchbench.core.errors import InputError, short, unknown
from benchbench.core.record import Record
from benchbench.core.store import Line

_NEAREST, _LISTED = 3, 8  # keys that a message shows


class Found(NamedTuple):
    """The line of a trial's record, and all lines of its study."""

    line: Line
    study: list[Line]

    @property
    def record(self) -> Record:
        """The record of the line."""
        return self.line.record

    @property
    def others(self) -> list[Line]:
        """Other records of the same trial: those of other machines, and older ones that this record has replaced."""
        return [one for one in self.study if one.record.trial.key == self.record.trial.key and one != self.line]

    @property
    def siblings(self) -> list[Record]:
        """The records of this machine that differ only in the seed: one for each seed, this record included."""
        mine, found = _without_seed(self.record), dict[int, Record]()
        for one in self.study:
            if one.record.environment.machine == self.record.environment.machine and _without_seed(one.record) == mine:
                found[one.record.trial.seed] = one.record
        return [found[seed] for seed in sorted(found)]


def _without_seed(record: Record) -> str:
    return record.trial.model_copy(update={"seed": 0}).key


def studies(results: Path) -> list[str]:
    """The studies that have records."""
    return sorted({file.parent.name for file in (results / "records").glob("*/*.jsonl")})


def find(results: Path, key: str, study: str | None = None, machine: str | None = None) -> Found:
    """The newest record of the trial whose key begins with ``key``.

    ``study`` and ``machine`` restrict the search to one study and to one machine. Raises InputError where no trial, or
    more than one, has such a key; the message lists the nearest keys.
    """
    known = studies(results) if study is None else [study]
    if not known:
        raise InputError(f"{results / 'records'}: no records; --results names the folder that has them")
    lines = {name: store.read(results, name) for name in known}
    by_key: dict[str, list[Line]] = {}
    for line in (line for name in known for line in lines[name]):
        by_key.setdefault(line.record.trial.key, []).append(line)
    whole = _whole(key.strip().lower(), by_key)
    found = _of_machine(by_key[whole], whole, machine)
    newest = max(found, key=lambda line: line.record.started)  # the first of equally new ones
    newest = [line for line in found if line.record.started == newest.record.started][-1]
    return Found(newest, lines[newest.record.trial.study])


def _whole(key: str, known: dict[str, list[Line]]) -> str:
    matching = sorted(one for one in known if one.startswith(key))
    if len(matching) == 1:
        return matching[0]
    if matching:
        listed = ", ".join(matching[:_LISTED]) + (" ..." if len(matching) > _LISTED else "")
        raise InputError(
            f"KEY {short(key)}: {len(matching):,} trials have keys that begin with it; give more digits: {listed}"
        )
    near = "; ".join(f"{one} ({known[one][-1].record.trial.label})" for one in _nearest(key, known))
    raise InputError(f"KEY {short(key)}: no trial has a key that begins with it. The nearest: {near}")


def _nearest(key: str, known: dict[str, list[Line]]) -> list[str]:
    """The keys that share the longest beginning with ``key``, and among these the most similar ones first."""

    def likeness(other: str) -> tuple[int, float]:
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(key, other, strict=False)))
        return alike, SequenceMatcher(None, key, other).ratio()

    return sorted(sorted(known), key=likeness, reverse=True)[:_NEAREST]


def _of_machine(lines: list[Line], key: str, machine: str | None) -> list[Line]:
    if machine is None:
        return lines
    found = [line for line in lines if line.record.environment.machine == machine]
    if not found:
        labels = {line.record.environment.machine for line in lines}
        raise unknown("machine", machine, labels, where=f"trial {key}")
    return found
