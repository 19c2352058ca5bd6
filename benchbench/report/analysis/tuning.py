"""What tuning tried, what it chose, how much that gained on validation, and what it cost."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from benchbench.core.record import Record
from benchbench.core.spec import Options
from benchbench.core.tuning import Standing, standings
from benchbench.report.analysis.comparable import conditions, current, variants
from benchbench.report.analysis.lines import records as counted
from benchbench.report.analysis.order import natural, order
from benchbench.report.analysis.trials import Records
from benchbench.report.rows import plain

_COLUMNS = [
    "task", "task_set", "variant", "length", "condition", "architecture", "tries", "seeds", "failed", "choose",
    "higher", "default", "default_valid", "set", "valid", "gain", "trials", "made", "fit_seconds", "cpu_seconds",
]  # fmt: skip
_TUNED = ["task", "task_set", "architecture"]
_PLACE = [*_TUNED, "length", "condition"]


def tuning(frame: pd.DataFrame, records: Records) -> pd.DataFrame:
    """One row for each task, condition and tuned competitor, from the frame of ``load``; empty if none was tuned.

    ``tries`` counts option sets, each fitted on ``seeds`` data seeds; ``failed`` counts the fits that failed or that
    marks keep out of rankings. ``default`` is the option set in the study's file; ``set`` is the one whose results the
    report shows, or, if there are none yet, the one that validation chooses. Since the records also hold the tries of
    earlier tunings, the best of all need not be the choice of the newest one. ``default_valid`` and ``valid`` are the
    means of the metric ``choose`` on validation. ``gain`` is the ratio worse / better if lower is better, else the
    difference; it is NaN under a budget that did not try the default again. The cost is in ``trials`` and in seconds,
    of the fits alone and of all processes. ``made`` lists the option set, key and machine of each trial.
    """
    frame, _ = current(frame)
    shown = _shown(frame)
    frame = frame.assign(variant=variants(frame))[frame["tuning"]]
    frame = frame.assign(condition=conditions(frame))
    rows = []
    defaults = {where: _default(part) for where, part in frame.groupby(["variant", "architecture"])}
    for where, part in frame.groupby(_COLUMNS[:6]):
        task, options, variant, _, _, name = map(str, where)
        made = records.of(part.sort_values("started", kind="stable"))
        reported = shown.get((task, options, name, part["budget"].iloc[0]), "")
        tries = tuple(zip(part["architecture_options"].map(plain), part["key"], part["machine"], strict=True))
        spent = (part[column].sum() for column in _COLUMNS[-2:])
        rows.append((*where, *_facts(made, defaults[variant, name], reported), tries, *spent))
    ranks = {name: i for i, name in enumerate(order(frame["architecture"]))}
    rows.sort(key=lambda row: (natural(row[2]), ranks[row[5]], natural(row[4])))
    return pd.DataFrame(rows, columns=_COLUMNS)


def chosen(frame: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame of ``load`` with one option set of each tuned competitor in each place, and a sentence.

    This is the set of the newest record, which tuning chose in the last run. Otherwise the report would choose between
    it and earlier choices of tuning, on the same seeds that it shows.
    """
    if table.empty:
        return frame, []
    frame_of = frame.assign(task_set=frame["task_options"].map(plain), set=frame["architecture_options"].map(plain))
    results, newest = _results(frame_of, table)
    sets = [*_PLACE, "set"]
    stays = pd.MultiIndex.from_frame(results[sets]).isin(pd.MultiIndex.from_frame(newest[sets]))
    older = results.index[~stays]
    said = "an older option set than the newest record of the same task, length and condition"
    notes = [f"Left out: {counted(len(older))} of tuned competitors with {said}."] if len(older) else []
    return frame.drop(index=older), notes


def _results(frame: pd.DataFrame, tuned: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The results of tuned competitors, and for each place the one that was written last."""
    results = frame.assign(condition=conditions(frame))[~frame["tuning"]]
    results = results[pd.MultiIndex.from_frame(results[_TUNED]).isin(pd.MultiIndex.from_frame(tuned[_TUNED]))]
    ends = results.sort_values("line").drop_duplicates([*_PLACE, "file"], keep="last")
    return results, ends.sort_values("started", kind="stable").drop_duplicates(_PLACE, keep="last")


def _shown(frame: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """The reported option set by task, task options, competitor and budget, if there is only one."""
    _, newest = _results(frame, frame[frame["tuning"]])
    sets: dict[tuple[str, ...], set[str]] = {}
    for *place, text in newest[[*_TUNED, "budget", "set"]].itertuples(index=False, name=None):
        sets.setdefault(tuple(place), set()).add(text)
    return {place: next(iter(found)) for place, found in sets.items() if len(found) == 1}


def _default(part: pd.DataFrame) -> Options:
    """The option set in the study's file: the one with the fewest options, since a try adds those that it searches."""
    return min(part["architecture_options"], key=len)


def _facts(made: list[Record], default: Options, reported: str) -> tuple[Any, ...]:
    ranked, facts = standings(_in_order(made, default)), made[0].objective
    higher = facts.better(facts.choose) == "higher"
    best = next((one for one in ranked if plain(one.options) == reported), ranked[0])
    first = next((one for one in ranked if one.options == default), None)
    value, before = (_value(one, higher=higher) for one in (best, first))
    gain = value - before if higher else before / value if value else math.nan
    failed = sum(one.failed for one in ranked)
    return (
        *(len(ranked), best.seeds, failed, facts.choose, higher),
        *(plain(default), before, plain(best.options), value, gain, len(made)),
    )


def _in_order(made: list[Record], default: Options) -> Iterable[Record]:
    """The records with the default first, so that it is chosen among equals."""
    return sorted(made, key=lambda one: one.trial.architecture_options != default)


def _value(one: Standing | None, *, higher: bool) -> float:
    if one is None or one.failed == one.seeds:
        return math.nan
    return -one.value if higher else one.value


def changes(table: pd.DataFrame) -> Iterator[str]:
    """A sentence for each task and condition: which competitor is best by default, and which when all are tuned."""
    for (variant, condition), part in table.groupby(["variant", "condition"], sort=False):
        known = part.dropna(subset=["default_valid", "valid"])
        if len(known) < 2 or len(known) < len(part):
            continue
        sign = -1 if known["higher"].iloc[0] else 1
        before, after = (
            known["architecture"].iloc[int((sign * known[column]).argmin())] for column in ("default_valid", "valid")
        )
        where = f"On {variant} ({condition})"
        if before == after:
            yield f"{where}, {after} is best on validation by default and when all are tuned."
        else:
            yield f"{where}, {before} is best on validation by default, and {after} when all are tuned."


def spread_of(options: Options, default: Options) -> str:
    """The options of a set that differ from the default, as text; empty if none do."""
    more = {name: value for name, value in options.items() if default.get(name) != value or name not in default}
    return ", ".join(f"{name}={value}" for name, value in more.items())
