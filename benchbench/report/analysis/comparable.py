"""Decides which records may be compared: no old ones, no repeated ones, no times measured under other conditions."""

from collections.abc import Collection
from itertools import product

import numpy as np
import pandas as pd

from benchbench.core.errors import InputError
from benchbench.core.record import Status
from benchbench.report.analysis.lines import last_of_each, records
from benchbench.report.analysis.order import in_a_row, listed, natural, quoted, several
from benchbench.report.analysis.trials import rows
from benchbench.report.rows import DISTURBED, plain
from benchbench.statistics.pairs import WITHIN

CELL = ["condition", "variant", "architecture", "length"]
TIMES = ("fit_seconds", "first_update_seconds", "update_ms", "floor_times", "predict_us")
_UNROLLED = r"numba |ATen loop|oneDNN LSTM"  # kernels that use every trained number once in each step
_OPERATIONS = 6  # for each trained number: a multiplication and an addition forward, and twice as many backward
_MEMORY = ("peak", "device_peak", "device_reserved", "device_used")
_COSTS = [*TIMES, *(f"{name}_mib" for name in _MEMORY)]
_OBJECTIVE = ["objective", "primary", "better", "choose", "loss", "chosen_higher"]
_IDENTITY = ["task", "task_set", "architecture", "set", "length", "device", "engine", "seed", "machine", "budget"]


def current(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows with the newest versions and limits, each trial once, and sentences that say what is left out."""
    frame = frame.assign(
        task_set=frame["task_options"].map(plain),
        set=frame["architecture_options"].map(plain),
        limits=frame["budget_limits"].map(plain),
    )
    newest = _newest(frame, "task") & _newest(frame, "architecture")
    latest = frame[newest].sort_values("started", kind="stable").groupby("budget")["limits"].last()
    same = frame["limits"] == frame["budget"].map(latest)
    kept, again = last_of_each(frame[newest & same], _IDENTITY)
    counts = {
        "of an older version of a task or an architecture": int((~newest).sum()),
        "of a budget whose limits were changed later": int((newest & ~same).sum()),
    }
    return kept, [*(f"Left out: {records(n)} {reason}." for reason, n in counts.items() if n), *again]


def _newest(frame: pd.DataFrame, kind: str) -> "pd.Series[bool]":
    version = frame[f"{kind}_version"].fillna(0)
    return version == version.groupby(frame[kind]).transform("max")


def same_data(frame: pd.DataFrame) -> list[str]:
    """A sentence that names the tasks whose data differ on the same seed; none if there are no such tasks."""
    known = frame[frame["fingerprint"] != ""]
    seen = known.groupby(["machine", "task", "task_set", "length", "seed"])["fingerprint"].nunique()
    differ = sorted({str(place[1]) for place in seen.index[seen > 1]}, key=natural)
    said = "The data differ on the same seed, so the scores must not be compared"
    return [f"{said}: {listed(differ, len(differ))}."] if differ else []


def asked(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the objective of a task's scored trials also in its trials without a score.

    A trial that was killed before it had its data does not know the objective, and its record says regression.
    InputError if a task has records with two objectives.
    """
    place = ["task", "task_set"]
    scored = frame["test_score"].notna() | frame["valid_choice"].notna()
    _one_objective(frame[scored])
    known = frame[scored].drop_duplicates(place).set_index(place)[_OBJECTIVE]
    places = pd.MultiIndex.from_frame(frame[place])
    lost = ~scored & places.isin(known.index)
    frame = frame.copy()
    for column in _OBJECTIVE:
        frame.loc[lost, column] = known[column].reindex(places[lost]).to_numpy()
    return frame


def _one_objective(frame: pd.DataFrame) -> None:
    known = frame[["task", "task_set", "objective", "primary"]].drop_duplicates()
    for (task, options), part in known.groupby(["task", "task_set"]):
        said = sorted(set(part["objective"] + " by " + part["primary"]))
        if len(said) > 1:
            named = f"{task} {options}" if options != "{}" else task
            way = "raise the version of the task, or use another folder of records (--results)"
            raise InputError(f"{named}: its records have several objectives, {' and '.join(said)}: {way}")


def measured(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame with ranking scores and with costs in the report's units, and sentences on costs that are left out."""
    how = frame["jobs"].astype(str) + " " + frame["threads"].astype(str) + " " + frame["allocator"]
    ok = (frame["status"] == Status.OK) & frame["test_score"].notna()
    usual = how[ok].groupby(frame["machine"]).agg(lambda part: next(iter(part.mode()), ""))
    timed = how == frame["machine"].map(usual)
    turned = frame["test_score"].where(frame["better"] != "higher", -frame["test_score"])
    frame = frame.assign(
        ok=ok,
        timed=timed,
        disturbed=frame["disturbed"] & timed,
        rank_score=turned.where(ok & ~frame["unranked"], np.inf),
        fit_seconds=frame["fit_seconds"].where(~frame["solves"], frame["watched_fit_seconds"]),
        predict_us=frame["predict_seconds"] / frame["test_sequences"].where(frame["test_sequences"] > 0) * 1e6,
        **{f"{name}_mib": frame[f"{name}_bytes"] / 2**20 for name in _MEMORY},
    )
    others = (frame["updates"] - 1).where(frame["updates"] > 1)
    frame["update_ms"] = (frame["fit_seconds"] - frame["first_update_seconds"]) / others * 1e3
    frame["floor_times"] = frame["update_ms"] / _floor_ms(frame)
    frame[_COSTS] = frame[_COSTS].where(timed)
    frame = _untimed(frame, frame["unranked"] | frame["untimed"])
    notes = []
    if other := int((ok & ~timed).sum()):
        notes.append(
            f"Scores only: {records(other)} {_were(other)} made with another number of jobs or threads or another "
            "allocator, so their times and memory are left out."
        )
    if unranked := int((frame["unranked"] & ok).sum()):
        said = f"{records(unranked)} {_are(unranked)} not ranked"
        notes.append(f"Marked: {said}. The pages of the tasks give the reasons.")
    if untimed := int((frame["untimed"] & ok).sum()):
        notes.append(f"Marked: the times of {records(untimed)} are left out. The pages of the tasks give the reasons.")
    if disturbed := int((frame["disturbed"] & ok).sum()):
        fits = f"{disturbed:,} of {int((ok & timed).sum()):,} fits"
        notes.append(f"Disturbed: the times of {fits} are marked †, since {DISTURBED}.")
    return frame, notes


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _floor_ms(frame: pd.DataFrame) -> "pd.Series[float]":
    """The time of an update's matrix products in ms at the yardstick's speed on one core; NaN if it is unknown."""
    batch = frame["budget_limits"].map(lambda limits: limits.get("batch", np.nan)).astype(float)
    operations = _OPERATIONS * frame["trained_parameters"] * frame["length"] * batch
    known = frame["kernel"].str.match(_UNROLLED) & (frame["device"] == "cpu") & (frame["threads"] == 1)
    return (operations / frame["gemm_gflops"] / 1e6).where(known)


def one_kernel(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame without the times of cells with several kernels, and a sentence that names these cells."""
    mixed = _mixed(frame, "kernel")
    if not mixed.any():
        return frame, []
    places = frame.loc[mixed, ["architecture", "variant", "condition"]].drop_duplicates()
    names = sorted(
        {f"{name} on {variant} ({condition})" for name, variant, condition in places.to_numpy()}, key=natural
    )
    said = f"Mixed times: several kernels ran {'; '.join(names)}; these times are left out."
    return _untimed(frame, mixed), [said]


def one_machine(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame without the times of cells from several machines, and a sentence that counts these cells."""
    mixed = _mixed(frame, "machine")
    if not mixed.any():
        return frame, []
    count, whole = len(frame.loc[mixed, CELL].drop_duplicates()), len(frame[CELL].drop_duplicates())
    which = f"{count:,} of {whole:,} combinations of task, architecture and length"
    said = f"Mixed times: the trials of {which} ran on several machines; their scores are pooled, their times left out."
    return _untimed(frame, mixed), [said]


def _mixed(frame: pd.DataFrame, column: str) -> "pd.Series[bool]":
    """The rows of cells whose times have several values of a column."""
    known = frame[column].where(frame["ok"] & frame["timed"] & (frame[column] != ""))
    return known.groupby([frame[name] for name in CELL]).transform("nunique") > 1


def _untimed(frame: pd.DataFrame, rows: "pd.Series[bool]") -> pd.DataFrame:
    frame = frame.assign(timed=frame["timed"] & ~rows, disturbed=frame["disturbed"] & ~rows)
    frame[list(TIMES)] = frame[list(TIMES)].where(~rows)
    return frame


def gaps(frame: pd.DataFrame, tuned: Collection[str] = ()) -> list[str]:
    """A sentence on the trials without a record in the grid that the records span; none if the grid is complete.

    Competitors that were ``tuned`` have one option set in each place, which may differ between places. Seeds that were
    added to some places are not part of the grid. A budget may have been used at only some of the lengths.
    """
    sets = frame["set"].where(~frame["architecture"].isin(tuned), "")
    competitors = frame["architecture"] + " " + sets + " " + frame["engine"]  # not each has every engine
    places = (
        frame["budget"] + " " + frame["device"] + (" " + frame["machine"] if _repeated(frame, "key", "machine") else "")
    )
    places = places + " " + frame["length"].astype(str)
    grid = frame["seed"].isin(frame.loc[~frame["added"], "seed"])
    axes = [axis[grid] for axis in (places, frame["variant"], frame["seed"], competitors)]
    whole = int(np.prod([column.nunique() for column in axes]))
    present = len(set(zip(*axes, strict=True)))
    if present >= whole:
        return []
    missing = _missing(frame[grid].assign(place=axes[0], rival=axes[3]))
    said = (
        f"Unfinished: {present:,} of {whole:,} trials of the grid have a record; `benchbench run` continues the study"
    )
    return [f"{said}. Without a record: {in_a_row(missing, 6)}."]


def _missing(frame: pd.DataFrame) -> list[str]:
    """For each competitor, the number of its trials without a record, and the settings that these have in common."""
    axes = [list(dict.fromkeys(frame[name])) for name in ("place", "variant", "seed", "rival")]
    known = set(frame[["place", "variant", "seed", "rival"]].itertuples(index=False, name=None))
    columns = ["budget", "device", "length"]
    first = frame.drop_duplicates("place")
    places = {row["place"]: {name: row[name] for name in columns} for row in rows(first[["place", *columns]])}
    names = dict(zip(frame["rival"], frame["architecture"], strict=True))
    found: dict[str, list[dict[str, object]]] = {}
    for place, variant, seed, rival in product(*axes):
        if (place, variant, seed, rival) not in known:
            found.setdefault(names[rival], []).append({"task": variant, **places[place], "seed": seed})
    said = []
    for name in sorted(found, key=natural):
        values = {axis: {one[axis] for one in found[name]} for axis in found[name][0]}
        every = {axis: len(set(frame["variant" if axis == "task" else axis])) for axis in values}
        some = [_named(axis, values[axis]) for axis in values if len(values[axis]) < every[axis]]
        trials = f"{len(found[name]):,} trial{'s' * (len(found[name]) > 1)}"
        said.append(f"{quoted(name)} ({'; '.join([trials, *some])})")
    return said


def _named(axis: str, values: set[object]) -> str:
    texts = sorted(map(str, values), key=natural)
    return f"{axis}{'s' * (len(texts) > 1)} {listed(texts)}"


def looks(frame: pd.DataFrame) -> list[str]:
    """A sentence if --resolve added seeds in places with an undecided pair; else none."""
    if not frame["added"].any():
        return []
    counted = f"{records(int(frame['added'].sum()))} with seeds that --resolve added"
    effect = f"a difference of {100 * effect_of(frame):g} %"
    said = "each of the four looks at a pair uses a quarter of the 5 %, so intervals have a level of 98.75 %"
    said += f", and a decided pair stays decided; ties and seeds needed also refer to {effect}"
    return [f"Added seeds: {counted}, where a pair was undecided at {effect} with 5, 10 or 20 seeds; {said}."]


def effect_of(frame: pd.DataFrame) -> float:
    """The relative difference at which pairs are decided: the smallest that seeds were added for, or else 0.1."""
    return float(frame["resolved"].fillna(WITHIN).where(frame["added"]).min()) if frame["added"].any() else WITHIN


def variants(frame: pd.DataFrame) -> "pd.Series[str]":
    """The task of each row, with the options that distinguish its variants."""
    labels = {}
    for task, part in frame.groupby("task"):
        found = dict(zip(part["task_set"], part["task_options"], strict=True))
        names = sorted({name for options in found.values() for name in options})
        differ = [n for n in names if len({plain({n: o[n]} if n in o else {}) for o in found.values()}) > 1]
        for key, options in found.items():
            text = ", ".join(f"{name}={options.get(name, 'default')}" for name in differ)
            labels[task, key] = f"{task} ({text})" if text else str(task)
    return pd.Series([labels[key] for key in zip(frame["task"], frame["task_set"], strict=True)], index=frame.index)


def conditions(frame: pd.DataFrame) -> "pd.Series[str]":
    """The budget of each row, with its device, engine and machine where these are compared.

    Devices are compared if there are several, engines if an architecture has several. If machines ran different trials
    of a study, their scores are pooled; machines are compared if they ran the same trials, or if one of them has
    several devices, whose times are then compared on that machine.
    """
    label = frame["budget"]
    compared = _repeated(frame, "key", "machine") or _repeated(frame, "machine", "device")
    engines = _repeated(frame, "architecture", "engine")  # else architectures are compared across engines
    for column in ("device", *(["engine"] if engines else []), *(["machine"] if compared else [])):
        if several(frame, column):
            label = label + ", " + frame[column].replace("", f"unknown {column}")
    return label


def _repeated(frame: pd.DataFrame, by: str, column: str) -> bool:
    """Whether some value of ``by`` has several values of a column, such as a machine with several devices."""
    return len(frame[[by, column]].drop_duplicates()) > len(set(frame[by]))
