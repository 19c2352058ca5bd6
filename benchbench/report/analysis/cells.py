"""Medians and spread over seeds."""

from typing import Any

import pandas as pd

from benchbench.core.marks import marks
from benchbench.core.record import Status
from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.trials import Records

COSTS = (
    "fit_seconds", "predict_us", "peak_mib", "device_peak_mib", "device_reserved_mib", "device_used_mib",
    "trained_parameters", "fixed_parameters", "updates",
)  # fmt: skip
_SPREAD = (("", "median"), ("_min", "min"), ("_max", "max"))
_FIRST = ("mse", "r2")  # the first columns in the table of parts of the test split
_FACTS = ("objective", "primary", "better", "baseline", "engine", "loss", "solves")


def metrics(frame: pd.DataFrame) -> list[str]:
    """The names of the metrics with a test value in a frame, in the order of their columns."""
    columns = (str(name) for name in frame.columns)
    names = [name.removeprefix("test_") for name in columns if name.startswith("test_")]
    return [n for n in names if n not in {"score", "sequences"} and frame[f"test_{n}"].notna().any()]


def usual(frame: pd.DataFrame) -> bool:
    """Whether every task is a regression that is ranked by the MSE."""
    return set(frame["objective"]) <= {"regression"} and set(frame["primary"]) <= {"mse"}


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each condition, task, architecture and length in the frame of a Selection.

    Values are medians over the seeds that ended ok; ``_min`` and ``_max`` give the range over them, for ``score``,
    which is the task's primary metric, and for every metric by its name. ``ok`` counts these seeds, ``seeds`` all seeds
    and ``disturbed`` those with disturbed times. ``failed`` says in words how the other seeds ended. ``trials`` are
    the keys and machines of the trials.
    """
    every, scored = frame.groupby(CELL), frame[frame["ok"]].groupby(CELL)
    table = every[list(_FACTS)].first()
    table["seeds"] = every["seed"].nunique()
    table["ok"] = scored.size().reindex(table.index, fill_value=0)
    for name in ("score", *metrics(frame)):
        for suffix, how in _SPREAD:
            table[name + suffix] = scored[f"test_{name}"].agg(how)
    table["floor"] = scored["floor"].median()
    for column in ("width", *COSTS, "first_update_seconds", "floor_times"):
        table[column] = scored[column].median()
    table["disturbed"] = scored["disturbed"].sum().reindex(table.index, fill_value=0)
    table["failed"] = every["status"].agg(failed)
    table["kernel"] = every["kernel"].agg(lambda kernels: " / ".join(sorted(set(kernels) - {""})))
    table["trials"] = trials_of(frame)
    return table.reset_index()


def trials_of(frame: pd.DataFrame) -> "pd.Series[Any]":
    """The keys and machines of the trials of each cell."""
    pairs = pd.Series(list(zip(frame["key"], frame["machine"], strict=True)), frame.index, dtype=object)
    return pairs.groupby([frame[name] for name in CELL]).agg(tuple)


def failed(statuses: "pd.Series[str]") -> str:
    """The statuses other than ok with their counts, in words."""
    counts = statuses[statuses != Status.OK].value_counts().sort_index()
    return ", ".join(f"{status} {count}/{len(statuses)}" for status, count in counts.items())


def answers(found: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """One row for each condition, task and length: the best median, how sure that is, its score and its costs."""
    taken = said.rename(columns={"take": "architecture"}).merge(found, on=CELL, how="left")
    taken["parameters"] = taken["trained_parameters"] + taken["fixed_parameters"].fillna(0)
    return taken.rename(columns={"architecture": "take"})


def groups(frame: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Median test metrics over the seeds that ended ok, for each cell and named part of the test split."""
    rows = [
        {**dict(zip(CELL, cell, strict=True)), "group": name, **scores}
        for cell, record in records.rows(frame[frame["ok"]], CELL)
        for name, scores in record.groups.items()
        if len(record.groups) > 1
    ]
    found_names = dict.fromkeys(name for row in rows for name in row if name not in {*CELL, "group"})
    names = sorted(found_names, key=lambda name: name not in _FIRST)
    table = pd.DataFrame(rows, columns=[*CELL, "group", *(names or (_FIRST if usual(frame) else ()))])
    table = table.astype(dict.fromkeys(names, float))
    found: pd.DataFrame = table.groupby([*CELL, "group"], as_index=False, sort=True).median()
    return found


def marked(frame: pd.DataFrame, records: Records) -> pd.DataFrame:
    """The marks of trials that ended ok (``core.marks``): one row for each trial and mark, with the seed."""
    rows = [
        (*cell, mark.kind, mark.about, mark.sentence, record.trial.seed)
        for cell, record in records.rows(frame[frame["ok"]], CELL)
        for mark in marks(record)
    ]
    return pd.DataFrame(rows, columns=[*CELL, "kind", "about", "sentence", "seed"])


def undefined(frame: pd.DataFrame, records: Records) -> pd.DataFrame:
    """The metrics without a value, with the records' sentences that say why: one row for each cell and sentence."""
    rows = [
        (*cell, name, sentence)
        for cell, record in records.rows(frame, CELL)
        for name, sentence in record.undefined.items()
        if name.startswith("test_")
    ]
    table = pd.DataFrame(rows, columns=[*CELL, "metric", "sentence"]).astype(str).astype({"length": int})
    return table.groupby([*CELL, "metric", "sentence"], as_index=False).size().rename(columns={"size": "trials"})
