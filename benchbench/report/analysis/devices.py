"""Compares the CPU with another device of the same machine: which is faster, and from which length and batch on."""

from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd

from benchbench.report.analysis.order import in_a_row, listed, networks, ordered, quoted, several
from benchbench.report.rows import plain
from benchbench.statistics.intervals import ALPHA, Interval, interval
from benchbench.statistics.pairs import WITHIN, holm
from benchbench.statistics.verdicts import BETTER, OPEN, TIE, verdict_of

HOST = "cpu"
FASTER, SLOWER = "faster", "slower"
TIMES = {"update": "update_ms", "predict": "predict_us"}
ONCE = "first_update_seconds"
_WORK = ["machine", "engine", "variant", "budget", "architecture", "length"]
_SAME = [*_WORK, "set", "seed"]
_TABLE = ["machine", "engine", "variant", "budget"]
_CELL = ["comparison", "machine", "device", "variant", "budget", "batch", "architecture", "length"]


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The times of a Selection's networks on the CPU and on other devices of the same machine.

    ``cells`` has a row for each ``comparison`` (the device, with the machine, the engine and the budgets that differ
    only in batch if there are several), task, budget, architecture and length. ``update_ms`` is the time of a fit after
    its first update, divided by its other updates. ``update_times`` is the ratio CPU / device of these times: the
    median over seeds that ended ok on both, with ``_min`` and ``_max``. ``update_low`` and ``update_high`` bound the
    interval of the ratio of geometric means over ``update_pairs`` seeds. ``update_verdict`` is faster or slower if the
    interval excludes 1, also after Holm's procedure over the lengths and architectures of a budget and task; tie if it
    lies within 10 % of 1; else open, also if a trial did not end ok. Columns with ``predict_`` are the same for a
    prediction. ``notes`` say what is left out.
    """

    cells: pd.DataFrame
    notes: tuple[str, ...]


def devices(frame: pd.DataFrame) -> Devices:
    """The comparisons within the frame of a Selection; empty if no machine has trials on the CPU and another device."""
    nets = frame[frame["architecture"].isin(networks(frame))]
    host, others = nets[nets["device"] == HOST], nets[nets["device"] != HOST]
    cells, notes = [], list[str]()
    for (machine, device), mine in others.groupby(["machine", "device"]):
        there = host[host["machine"] == machine]
        if there.empty:
            continue
        pairs = _pairs(there, mine)
        found = _cells(pairs[pairs["sides"] == "both"]).assign(device=str(device))
        notes += _notes(f"cpu and {device} on {machine}", pairs, found)
        if found["predict_times"].notna().any():
            cells.append(found)
    named = _named(pd.concat(cells), frame) if cells else pd.DataFrame(columns=_CELL)
    return Devices(cells=named, notes=tuple(notes))


def _pairs(host: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """One row for each option set and seed; ``sides`` says whether both devices have it. Times are missing in pairs."""
    columns = [*_SAME, *TIMES.values(), ONCE, "disturbed", "kernel"]
    sides = [
        part.assign(**{time: part[time].where(part["ok"]) for time in TIMES.values()}).loc[part["timed"], columns]
        for part in (host, other)
    ]
    pairs = sides[0].merge(sides[1], on=_SAME, how="outer", suffixes=("_cpu", "_device"), indicator="sides")
    for kind, time in TIMES.items():
        sided = [f"{time}_cpu", f"{time}_device"]
        pairs[sided] = pairs[sided].where(pairs[sided].gt(0).all(axis=1))
        pairs[f"{kind}_times"] = pairs[sided[0]] / pairs[sided[1]]
    return pairs


def _cells(pairs: pd.DataFrame) -> pd.DataFrame:
    by = pairs.assign(**{name: pairs[name].eq(True) for name in ("disturbed_cpu", "disturbed_device")}).groupby(_WORK)
    table = pd.DataFrame({"seeds": by["seed"].nunique()})
    for kind, time in TIMES.items():
        times = by[f"{kind}_times"]
        for side in ("cpu", "device"):
            table[f"{time}_{side}"] = by[f"{time}_{side}"].median()
        for suffix, how in (("", "median"), ("_min", "min"), ("_max", "max")):
            table[f"{kind}_times{suffix}"] = times.agg(how)
        table[f"{kind}_verdict"] = OPEN
    for side in ("cpu", "device"):
        table[f"{ONCE}_{side}"] = by[f"{ONCE}_{side}"].median()
        table[f"disturbed_{side}"] = by[f"disturbed_{side}"].sum()
    for side in ("cpu", "device"):
        table[f"kernel_{side}"] = by[f"kernel_{side}"].agg(lambda names: " / ".join(sorted({*names.dropna()} - {""})))
    return _judged(table.reset_index(), pairs)


def _judged(table: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The cells with their verdicts."""
    times = dict(list(pairs.groupby(_WORK)))
    places = list(table[_WORK].itertuples(index=False, name=None))
    for kind in TIMES:
        gaps = [np.log(times[place][f"{kind}_times"].to_numpy(float)) for place in places]
        found = [interval(one[np.isfinite(one)], np.random.default_rng(0)) for one in gaps]
        whole = np.array([np.isfinite(one).all() for one in gaps])
        p = pd.Series([one.p for one in found], table.index).where(whole)
        adjusted = p.groupby([table[name] for name in _TABLE]).transform(lambda part: holm(part.to_numpy()))
        words = [_word(*one) for one in zip(found, adjusted, whole, strict=True)]
        table[f"{kind}_verdict"] = words
        table[f"{kind}_pairs"] = [int(np.isfinite(one).sum()) for one in gaps]
        for end in ("low", "high"):
            table[f"{kind}_{end}"] = np.exp([getattr(one, end) for one in found])
    return table


def _word(gap: Interval, adjusted: float, whole: bool) -> str:
    said = verdict_of(gap, adjusted, log(1 + WITHIN), ALPHA, most=whole)
    if said == BETTER:
        return FASTER if gap.value > 0 else SLOWER
    return TIE if said == TIE and whole else OPEN


def _notes(place: str, pairs: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    if cells[["update_times", "predict_times"]].isna().all(axis=None):
        missing = (
            "no trial of the same task, options, budget and length succeeded on both with the same jobs and threads"
        )
        return [f"{place[0].upper()}{place[1:]} cannot be compared: {missing} (--jobs, --threads)."]
    sets = pairs.groupby(_WORK)["set"].nunique()
    differ = [f"{quoted(name)} at {length} ({budget})" for *_, budget, name, length in sets.index[sets > 1]]
    return [f"Left out of {place}, since their option sets differ: {in_a_row(differ, 6)}."] if differ else []


def _named(cells: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The cells with their batch and the name of their comparison, in order."""
    limits = dict(zip(frame["budget"], frame["budget_limits"], strict=True))
    batches = {name: limit.get("batch", 0) for name, limit in limits.items()}
    families = {name: plain({key: limit[key] for key in limit if key != "batch"}) for name, limit in limits.items()}
    members: dict[str, list[str]] = {}
    for name in sorted(set(cells["budget"]), key=lambda name: (batches[name], name)):
        members.setdefault(families[name], []).append(name)
    comparison = cells["device"].astype(str)
    for column in ("machine", "engine"):
        if several(cells, column):
            comparison = comparison + ", " + cells[column]
    if len(members) > 1:
        comparison = comparison + ", " + cells["budget"].map(lambda name: ", ".join(members[families[name]]))
    named = cells.assign(comparison=comparison, batch=cells["budget"].map(batches), baseline=False)
    last = ["engine", "kernel_cpu", "kernel_device"]
    middle = [name for name in named if name not in {*_CELL, *last, "baseline"}]
    return named[[*_CELL, *middle, *last, "baseline"]].sort_values(_CELL, ignore_index=True)


def crossovers(part: pd.DataFrame, along: str, across: str) -> pd.DataFrame:
    """From which ``along`` (length or batch) on an update is faster on the device, by architecture and ``across``.

    Empty if only one ``along`` was measured.
    """
    if not several(part, along):
        return pd.DataFrame()
    columns = sorted(set(part[across]))
    rows = []
    for name in ordered(part):
        mine = part[part["architecture"] == name]
        rows.append([_first(mine[mine[across] == value], along) for value in columns])
    return pd.DataFrame(rows, index=ordered(part), columns=columns)


def _first(cells: pd.DataFrame, along: str) -> str:
    """The first value from which on all decided ones are faster, with the open ones after it in brackets."""
    said = cells.sort_values(along, kind="stable")
    judged = said[said["update_verdict"] != OPEN]
    if judged.empty:
        return "–" if said.empty else OPEN
    faster = (judged["update_verdict"] == FASTER)[::-1].cummin()[::-1]  # here and at all that follow
    if not faster.any():
        return "not reached"
    first = judged.loc[faster, along].iloc[0]
    left = said.loc[said["update_verdict"] == OPEN, along]
    below = left[left < first]
    unknown = faster.all() or (not below.empty and below.iloc[-1] > judged.loc[~faster, along].iloc[-1])
    still = [str(place) for place in left[left > first]]
    return f"{'≤ ' if unknown else ''}{first}{f' ({listed(still)}: open)' if still else ''}"
