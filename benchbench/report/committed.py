"""Reads the tables of a report from its folder, by competitor, and its records, by seed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.core.record import Status
from benchbench.report.analysis.order import quoted
from benchbench.report.analysis.select import select
from benchbench.report.frame import read
from benchbench.report.page.texts import number


@dataclass(frozen=True)
class Tables:
    """The tables of a study's report, and the facts on its data; ``study`` is the name in its records."""

    results: Path
    study: str

    @property
    def folder(self) -> Path:
        """The folder of the tables."""
        return self.results / "report" / self.study / "tables"

    def data(self) -> Mapping[str, Any]:
        """What a record says about the data; InputError if there is no record."""
        return next(record.data for record in read(self.study, self.results)[1] if record.data)

    def table(self, name: str) -> pd.DataFrame:
        """A table by name; empty if there is none."""
        file = self.folder / f"{name}.csv"
        return pd.read_csv(file) if file.is_file() else pd.DataFrame()

    def row(self, architecture: str, variant: str = "", table: str = "errors") -> "pd.Series[Any]":
        """The row of a competitor at the longest length.

        ``variant`` is a part of the task's name with its options. KeyError if there is no such row.
        """
        rows = self.table(table)
        rows = rows[rows["architecture"] == architecture]
        rows = rows[[variant in str(text) for text in rows["variant"]]]
        if rows.empty:
            raise KeyError(f"{self.folder}: {table} has no row of {architecture} {variant}")
        return rows.sort_values("length").iloc[-1]

    def value(self, architecture: str, variant: str = "", column: str = "", table: str = "errors") -> float:
        """A number of a competitor at the longest length: ``column``, or by default its score."""
        row = self.row(architecture, variant, table)
        return float(row[column or ("score" if "score" in row else "mse")])

    def free(self, architecture: str, column: str = "free_run_mse", variant: str = "") -> float:
        """A number of a competitor in closed loop."""
        return self.value(architecture, variant, column, "closed_loop")

    def values(self, architectures: Iterable[str], variant: str = "", column: str = "") -> dict[str, float]:
        """Numbers of several competitors."""
        return {name: self.value(name, variant, column) for name in architectures}

    def said(self, architectures: Iterable[str], variant: str = "", column: str = "") -> str:
        """Numbers of several competitors as text, the lowest first."""
        return ranked(self.values(architectures, variant, column))

    def option(self, architecture: str) -> dict[str, object]:
        """The option set that validation chose."""
        chosen: dict[str, object] = json.loads(str(self.row(architecture, table="option_sets")["set"]))
        return chosen

    def seen(self, architecture: str, column: str) -> "pd.Series[float]":
        """A number from the microscope for each seed."""
        rows = self.table("microscope")
        return rows[rows["architecture"] == architecture].set_index("seed")[column]

    def scores(self, architecture: str, variant: str = "") -> "pd.Series[float]":
        """The primary metric of the compared trials that ended ok, ranked or not, by seed."""
        frame = select(read(self.study, self.results)[0]).frame
        rows = frame[(frame["status"] == Status.OK) & (frame["architecture"] == architecture)]
        rows = rows[[variant in str(text) for text in rows["variant"]]]
        return rows.set_index("seed")["test_score"]


def ranked(values: Mapping[str, float]) -> str:
    """Numbers with their names as text, the lowest first; names that contain a comma are quoted."""
    ordered = sorted(values.items(), key=lambda item: item[1])
    return ", ".join(f"{number(value)} ({quoted(name)})" for name, value in ordered)


def joined(names: Iterable[str]) -> str:
    """Names separated by commas; names that contain a comma are quoted."""
    return ", ".join(map(quoted, names)) or "none"
