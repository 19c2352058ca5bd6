"""Numbers and names as the report writes them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchbench.report.analysis.order import listed
from benchbench.report.page.blocks import Line, emphasis, line

__all__ = [
    "DAGGER", "decimals", "in_a_row", "label", "lengths", "levels", "listed", "metric", "metric_form", "number",
    "seeds", "spread",
]  # fmt: skip

DAGGER = "†"  # a time that was disturbed
_NAMES = {
    "mse": "MSE",
    "rmse": "RMSE",
    "nrmse": "NRMSE",
    "r2": "R²",
    "f1_macro": "macro F1",
    "auroc": "AUROC",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
    "gap_closed": "gap closed",
}


def number(value: float) -> str:
    """Three significant digits; a dash where there is nothing."""
    if np.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:#.3g}".rstrip(".")


def decimals(value: float) -> str:
    """Three decimals, for what ends at 1, or three digits where these would all be 0; a dash where there is nothing."""
    return number(value) if 0 < abs(value) < 0.001 or not abs(value) < 100 else f"{value:.3f}"


def metric(name: str) -> str:
    """A metric as people write it; one of somebody's own keeps its name."""
    return _NAMES.get(name, name)


def metric_form(better: str) -> Callable[[float], str]:
    """How values of a metric are written: decimals where higher is better, since such metrics end at 1."""
    return decimals if better == "higher" else number


def label(name: str, *, baseline: bool) -> Line:
    """An architecture as the tables name it: baselines are marked."""
    return (emphasis(name), " (baseline)") if baseline else line(name)


def spread(middle: float, low: float, high: float, form: Callable[[float], str] = number) -> tuple[str, str]:
    """A median as text, and its spread in brackets; both empty where there is nothing."""
    if np.isnan(middle):
        return "", ""
    written, first, last = (form(float(value)) for value in (middle, low, high))
    return written, "" if first == last else f"({first}..{last})"


def lengths(values: Iterable[Any]) -> str:
    """Distinct lengths side by side."""
    return " / ".join(str(length) for length in sorted(set(values)))


def in_a_row(pieces: list[Line]) -> Iterator[Line]:
    """Pieces as a sentence has them: a, b and c."""
    for i, piece in enumerate(pieces):
        yield line("" if not i else " and " if i == len(pieces) - 1 else ", ", piece)


def levels(values: Iterable[float]) -> str:
    """The levels of intervals, as "95 %"."""
    return " or ".join(f"{100 * level:g} %" for level in sorted(set(values)))


def seeds(part: pd.DataFrame) -> str:
    """How many seeds the cells have."""
    low, high = part["seeds"].min(), part["seeds"].max()
    return f"{high} seed{'s' if high > 1 else ''}" if low == high else f"{low} to {high} seeds"
