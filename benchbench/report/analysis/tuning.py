"""What tuning tried, what it chose, how much that bought on validation, and what it cost."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from benchbench.core.record import Record
from benchbench.core.spec import Options
from benchbench.core.tuning import Standing, standings
from benchbench.report.analysis.comparable import current, variants
from benchbench.report.analysis.lines import records as counted
from benchbench.report.analysis.order import listed, natural, order
from benchbench.report.analysis.trials import Records
from benchbench.report.frame import plain

_COLUMNS = [
    "task", "task_set", "variant", "length", "budget", "architecture", "tries", "seeds", "failed", "choose", "higher",
    "default", "default_valid", "set", "valid", "gain", "trials", "fit_seconds", "cpu_seconds",
]  # fmt: skip


def tuning(frame: pd.DataFrame, records: Records) -> pd.DataFrame:
    """A row per task, budget and competitor that was tuned, from the frame of ``load``; empty where none was.

    ``tries`` are option sets, each fitted on ``seeds`` of data; ``failed`` counts the fits that failed. ``default`` is
    the option set as the study has it, ``set`` the one that was chosen, ``default_valid`` and ``valid`` are their means
    on validation as the metric ``choose`` is. ``gain`` is the ratio of the worse to the better where lower is better,
    and the difference elsewhere. Of a budget under which the default was not tried again, its value is NaN. The cost is
    in ``trials`` and in seconds, those of the fit alone and of all processes.
    """
    frame, _ = current(frame)
    frame = frame.assign(variant=variants(frame))[frame["tuning"]]
    rows = []
    defaults = {where: _default(part) for where, part in frame.groupby(["variant", "architecture"])}
    for where, part in frame.groupby(_COLUMNS[:6]):
        _, _, variant, _, _, name = where
        made = records.of(part.sort_values("started", kind="stable").drop_duplicates("key", keep="last"))
        rows.append((*where, *_facts(made, defaults[variant, name]), *(part[c].sum() for c in _COLUMNS[-2:])))
    ranks = {name: i for i, name in enumerate(order(frame["architecture"]))}
    rows.sort(key=lambda row: (natural(row[2]), ranks[row[5]], natural(row[4])))
    return pd.DataFrame(rows, columns=_COLUMNS)


def chosen(frame: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame of ``load`` without results of option sets that tuning chose before it had more tries, and a sentence.

    Else the report would choose between them and the present ones on the seeds that it shows.
    """
    won: dict[tuple[object, ...], set[str]] = {}
    for *where, chosen_set in table[["task", "task_set", "architecture", "set"]].itertuples(index=False, name=None):
        won.setdefault(tuple(where), set()).add(chosen_set)
    places = zip(frame["task"], frame["task_options"].map(plain), frame["architecture"], strict=True)
    sets = frame["architecture_options"].map(plain)
    kept = pd.Series([one in won.get(where, {one}) for where, one in zip(places, sets, strict=True)], frame.index, bool)
    kept |= frame["tuning"]
    count = int((~kept).sum())
    said = f"Left out: {counted(count)} of option sets that tuning chose earlier, from other tries."
    return frame[kept], [said] if count else []


def _default(part: pd.DataFrame) -> Options:
    """The option set of the study's own table: the one with the fewest options, since a try adds those it searches."""
    return min(part["architecture_options"], key=len)


def _facts(made: list[Record], default: Options) -> tuple[Any, ...]:
    ranked, facts = standings(_in_order(made, default)), made[0].objective
    higher = facts.better(facts.choose) == "higher"
    best, first = ranked[0], next((one for one in ranked if one.options == default), None)
    value, before = (_value(one, higher=higher) for one in (best, first))
    gain = value - before if higher else before / value if value else math.nan
    failed = sum(one.failed for one in ranked)
    return (
        *(len(ranked), best.seeds, failed, facts.choose, higher),
        *(plain(default), before, plain(best.options), value, gain, len(made)),
    )


def _in_order(made: list[Record], default: Options) -> Iterable[Record]:
    """The default first: of equals, it is chosen."""
    return sorted(made, key=lambda one: one.trial.architecture_options != default)


def _value(one: Standing | None, *, higher: bool) -> float:
    if one is None or one.failed == one.seeds:
        return math.nan
    return -one.value if higher else one.value


def changes(table: pd.DataFrame) -> Iterator[str]:
    """A sentence per task and budget: who is best on validation by default, and who when all are tuned."""
    for (variant, budget), part in table.groupby(["variant", "budget"], sort=False):
        known = part.dropna(subset=["default_valid", "valid"])
        if len(known) < 2 or len(known) < len(part):
            continue
        sign = -1 if known["higher"].iloc[0] else 1
        before, after = (
            known["architecture"].iloc[int((sign * known[column]).argmin())] for column in ("default_valid", "valid")
        )
        where = f"On {variant} ({budget})"
        if before == after:
            yield f"{where}, {after} is best on validation by default and when all are tuned."
        else:
            yield f"{where}, {before} is best on validation by default, and {after} when all are tuned."


def spread_of(options: Options, default: Options) -> str:
    """What a set has beside the default, as text; a dash where there is nothing."""
    more = {name: value for name, value in options.items() if default.get(name) != value or name not in default}
    return listed([f"{name}={value}" for name, value in more.items()], 6) or "–"
