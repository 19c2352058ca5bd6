"""The list of what was run: budgets, machines and versions."""

import re
from typing import Any

import pandas as pd

from benchbench.report.analysis.lines import unsealed
from benchbench.report.analysis.order import natural, several
from benchbench.report.page.blocks import Block, Bullets, Line, code, line, strong
from benchbench.report.page.texts import listed, number

_LIMITS = {
    "parameters": "at most {:,} parameters",
    "width": "width {:,}",
    "updates": "{:,} updates",
    "epochs": "{:,} epochs",
    "seconds": "{:,g} s",
    "batch": "batch {:,}",
}


_PACKAGES = ("benchbench", "torch", "numba", "numpy", "scikit_learn", "python")


def what_ran(frame: pd.DataFrame) -> Block:
    """Budget, machine and versions; compile times, and records without a checksum, if there are any."""
    facts = [
        line(strong("Budget:"), " ", *_budgets(frame)),
        line(strong("Machine:"), " ", _machines(frame)),
        line(strong("Versions:"), " ", _versions(frame)),
    ]
    if compiled := _compiled(frame):
        facts.append(line(strong("Compiled:"), " ", compiled))
    if said := unsealed(frame):
        facts.append(line(strong("Records:"), " ", said))
    return Bullets(tuple(facts))


def _compiled(frame: pd.DataFrame) -> str:
    """How long compiling each kernel took, if the records tell it."""
    known = frame[frame["kernel_seconds"].notna()].groupby("kernel")["kernel_seconds"].max()
    said = listed([f"{name} in {number(seconds)} s" for name, seconds in known.items()], 9)
    return f"{said}; this was done once on the machine, and no time in the report includes it." if said else ""


def _budgets(frame: pd.DataFrame) -> Line:
    limits = dict(zip(frame["budget"], frame["budget_limits"], strict=True))
    names = sorted(limits, key=natural)
    said = [line("; " if i else "", code(name), f": {_limits(limits[name])}") for i, name in enumerate(names)]
    return line(*said, ".")


def _limits(limits: dict[str, Any]) -> str:
    return ", ".join(form.format(limits[key]) for key, form in _LIMITS.items() if key in limits)


def _machines(frame: pd.DataFrame) -> str:
    return "; ".join(_machine(str(name), part) for name, part in frame.groupby("machine")) + "."


def _machine(name: str, part: pd.DataFrame) -> str:
    facts = [name or "unknown", *_distinct(part["cpu"]), *_distinct(part["cores"], _cores(name, part))]
    facts += [*_distinct(part["memory_bytes"] / 2**30, "{:.3g} GiB of memory"), *_distinct(part["gpu"])]
    facts += [*_distinct(part["device"], "device {}"), *_distinct(part["threads"], "threads per trial: {:g}")]
    facts += _distinct(part["jobs"], "trials at a time: {:g}")
    facts += _distinct(part["engine"], "engine {}") if several(part, "engine") else []
    facts += _distinct(part["allocator"], "allocator {}")
    facts += _range(part["gemm_gflops"], "matrix products at {} GFLOP/s")
    facts += _range(part["copy_gb_per_s"], "copies of memory at {} GB/s")
    return ", ".join(facts)


def _cores(name: str, part: pd.DataFrame) -> str:
    """The form of the number of cores; "usable" is added if the machine's name gives another number."""
    named = {float(count) for count in re.findall(r"(\d+)-cores?\b", name)}
    return "{:g} cores usable" if named and not set(part["cores"].dropna()) <= named else "{:g} cores"


def _versions(frame: pd.DataFrame) -> str:
    found = {name: _distinct(frame[name]) for name in _PACKAGES}
    facts = [f"{name.replace('_', '-')} {listed(versions)}" for name, versions in found.items() if versions]
    changed = frame["dirty"].map({True: " with local changes", False: ""})
    facts += _distinct((frame["commit"].str[:10] + changed)[frame["commit"] != ""], "commit {}")
    facts += _distinct(frame["os"])
    days = sorted({started[:10] for started in frame["started"]})
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    return f"{', '.join(facts)}; the {len(frame):,} compared trial{'s' * (len(frame) > 1)} ran {when}."


def _range(column: "pd.Series[float]", form: str) -> list[str]:
    known = column.dropna()
    if known.empty:
        return []
    low, high = number(known.min()), number(known.max())
    return [form.format(low if low == high else f"{low} to {high}")]


def _distinct(column: "pd.Series[Any]", form: str = "{}") -> list[str]:
    values = sorted({value for value in column.dropna() if value != ""})
    return [form.format(value) for value in values]
