"""The forms of numbers and names in the report."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchbench.report.analysis.order import listed, quoted
from benchbench.report.page.blocks import Line, Span, emphasis, line

__all__ = [
    "DAGGER", "decimals", "joined", "label", "lengths", "levels", "listed", "metric", "metric_form", "named", "number",
    "seeds", "spread",
]  # fmt: skip

DAGGER = "†"  # marks a disturbed time
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
    """A number with three significant digits; a dash for NaN."""
    if np.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:#.3g}".rstrip(".")


def decimals(value: float) -> str:
    """A number with three decimals, for metrics bounded by 1, or with three digits if it is tiny; a dash for NaN."""
    return number(value) if 0 < abs(value) < 0.001 or not abs(value) < 100 else f"{value:.3f}"


def metric(name: str) -> str:
    """The usual name of a metric; a user's own metric keeps its name."""
    return _NAMES.get(name, name)


def metric_form(better: str) -> Callable[[float], str]:
    """The form of a metric's values: decimals if higher is better, since such metrics are bounded by 1."""
    return decimals if better == "higher" else number


def label(name: str, *, baseline: bool) -> Line:
    """An architecture's name in tables, where baselines are marked."""
    return (emphasis(name), " (baseline)") if baseline else line(name)


def named(name: str, known: Collection[str]) -> Line:
    """An architecture's name in a sentence: in quotes if it contains a comma, and marked if it is a baseline."""
    return line(*joined([label(name, baseline=name in known)]))


def spread(middle: float, low: float, high: float, form: Callable[[float], str] = number) -> tuple[str, str]:
    """A median as text, and its range in brackets; both are empty for NaN."""
    if np.isnan(middle):
        return "", ""
    written, first, last = (form(float(value)) for value in (middle, low, high))
    return written, "" if first == last else f"({first}..{last})"


def lengths(values: Iterable[Any]) -> str:
    """Distinct lengths, separated by slashes, as "lengths 100 / 200"."""
    found = [str(length) for length in sorted(set(values))]
    return f"length{'s' * (len(found) > 1)} {' / '.join(found)}"


def joined(pieces: list[Line]) -> Iterator[Line]:
    """Lines in a sentence, "a, b and c"; a name with a comma in it is quoted."""
    for i, piece in enumerate(pieces):
        before = "" if not i else " and " if i == len(pieces) - 1 else ", "
        first, *rest = piece
        name = quoted(first) if isinstance(first, str) else first
        quotes = '"' if isinstance(first, Span) and "," in first.text else ""
        yield line(before, quotes, name, quotes, *rest)


def levels(values: Iterable[float]) -> str:
    """The levels of intervals in percent, such as "95 %"."""
    return " or ".join(f"{100 * level:g} %" for level in sorted(set(values)))


def seeds(part: pd.DataFrame) -> str:
    """The number of seeds of the cells, in words."""
    low, high = part["seeds"].min(), part["seeds"].max()
    return f"{high} seed{'s' if high > 1 else ''}" if low == high else f"{low} to {high} seeds"
