"""Sentences of the report: what was run, what to take, and which floors were not beaten."""

from typing import Any

import pandas as pd

from benchbench.core.record import Status
from benchbench.report.select import CELL, FLOORS, networks
from benchbench.report.tables import DAGGER, PLACE, decimals, label, listed, markdown, number, words

_LIMITS = {
    "parameters": "at most {:,} parameters",
    "width": "width {:,}",
    "updates": "{:,} updates",
    "epochs": "{:,} epochs",
    "seconds": "{:,g} s",
    "batch": "batch {:,}",
}


def what_ran(frame: pd.DataFrame) -> list[str]:
    """Three lines: budget, machine, versions."""
    return [
        f"- **Budget:** {_budgets(frame)}",
        f"- **Machine:** {_machines(frame)}",
        f"- **Versions:** {_versions(frame)}",
    ]


def missing_floors(frame: pd.DataFrame) -> str:
    """The floors that the study did not run, in one line; empty where it ran all."""
    missing = [name for name in FLOORS if name not in set(frame["architecture"])]
    return f"Not in this study: {', '.join(missing)}." if missing else ""


def answers(cells: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """One row per condition, task and length: what to take, how sure, what it scores and what it costs."""
    taken = verdicts.rename(columns={"take": "architecture"}).merge(cells, on=CELL, how="left")
    taken["parameters"] = taken["trained_parameters"] + taken["fixed_parameters"].fillna(0)
    columns = ["mse", "r2", "fit_seconds", "predict_us", "peak_mib", "parameters", "disturbed"]
    return taken.rename(columns={"architecture": "take"})[[*PLACE, "take", "verdict", *columns]]


def answer_table(part: pd.DataFrame) -> str:
    """Markdown: the answers of one condition, a task's name on its first row."""
    names = part["variant"].map(words).where(~part["variant"].duplicated(), "")
    takes = [label(name) or "–" for name in part["take"]]
    numbers = [part["mse"].map(number), part["r2"].map(decimals)]
    disturbed = (part["disturbed"] > 0).map({True: DAGGER, False: ""})
    numbers += [part["fit_seconds"].map(number) + disturbed, part["parameters"].map(number)]
    rows = [list(row) for row in zip(names, part["length"].map(str), takes, part["verdict"], *numbers, strict=True)]
    return markdown(["task", "length", "take", "how sure", "test MSE", "R²", "fit s", "parameters"], rows, left=4)


def against_floors(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    """One sentence per condition and task: which networks beat which floors by the median, and which do not."""
    return {
        (str(condition), str(variant)): sentence
        for (condition, variant), part in frame.groupby(["condition", "variant"])
        if (sentence := _against(part))
    }


def _against(part: pd.DataFrame) -> str:
    part = part[part["status"] != Status.UNSUPPORTED]
    medians = part.pivot_table(index="architecture", columns="length", values="rank_mse", aggfunc="median")
    nets, said = networks(part["architecture"]), dict[str, list[str]]()
    for floor in (name for name in FLOORS if nets and name in medians.index):
        known = medians.loc[nets].notna() & (medians.loc[floor] < float("inf"))
        margin = (medians.loc[nets] < medians.loc[floor]).where(known)
        beaten, lost = (_where(margin, value) for value in (True, False))
        if beaten or lost:
            said.setdefault(_clause(beaten, lost), []).append(f"`{floor}`")
    return "; ".join(clause.format(", ".join(floors)) for clause, floors in said.items())


def _clause(beaten: list[str], lost: list[str]) -> str:
    if not lost:
        return "every network beats {}"
    if not beaten:
        return "**no network beats {}**"
    return f"{{}} beaten by {', '.join(beaten)}, **not by {', '.join(lost)}**"


def _where(margin: pd.DataFrame, value: bool) -> list[str]:
    found = []
    for name, row in margin.iterrows():
        lengths = [str(length) for length, beats in row.items() if beats == value]
        if lengths:
            found.append(f"{name} ({', '.join(lengths)})" if len(lengths) < row.notna().sum() else str(name))
    return found


def _budgets(frame: pd.DataFrame) -> str:
    limits = dict(zip(frame["budget"], frame["budget_limits"], strict=True))
    return "; ".join(f"`{name}`: {_limits(limits[name])}" for name in sorted(limits)) + "."


def _limits(limits: dict[str, Any]) -> str:
    return ", ".join(form.format(limits[key]) for key, form in _LIMITS.items() if key in limits)


def _machines(frame: pd.DataFrame) -> str:
    return "; ".join(_machine(words(name), part) for name, part in frame.groupby("machine")) + "."


def _machine(name: str, part: pd.DataFrame) -> str:
    facts = [name or "unknown", *_distinct(part["cpu"]), *_distinct(part["cores"], "{:g} cores")]
    facts += [*_distinct(part["memory_bytes"] / 2**30, "{:.3g} GiB"), *_distinct(part["gpu"])]
    facts += [*_distinct(part["device"], "device {}"), *_distinct(part["threads"], "threads a trial: {:g}")]
    facts += _distinct(part["jobs"], "trials at a time: {:g}")
    facts += _distinct(part["allocator"], "allocator {}")
    facts += _range(part["gemm_gflops"], "yardstick {} GFLOP/s") + _range(part["copy_gb_per_s"], "{} GB/s")
    return ", ".join(facts)


def _versions(frame: pd.DataFrame) -> str:
    found = {name: _distinct(frame[name]) for name in ("benchbench", "torch", "numpy", "python")}
    facts = [f"{name} {listed(versions)}" for name, versions in found.items() if versions]
    changed = frame["dirty"].map({True: " with local changes", False: ""})
    facts += _distinct((frame["commit"].str[:10] + changed)[frame["commit"] != ""], "commit {}")
    facts += _distinct(frame["os"])
    days = sorted({started[:10] for started in frame["started"]})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return ", ".join([*facts, f"{len(frame):,} trial{'s' if len(frame) > 1 else ''} compared, {when}."])


def _range(column: "pd.Series[float]", form: str) -> list[str]:
    known = column.dropna()
    if known.empty:
        return []
    low, high = number(known.min()), number(known.max())
    return [form.format(low if low == high else f"{low} to {high}")]


def _distinct(column: "pd.Series[Any]", form: str = "{}") -> list[str]:
    values = sorted({value for value in column.dropna() if value != ""})
    return [words(form.format(value)) for value in values]
