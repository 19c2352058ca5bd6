"""Which records may be compared: nothing old, nothing made twice, no time that was measured differently."""

from collections.abc import Collection
from itertools import product

import numpy as np
import pandas as pd

from benchbench.core.errors import InputError
from benchbench.core.record import Status
from benchbench.report.analysis.lines import last_of_each, records
from benchbench.report.analysis.order import listed, natural, several
from benchbench.report.analysis.trials import rows
from benchbench.report.frame import DISTURBED, plain
from benchbench.statistics.pairs import WITHIN

CELL = ["condition", "variant", "architecture", "length"]
TIMES = ("fit_seconds", "first_update_seconds", "update_ms", "floor_times", "predict_us")
_UNROLLED = r"numba |ATen loop|oneDNN LSTM"  # kernels that use every trained number once a step
_OPERATIONS = 6  # on a trained number: multiplied and added forward, and twice on the way back
_MEMORY = ("peak", "device_peak", "device_reserved", "device_used")
_COSTS = [*TIMES, *(f"{name}_mib" for name in _MEMORY)]
_OBJECTIVE = ["objective", "primary", "better", "choose", "loss", "chosen_higher"]
_IDENTITY = ["task", "task_set", "architecture", "set", "length", "device", "engine", "seed", "machine", "budget"]


def current(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows of the newest versions and limits, each trial once, and sentences on what was left out."""
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
    """A sentence that names the tasks whose data differ on one seed; none where all are the same."""
    known = frame[frame["fingerprint"] != ""]
    seen = known.groupby(["machine", "task", "task_set", "length", "seed"])["fingerprint"].nunique()
    differ = sorted({str(place[1]) for place in seen.index[seen > 1]}, key=natural)
    return [f"Not the same data on the same seed, so not to be compared: {', '.join(differ)}."] if differ else []


def asked(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the objective of a task's scored trials in its trials without a score.

    A trial that was killed before it had its data does not know the objective, and its record says regression.
    InputError where a task has records of two objectives.
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
            way = "raise the version of the task, or use other records (--results)"
            raise InputError(f"{named}: records of several objectives in one table, {' and '.join(said)}: {way}")


def measured(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame with what ranks and with costs in the units of the report, and sentences on costs left out."""
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
        how_other = "with other jobs, threads or allocator"
        notes.append(f"Scores only: {records(other)} made {how_other}; times and memory are left out.")
    if unranked := int((frame["unranked"] & ok).sum()):
        notes.append(f"Marked: {records(unranked)} not ranked; the pages of the tasks say why.")
    if untimed := int((frame["untimed"] & ok).sum()):
        notes.append(f"Marked: the times of {records(untimed)} are left out; the pages of the tasks say why.")
    if disturbed := int((frame["disturbed"] & ok).sum()):
        fits = f"{disturbed:,} of {int((ok & timed).sum()):,} fits"
        notes.append(f"Disturbed: {fits} ({DISTURBED}); their times are marked †.")
    return frame, notes


def _floor_ms(frame: pd.DataFrame) -> "pd.Series[float]":
    """What the matrix products of an update take at the speed of the yardstick, on one core; NaN where not known."""
    batch = frame["budget_limits"].map(lambda limits: limits.get("batch", np.nan)).astype(float)
    operations = _OPERATIONS * frame["trained_parameters"] * frame["length"] * batch
    known = frame["kernel"].str.match(_UNROLLED) & (frame["device"] == "cpu") & (frame["threads"] == 1)
    return (operations / frame["gemm_gflops"] / 1e6).where(known)


def one_kernel(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame without the times of cells that several kernels made, and a sentence that names them."""
    mixed = _mixed(frame, "kernel")
    if not mixed.any():
        return frame, []
    places = frame.loc[mixed, ["architecture", "variant", "condition"]].drop_duplicates()
    names = sorted(
        {f"{name} on {variant} ({condition})" for name, variant, condition in places.to_numpy()}, key=natural
    )
    said = f"Mixed times: several kernels carried out {', '.join(names)}; these times are left out."
    return _untimed(frame, mixed), [said]


def one_machine(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame without the times of cells that several machines made, and a sentence that counts them."""
    mixed = _mixed(frame, "machine")
    if not mixed.any():
        return frame, []
    count, whole = len(frame.loc[mixed, CELL].drop_duplicates()), len(frame[CELL].drop_duplicates())
    which = f"{count:,} of {whole:,} combinations of task, architecture and length"
    said = f"Mixed times: the trials of {which} ran on several machines; their scores are pooled, their times left out."
    return _untimed(frame, mixed), [said]


def _mixed(frame: pd.DataFrame, column: str) -> "pd.Series[bool]":
    """The rows of cells whose times come from several values of a column."""
    known = frame[column].where(frame["ok"] & frame["timed"] & (frame[column] != ""))
    return known.groupby([frame[name] for name in CELL]).transform("nunique") > 1


def _untimed(frame: pd.DataFrame, rows: "pd.Series[bool]") -> pd.DataFrame:
    frame = frame.assign(timed=frame["timed"] & ~rows, disturbed=frame["disturbed"] & ~rows)
    frame[list(TIMES)] = frame[list(TIMES)].where(~rows)
    return frame


def gaps(frame: pd.DataFrame, tuned: Collection[str] = ()) -> list[str]:
    """A sentence where trials of the grid that the records span have no record yet.

    Competitors that were ``tuned`` have one option set in each place, and other ones elsewhere. Seeds that were added
    to some places are no part of the grid. A budget may have run at some of the lengths alone.
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
    said = f"Unfinished: {present:,} of {whole:,} trials of the grid have a record; `benchbench run` continues."
    return [f"{said} Without one: {listed(missing, 6)}."]


def _missing(frame: pd.DataFrame) -> list[str]:
    """What has no record that others have: by competitor the trials, and what they share of what differs."""
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
        said.append(f"{name} ({'; '.join([f'{len(found[name]):,}', *some])})")
    return said


def _named(axis: str, values: set[object]) -> str:
    texts = sorted(map(str, values), key=natural)
    return f"{axis}{'s' * (len(texts) > 1)} {listed(texts)}"


def looks(frame: pd.DataFrame) -> list[str]:
    """A sentence where seeds were added in the places with an undecided pair; none elsewhere."""
    if not frame["added"].any():
        return []
    counted = f"{records(int(frame['added'].sum()))} of seeds that --resolve asked for"
    effect = f"a difference of {100 * effect_of(frame):g} %"
    said = "each look has a quarter of 5 %, so intervals are of 98.75 %, and a pair stays as it was decided"
    said += f"; ties and seeds needed are those of {effect} too"
    return [f"Added seeds: {counted}, where a pair was undecided at {effect} with 5, 10 or 20 seeds; {said}."]


def effect_of(frame: pd.DataFrame) -> float:
    """The difference at which pairs are decided: the smallest that seeds were added for, else 10 %."""
    return float(frame["resolved"].fillna(WITHIN).where(frame["added"]).min()) if frame["added"].any() else WITHIN


def variants(frame: pd.DataFrame) -> "pd.Series[str]":
    """The task of each row, with the options that tell its variants apart."""
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
    """The budget of each row, its device where there are several, its engine and machine where these are compared.

    Engines are compared where an architecture has several.
    A study may be spread over machines that make other trials each: their scores are pooled. Machines are compared
    where they made the same trials, or where one of them has several devices, whose times are compared on it.
    """
    label = frame["budget"]
    compared = _repeated(frame, "key", "machine") or _repeated(frame, "machine", "device")
    engines = _repeated(frame, "architecture", "engine")  # else each has its own, and they are compared across
    for column in ("device", *(["engine"] if engines else []), *(["machine"] if compared else [])):
        if several(frame, column):
            label = label + ", " + frame[column].replace("", f"unknown {column}")
    return label


def _repeated(frame: pd.DataFrame, by: str, column: str) -> bool:
    """Whether a value of ``by`` has several values of a column: a trial machines, a machine devices."""
    return len(frame[[by, column]].drop_duplicates()) > len(set(frame[by]))
