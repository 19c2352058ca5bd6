"""The power laws of time and memory, as sentences and as one table."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from benchbench.report.analysis.laws import WHAT
from benchbench.report.analysis.order import listed, order, parts, quoted
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Bullets, Line, Text, line, prose, strong, table
from benchbench.report.page.sources import with_trials
from benchbench.report.page.texts import number
from benchbench.statistics.laws import FAILS, HOLDS, OPEN

_NONE = "Power laws of time and memory need three lengths, or three widths of one network, and this study has fewer."
_ABOUT = """The table shows how costs grow: the exponents of power laws over all tasks and conditions. Each law is
fitted at the smaller sizes and checked at the largest. It *holds* if the interval of predicted / measured lies within
10 % of 1, *fails* if it lies outside, and is *open* otherwise. The pages of the tasks have each law, and
`tables/laws.csv` has them with all digits."""
_ENDS = {
    HOLDS: "the law holds there", FAILS: "the law fails there", OPEN: "it is open whether the law holds there",
}  # fmt: skip


def front_laws(numbers: Numbers) -> Iterator[Block]:
    """A table of all laws: which cost of which network grows how fast, and whether the law holds.

    A sentence if there is no law; nothing if the study has no network with a time.
    """
    frame = numbers.selection.frame
    if numbers.laws.empty:
        if (frame["ok"] & ~frame["baseline"] & frame["timed"]).any():
            yield Text(line(_NONE))
        return
    yield Text(prose(_ABOUT))
    rows: list[list[str | Line]] = []
    for what in WHAT:
        mine = numbers.laws[numbers.laws["what"] == what]
        for along, some in parts(mine, "along") if len(mine) else ():
            for name in order(some["architecture"]):
                laws = some[some["architecture"] == name]
                low, high = _ends(laws["predicted"])
                check = low if low == high else f"{low} to {high}"
                rows.append([WHAT[what], name, _range(laws, along), check, str(len(laws)), *_held(laws)])
    titles = ["what", "architecture", "grows as", "predicted / measured", "laws", HOLDS, FAILS, OPEN]
    yield with_trials(table(titles, rows, left=4), frame, architecture=1)


def _range(laws: pd.DataFrame, along: str) -> str:
    if len(laws) == 1:
        return _power(rows_of(laws)[0])
    low, high = _ends(laws["exponent"])
    return f"{along}^{low}" if low == high else f"{along}^{low} to {along}^{high}"


def _ends(values: "pd.Series[float]") -> tuple[str, str]:
    return _written(values.min()), _written(values.max())


def _held(laws: pd.DataFrame) -> list[str]:
    return [str(int((laws["held"] == word).sum()) or "") for word in (HOLDS, FAILS, OPEN)]


def task_laws(numbers: Numbers, condition: str, variant: str) -> Iterator[Block]:
    """A sentence for each law of a task under a condition."""
    found = numbers.laws
    mine = found[(found["variant"] == variant) & found["condition"].map(lambda where: condition in where.split("; "))]
    if mine.empty:
        return
    yield Text(line("How these costs grow, by power laws:"))
    yield Bullets(tuple(_sentence(row) for row in rows_of(mine)))


def _sentence(row: dict[str, Any]) -> Line:
    what = f"The {WHAT[row['what']]} of {quoted(row['architecture'])}"
    kernel = f" (kernel {row['kernel']})" if row["kernel"] else ""
    at = "" if row["along"] == "length" else f" at length {row['at']:g}"
    size = f"{row['along']} {row['checked_at']}"
    checked = f"at {size} this predicts {_written(row['predicted'])} times the measured value"
    checked += _between(row["predicted_low"], row["predicted_high"])
    end = strong(_ENDS[row["held"]]) if row["held"] == FAILS else _ENDS[row["held"]]
    sizes = row["fitted_at"].split(", ")
    fitted = f"fitted at {row['along']}{'s' * (len(sizes) > 1)} {listed(sizes, len(sizes))}"
    return line(f"{what}{kernel}{at} grows as {_power(row)}, {fitted}; {checked}, and ", end, ".")


def _power(row: dict[str, Any]) -> str:
    return f"{row['along']}^{_written(row['exponent'])}{_between(row['exponent_low'], row['exponent_high'])}"


def _between(low: float, high: float) -> str:
    first, last = _written(low), _written(high)
    return "" if isnan(low) or first == last else f" ({first} to {last})"


def _written(value: float) -> str:
    return number(value) if abs(value) >= 100 else f"{round(value, 2) + 0.0:.2f}"  # -0.00 is 0.00
