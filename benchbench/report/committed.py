"""The tables of a report as they stand in its folder, looked up by competitor, and its records by seed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.core.record import Status
from benchbench.report.analysis.select import select
from benchbench.report.frame import read
from benchbench.report.page.texts import number


@dataclass(frozen=True)
class Tables:
    """The tables of the report of a study, named as in its records, and the facts of its data."""

    results: Path
    study: str

    @property
    def folder(self) -> Path:
        """Where the tables are."""
        return self.results / "report" / self.study / "tables"

    def data(self) -> Mapping[str, Any]:
        """What a record says of the data; InputError where there is none."""
        return next(record.data for record in read(self.study, self.results)[1] if record.data)

    def table(self, name: str) -> pd.DataFrame:
        """One of them; empty where there is none."""
        file = self.folder / f"{name}.csv"
        return pd.read_csv(file) if file.is_file() else pd.DataFrame()

    def row(self, architecture: str, variant: str = "", table: str = "errors") -> "pd.Series[Any]":
        """The row of a competitor at the longest length.

        ``variant`` is a part of the task's name with its options. KeyError where there is no such row.
        """
        rows = self.table(table)
        rows = rows[rows["architecture"] == architecture]
        rows = rows[[variant in str(text) for text in rows["variant"]]]
        if rows.empty:
            raise KeyError(f"{self.folder}: {table} has no row of {architecture} {variant}")
        return rows.sort_values("length").iloc[-1]

    def value(self, architecture: str, variant: str = "", column: str = "", table: str = "errors") -> float:
        """A number of a competitor at the longest length: ``column``, or else its score."""
        row = self.row(architecture, variant, table)
        return float(row[column or ("score" if "score" in row else "mse")])

    def free(self, architecture: str, column: str = "free_run_mse", variant: str = "") -> float:
        """A number of the closed loop."""
        return self.value(architecture, variant, column, "closed_loop")

    def values(self, architectures: Iterable[str], variant: str = "", column: str = "") -> dict[str, float]:
        """Numbers of some competitors."""
        return {name: self.value(name, variant, column) for name in architectures}

    def said(self, architectures: Iterable[str], variant: str = "", column: str = "") -> str:
        """Numbers of some competitors, the lowest first."""
        return ranked(self.values(architectures, variant, column))

    def option(self, architecture: str) -> dict[str, object]:
        """The option set that validation chose."""
        chosen: dict[str, object] = json.loads(str(self.row(architecture, table="option_sets")["set"]))
        return chosen

    def seen(self, architecture: str, column: str) -> "pd.Series[float]":
        """A number of the microscope, of each seed."""
        rows = self.table("microscope")
        return rows[rows["architecture"] == architecture].set_index("seed")[column]

    def scores(self, architecture: str, variant: str = "") -> "pd.Series[float]":
        """The primary metric of each seed that ended well, ranked or not, by seed, of what the report compares."""
        frame = select(read(self.study, self.results)[0]).frame
        rows = frame[(frame["status"] == Status.OK) & (frame["architecture"] == architecture)]
        rows = rows[[variant in str(text) for text in rows["variant"]]]
        return rows.set_index("seed")["test_score"]


def ranked(values: Mapping[str, float]) -> str:
    """Numbers with their names, the lowest first."""
    ordered = sorted(values.items(), key=lambda item: item[1])
    return ", ".join(f"{number(value)} ({name})" for name, value in ordered)


def joined(names: Iterable[str]) -> str:
    """Names in a row; those with a comma in them are told apart by semicolons."""
    found = list(names)
    return ("; " if any("," in name for name in found) else ", ").join(found) or "none"
