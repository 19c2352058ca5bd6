"""The arrays in trials' artifacts: predictions, snapshots of the microscope, free runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchbench.core import artifacts
from benchbench.core.artifacts import Arrays
from benchbench.core.record import Record
from benchbench.report.analysis.order import ordered, parts
from benchbench.report.analysis.study import Numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kept:
    """A trial's record and the arrays of its artifact, such as snapshots of states (step, unit)."""

    record: Record
    arrays: Arrays

    @property
    def facts(self) -> dict[str, Any]:
        """What the record says about the data."""
        return self.record.data

    def restored(self, values: NDArray[Any]) -> Floats:
        """Values (..., output) in units of the signal, if the record has the mean and deviation of each output."""
        mean, std = (np.asarray(self.facts.get(name, []), float) for name in ("mean", "std"))
        return values * std + mean if mean.shape == std.shape == values.shape[-1:] else np.asarray(values, float)


def kept(rows: pd.DataFrame, numbers: Numbers, name: str) -> tuple[dict[str, list[Kept]], str]:
    """The arrays that begin with ``name`` of the trials at the longest length, by competitor.

    The sentence says what is missing if no trial has them; it is empty if no record names such arrays.
    """
    found: dict[str, list[Kept]] = {}
    lacking: list[str] = []
    for record, label in _named(rows, numbers, name):
        arrays, reason = artifacts.read(numbers.results, record)
        if reason:
            lacking.append(f"{label}: {reason}")
        else:
            found.setdefault(label, []).append(Kept(record, arrays))
    said = f"There is no figure here: {lacking[0]}" if lacking and not found else ""
    return {label: found[label] for label in ordered(rows) if label in found}, said


def each_kept(numbers: Numbers, name: str) -> Iterator[tuple[dict[str, str], Kept]]:
    """Each trial of the report with arrays that begin with ``name``, and its condition, task and architecture."""
    for condition, frame in parts(numbers.selection.frame, "condition"):
        for variant, rows in parts(frame, "variant"):
            for label, runs in kept(rows, numbers, name)[0].items():
                for run in runs:
                    yield {"condition": condition, "task": variant, "architecture": label}, run


def _named(rows: pd.DataFrame, numbers: Numbers, name: str) -> Iterator[tuple[Record, str]]:
    longest = rows[rows["ok"] & rows["has_arrays"] & (rows["length"] == rows["length"].max())]
    longest = longest.sort_values("seed", kind="stable")
    for (label,), record in numbers.records.rows(longest, ["architecture"]):
        if record.artifact is not None and any(known.startswith(name) for known in record.artifact.arrays):
            yield record, str(label)


def snapshots(one: Kept) -> tuple[NDArray[np.int64], list[Arrays]]:
    """The updates (snapshot,) at which the microscope took snapshots, and the arrays of each snapshot by name."""
    updates = one.arrays["snapshot.updates"]
    heads = [f"snapshot.{i}." for i in range(len(updates))]
    return updates, [
        {name.removeprefix(head): array for name, array in one.arrays.items() if name.startswith(head)}
        for head in heads
    ]  # fmt: skip


def recurrent(seen: Arrays) -> Floats | None:
    """The recurrent matrix (unit, unit), which for a gated network is that of its candidate state.

    PyTorch stacks the gates: an LSTM's candidate is the third of four, a GRU's the third of three.
    """
    for name in ("weights.recurrent", "weights.core.weight_hh_l0"):
        if name in seen:
            stacked = np.asarray(seen[name], float)
            gates = len(stacked) // stacked.shape[1]
            matrix: Floats = stacked.reshape(gates, stacked.shape[1], -1)[2 if gates > 1 else 0]
            return matrix
    return None


def readout(seen: Arrays) -> Floats | None:
    """The weights (output, unit) from the states to the outputs."""
    for name in ("weights.readout", "weights.head.weight"):
        if name in seen:
            return np.asarray(seen[name], float)
    return None
