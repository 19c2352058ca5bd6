"""The answer in words, one sentence for each task: which competitor, how sure, and at what cost."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.order import at_length, baselines, ordered, parts
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.verdicts import ALONE, NONE, ONLY, PLACE, against, marked_cells
from benchbench.report.page.blocks import Block, Bullets, Line, line
from benchbench.report.page.texts import DAGGER, decimals, joined, label, levels, metric, named, number
from benchbench.statistics.verdicts import BETTER

_MOST = 4  # names of competitors that may be best, if these are all competitors


def in_words(numbers: Numbers, condition: str) -> list[Block]:
    """A list with one item for each task: the competitor that is better than every other, or those that may be best."""
    here = numbers.answers[numbers.answers["condition"] == condition]
    said: list[Line] = []
    for variant, part in parts(here, "variant"):
        clear = part[part["clear"]]
        open_ = part[~part["clear"] & ~part["verdict"].isin([ALONE, ONLY, NONE])]
        clauses = [_clear(numbers, rows, part) for _, rows in clear.groupby("take", sort=False)]
        clauses += [_undecided(numbers, open_, part)] if len(open_) else []
        clauses += _marked(numbers, condition, variant)
        joined = (line("; " if i else "", clause) for i, clause in enumerate(clauses))
        said += [line(f"{variant}: ", *joined, ".")] if clauses else []
    return [Bullets(tuple(said))] if said else []


def _marked(numbers: Numbers, condition: str, variant: str) -> Iterator[Line]:
    """The competitors with a score that marks keep out of the ranking."""
    cells = numbers.cells
    here = cells[marked_cells(cells) & (cells["condition"] == condition) & (cells["variant"] == variant)]
    if names := _ordered(numbers, set(here["architecture"])):
        verb = "is" if len(names) == 1 else "are"
        yield line(*joined([_name(numbers, name) for name in names]), f" {verb} marked and therefore not ranked")


def _clear(numbers: Numbers, rows: pd.DataFrame, part: pd.DataFrame) -> Line:
    """A competitor that is better than every other at some lengths: its lead over the next best, and its cost."""
    take = str(rows["take"].iloc[0])
    nearest = pd.concat([_next_best(numbers, row) for row in rows_of(rows)])
    names = line(*joined([_name(numbers, name) for name in _ordered(numbers, set(nearest["other"]))]))
    primary = metric(str(rows["primary"].iloc[0]))
    ends = sorted(abs(end) for end in (*nearest["low"], *nearest["high"]))
    whole = f"{levels(nearest['level'])} interval"
    pairs = f"{whole if len(rows) == 1 else f'range of the {whole}s'} over {_span(nearest['pairs'])} seeds"
    if set(nearest["effect"]) == {"ratio"}:
        how = line(f"its {primary} is {_span(ends)} times the {primary} of the next best, ", names, f" ({pairs})")
    elif set(nearest["effect"]) == {"difference"}:
        side = "above" if nearest["value"].iloc[0] > 0 else "below"
        said = f"its {primary} is {_between(*map(decimals, (ends[0], ends[-1])))} {side}"
        how = line(f"{said} the {primary} of the next best, ", names, f" ({pairs})")
    else:
        how = line("the next best is ", names)
    first = line(named(take, baselines(numbers.selection.frame)), f" is better than every other{_at(rows, part)}: ")
    return line(first, how, _cost(rows))


def _next_best(numbers: Numbers, row: dict[str, Any]) -> pd.DataFrame:
    """The pair of the best median and the next best."""
    mine, cells = against(_here(numbers.pairs, row), row["take"]), _ranked(numbers, row)
    others = cells[cells["architecture"].isin(mine["other"])]
    best = others.sort_values("score", ascending=row["better"] != "higher", kind="stable")["architecture"].iloc[:1]
    return mine[mine["other"].isin(best)]


def _undecided(numbers: Numbers, rows: pd.DataFrame, part: pd.DataFrame) -> Line:
    """No competitor is better than every other: those that may be best, and which of them has the lowest fit time."""
    found = pd.concat([_not_beaten(numbers, row) for row in rows_of(rows)])
    first = line("no competitor is better than every other", _at(rows, part), ": ")
    timed = found.dropna(subset="fit_seconds").sort_values("fit_seconds", kind="stable").drop_duplicates("length")
    least = [
        line(_name(numbers, name), f" ({_span(mine['fit_seconds'])} s{_at(mine, rows)})")
        for name, mine in _each(numbers, timed)
    ]
    names = [line(_name(numbers, name), _where(mine, rows)) for name, mine in _each(numbers, found)]
    every = len(found) == sum(len(_ranked(numbers, row)) for row in rows_of(rows)) and len(names) > _MOST
    which = [line(f"the {len(names)} competitors")] if every else [*joined(names)]
    said = line(first, "each of ", *which, " may be best")
    verb = "has" if len(least) == 1 else "have"
    return line(said, "; of these, ", *joined(least), f" {verb} the lowest median fit time") if least else said


def _each(numbers: Numbers, cells: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    names = _ordered(numbers, set(cells["architecture"]))
    return [(name, cells[cells["architecture"] == name]) for name in names]


def _where(mine: pd.DataFrame, rows: pd.DataFrame) -> str:
    found = sorted(mine["length"])
    return "" if len(mine) == len(rows) else f" (length{'s' * (len(found) > 1)} {', '.join(map(str, found))})"


def _not_beaten(numbers: Numbers, row: dict[str, Any]) -> pd.DataFrame:
    """The cells of the best median and of the competitors that it is not better than."""
    mine, cells = against(_here(numbers.pairs, row), row["take"]), _ranked(numbers, row)
    names = {row["take"], *mine.loc[mine["word"] != BETTER, "other"]}
    return cells[cells["architecture"].isin(names)][[*CELL, "fit_seconds"]]


def _ranked(numbers: Numbers, row: dict[str, Any]) -> pd.DataFrame:
    cells = _here(numbers.cells, row)
    return cells[cells["rank_group"].notna()]


def _here(table: pd.DataFrame, row: dict[str, Any]) -> pd.DataFrame:
    return table[(table[PLACE] == [row[name] for name in PLACE]).all(axis=1)]


def _cost(rows: pd.DataFrame) -> str:
    seconds, memory = rows["fit_seconds"].dropna(), rows["peak_mib"].dropna()
    daggered = DAGGER if (rows["disturbed"] > 0).any() else ""
    said = [f"{_span(seconds)} s{daggered}"] if len(seconds) else []
    said += [f"{_span(memory)} MiB"] if len(memory) else []
    parameters = rows["parameters"].dropna()
    found = [f"it has {_span(parameters)} parameters"] if len(parameters) else []
    found += [f"a fit takes {' and '.join(said)}"] if said else []
    return f"; {', and '.join(found)}" if found else ""


def _ordered(numbers: Numbers, names: set[str]) -> list[str]:
    return [name for name in ordered(numbers.selection.frame) if name in names]


def _name(numbers: Numbers, name: str) -> Line:
    return label(name, baseline=name in baselines(numbers.selection.frame))


def _at(rows: pd.DataFrame, part: pd.DataFrame) -> str:
    return "" if len(rows) == len(part) else f" {at_length(rows['length'])}"


def _span(values: Any) -> str:
    return _between(number(float(min(values))), number(float(max(values))))


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
