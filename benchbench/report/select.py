"""Which records are compared with which: nothing old, nothing measured differently, one option set a competitor."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchbench.core.record import Status
from benchbench.report.frame import DISTURBED, plain

FLOORS = ("linear", "persistence", "mean")
CELL = ["condition", "variant", "architecture", "length"]
_FIRST = ("rnn", "lstm", "gru", "esn")
_MEMORY = ("peak", "device_peak", "device_reserved", "device_used")
_COSTS = ["fit_seconds", "first_update_seconds", "predict_us", *(f"{name}_mib" for name in _MEMORY)]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The trials that the report compares.

    ``frame`` has one row per trial, its index counts the records, and the columns of ``load`` plus ``variant`` (the
    task, with its options where it comes in several variants), ``condition`` (budget, and device and machine where
    there are several), ``ok`` (it counts in rankings), ``rank_mse`` (test MSE, infinite where it is not ok), ``timed``
    (its costs may be compared), ``predict_us`` and memory in MiB. ``failures`` are all trials that did not end ok, of
    any option set. ``options`` has a row per cell: how many option sets, and which was chosen. ``notes`` say what was
    left out.
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    options: pd.DataFrame
    notes: tuple[str, ...]


def order(names: Iterable[str]) -> list[str]:
    """Distinct architecture names: the classics, then the others by name, then the floors."""
    rank = {name: i for i, name in enumerate((*_FIRST, *reversed(FLOORS)))}
    middle = len(_FIRST) - 0.5
    ranks = {name: rank.get(name, middle) for name in names}
    return sorted(ranks, key=lambda name: (ranks[name], name))


def networks(names: Iterable[str]) -> list[str]:
    """Distinct architecture names without the floors, in the order of ``order``."""
    return [name for name in order(names) if name not in FLOORS]


def parts(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """A frame by the values of a text column, in their order."""
    return [(str(value), part) for value, part in frame.groupby(column)]


def several(frame: pd.DataFrame, column: str) -> bool:
    """Whether a column has more than one value."""
    return len(set(frame[column])) > 1


def select(frame: pd.DataFrame) -> Selection:
    """The trials to compare, from the frame of ``load``."""
    frame, notes = _current(frame)
    frame, measured = _measured(frame)
    notes += _same_data(frame)
    frame = frame.assign(variant=_variants(frame), condition=_conditions(frame))
    notes += _gaps(frame)
    chosen, options = _tuned(frame)
    failures = frame[frame["status"] != Status.OK]
    return Selection(frame=chosen, failures=failures, options=options, notes=(*notes, *measured))


def _current(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    frame = frame.assign(
        task_set=frame["task_options"].map(plain),
        set=frame["architecture_options"].map(plain),
        limits=frame["budget_limits"].map(plain),
    )
    newest = _newest(frame, "task") & _newest(frame, "architecture")
    latest = frame[newest].sort_values("started", kind="stable").groupby("budget")["limits"].last()
    same = frame["limits"] == frame["budget"].map(latest)
    identity = ["task", "task_set", "architecture", "set", "length", "device", "seed", "machine", "budget"]
    kept = frame[newest & same]
    kept = kept[~kept.duplicated(identity, keep="last")]
    counts = {
        "of an older version of a task or an architecture": int((~newest).sum()),
        "of a budget whose limits were changed later": int((newest & ~same).sum()),
        "made again later": int((newest & same).sum()) - len(kept),
    }
    return kept, [f"Left out: {_records(n)} {reason}." for reason, n in counts.items() if n]


def _newest(frame: pd.DataFrame, kind: str) -> "pd.Series[bool]":
    version = frame[f"{kind}_version"].fillna(0)
    return version == version.groupby(frame[kind]).transform("max")


def _same_data(frame: pd.DataFrame) -> list[str]:
    known = frame[frame["fingerprint"] != ""]
    seen = known.groupby(["machine", "task", "task_set", "length", "seed"])["fingerprint"].nunique()
    differ = sorted({str(place[1]) for place in seen.index[seen > 1]})
    return [f"Not the same data on the same seed, so not to be compared: {', '.join(differ)}."] if differ else []


def _measured(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    how = frame["jobs"].astype(str) + " " + frame["threads"].astype(str) + " " + frame["allocator"]
    ok = (frame["status"] == Status.OK) & frame["test_mse"].notna()
    usual = how[ok].groupby(frame["machine"]).agg(lambda part: next(iter(part.mode()), ""))
    timed = how == frame["machine"].map(usual)
    frame = frame.assign(
        ok=ok,
        timed=timed,
        disturbed=frame["disturbed"] & timed,
        rank_mse=frame["test_mse"].where(ok, np.inf),
        predict_us=frame["predict_seconds"] / frame["test_sequences"].where(frame["test_sequences"] > 0) * 1e6,
        **{f"{name}_mib": frame[f"{name}_bytes"] / 2**20 for name in _MEMORY},
    )
    frame[_COSTS] = frame[_COSTS].where(timed)
    other = int((ok & ~timed).sum())
    notes = []
    if other:
        how_other = "with other jobs, threads or allocator"
        notes.append(f"Scores only: {_records(other)} made {how_other}; times and memory are left out.")
    counted = ok & timed
    disturbed = int((frame["disturbed"] & ok).sum())
    if disturbed:
        notes.append(
            f"Disturbed: {disturbed:,} of {int(counted.sum()):,} fits ({DISTURBED}); their times are marked †."
        )
    return frame, notes


def _gaps(frame: pd.DataFrame) -> list[str]:
    """Whether trials of the grid that the records span have no record yet."""
    competitors = frame["architecture"] + " " + frame["set"]
    axes = [frame["condition"], frame["variant"], frame["length"], frame["seed"], competitors]
    whole = int(np.prod([column.nunique() for column in axes]))
    present = len(set(zip(*axes, strict=True)))
    if present >= whole:
        return []
    return [f"**Unfinished:** {present:,} of {whole:,} trials of the grid have a record; `benchbench run` goes on."]


def _variants(frame: pd.DataFrame) -> "pd.Series[str]":
    labels = {}
    for task, part in frame.groupby("task"):
        variants = dict(zip(part["task_set"], part["task_options"], strict=True))
        names = sorted({name for options in variants.values() for name in options})
        differ = [n for n in names if len({plain({n: o[n]} if n in o else {}) for o in variants.values()}) > 1]
        for key, options in variants.items():
            text = ", ".join(f"{name}={options.get(name, 'default')}" for name in differ)
            labels[task, key] = f"{task} ({text})" if text else str(task)
    return pd.Series([labels[key] for key in zip(frame["task"], frame["task_set"], strict=True)], index=frame.index)


def _conditions(frame: pd.DataFrame) -> "pd.Series[str]":
    label = frame["budget"]
    for column in ("device", "machine"):
        if several(frame, column):
            label = label + ", " + frame[column].replace("", f"unknown {column}")
    return label


def _tuned(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    valid = frame["valid_mse"].where(frame["ok"])
    sets = (
        frame.assign(penalised=valid.fillna(np.inf), valid=valid)
        .groupby([*CELL, "set"], as_index=False)
        .agg(penalised=("penalised", "median"), valid_mse=("valid", "median"))
        .sort_values(["penalised", "valid_mse", "set"], kind="stable")
    )
    cell = sets.groupby(CELL)
    options = cell.head(1).assign(option_sets=cell["set"].transform("size")).sort_values(CELL)
    chosen = pd.MultiIndex.from_frame(options[[*CELL, "set"]])
    kept = pd.MultiIndex.from_frame(frame[[*CELL, "set"]]).isin(chosen)
    columns = [*CELL, "option_sets", "set", "valid_mse"]
    return frame[kept], options[columns].reset_index(drop=True)


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"
