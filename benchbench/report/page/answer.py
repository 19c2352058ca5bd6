"""The answer: which competitor has the best median, how sure that is, and which baselines are beaten."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.order import (
    at_length,
    baselines,
    in_a_row,
    natural,
    networks,
    ordered,
    parts,
    quoted,
    several,
)
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.verdicts import ALONE, NONE, ONLY, WORDS, Margin, against_baselines
from benchbench.report.page.blocks import Block, Bullets, Line, Table, Text, code, line, sourced, strong, table
from benchbench.report.page.scores import shown
from benchbench.report.page.texts import DAGGER, joined, label, metric, metric_form, named, number
from benchbench.statistics.verdicts import TIE

_ALL = 999  # lists in the answer name everything


def answer_tables(numbers: Numbers, condition: str) -> list[Block]:
    """The answers of one condition: a table for each primary metric."""
    here = numbers.answers[numbers.answers["condition"] == condition]
    primaries = _primaries(numbers)
    known = baselines(numbers.selection.frame)
    ranked_by = [primaries[variant] for variant in here["variant"]]
    return [_table(here[[one == which for one in ranked_by]], which, known) for which in sorted(set(ranked_by))]


def _primaries(numbers: Numbers) -> dict[str, tuple[str, str]]:
    """The primary metric of each task and its direction, also for tasks without an answer."""
    cells = numbers.cells
    return dict(zip(cells["variant"], zip(cells["primary"], cells["better"], strict=True), strict=True))


def _table(part: pd.DataFrame, ranked_by: tuple[str, str], known: frozenset[str]) -> Table:
    """A table in which only the first row of a task has its name."""
    primary, better = ranked_by
    order = sorted(range(len(part)), key=lambda i: (natural(part["variant"].iloc[i]), part["length"].iloc[i]))
    part = part.iloc[order]
    second = shown(part, primary)[1:]
    names = part["variant"].where(~part["variant"].duplicated(), "")
    alone = set(part["verdict"]) <= {ALONE}
    rows = []
    for name, row in zip(names, rows_of(part), strict=True):
        take = label(str(row["take"]), baseline=row["take"] in known) if row["take"] else line("–")
        sure = [] if alone else [row["verdict"], sample(row)]
        numbers = [metric_form(better)(row["score"]), *(form(row[column]) for column, form in second)]
        fit = number(row["fit_seconds"]) + (DAGGER if row["disturbed"] > 0 else "")
        said = sourced([*sure, *numbers, fit, number(row["parameters"])], row["trials"])
        rows.append([name, str(row["length"]), take, *said])
    first = ["task", "length", *(["architecture"] if alone else ["best median", "how sure", "pairs"])]
    titles = [f"test {metric(primary)}", *(metric(column) for column, _ in second)]
    return table([*first, *titles, "fit s", "parameters"], rows, left=len(first))


def sample(row: dict[str, Any]) -> str:
    """The number of seeds that a verdict rests on, and of those lost to failures or marks; a dash for none."""
    if not row["pairs"] and not row["failures"]:
        return "–"
    return f"{row['pairs']}, {row['failures']} lost" if row["failures"] else str(row["pairs"])


def answer(numbers: Numbers, condition: str) -> list[Block]:
    """One sentence: the competitors that are better than every other, with their tasks, and the tasks without one."""
    here = numbers.answers[numbers.answers["condition"] == condition]
    if set(here["verdict"]) <= {ALONE}:
        return []
    known, clear = baselines(numbers.selection.frame), here[here["clear"]]
    order = [name for name in ordered(numbers.selection.frame) if name in set(clear["take"])]
    best: list[Line] = []
    for name in order:
        tasks = _on(clear[clear["take"] == name], here)
        best.append(line("; " if best else "", named(name, known), f" is better than every other {tasks}"))
    first = line(*best, ".") if best else line("No competitor is better than every other.")
    return [Text(line(first, *_not_clear(here, known, ties=bool(best))))]


def _not_clear(here: pd.DataFrame, known: frozenset[str], *, ties: bool) -> Iterator[Line]:
    """Sentences on the tasks without a clear best: those only one competitor can do, those none can do, and ties."""
    for name, part in parts(here[here["verdict"] == ONLY], "take"):
        yield line(" Only ", named(name, known), f" has a score {_on(part, here)}.")
    if without := _on(here[here["verdict"] == NONE], here):
        yield line(f" No competitor finished on most seeds {without}.")
    rest = _on(here[~here["clear"] & ~here["verdict"].isin([ONLY, NONE])], here)
    if rest and ties:
        yield line(f" No competitor is better than every other {rest}.")


def _on(part: pd.DataFrame, whole: pd.DataFrame) -> str:
    """The tasks of some answers, "on cosine and on ecg at length 100"; without lengths if these are all."""
    found = []
    for variant, rows in parts(part, "variant"):
        every = len(rows) == (whole["variant"] == variant).sum()
        found.append(f"on {quoted(variant)}" + ("" if every else f" {at_length(rows['length'])}"))
    return in_a_row(found, _ALL)


def against(numbers: Numbers, condition: str) -> list[Block]:
    """For each task, which networks are better than which baselines, and which are not."""
    found = {
        variant: one
        for (where, variant), one in against_baselines(numbers.selection.frame, numbers.pairs).items()
        if where == condition
    }
    if not found:
        return []
    lines = [line(f"{variant}: ", *_clauses(found[variant]), ".") for variant in sorted(found, key=natural)]
    lengths = " (at every length, unless lengths are given in brackets)" if several(numbers.cells, "length") else ""
    return [Text(line(f"How the networks compare with the baselines{lengths}:")), Bullets(tuple(lines))]


def _clauses(margins: list[tuple[str, Margin]]) -> Iterator[Line]:
    """Clauses on the baselines; those with the same verdicts share a clause."""
    said: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for baseline, margin in margins:
        said.setdefault(tuple(tuple(margin[word]) for word in WORDS), []).append(baseline)
    for i, (sides, names) in enumerate(said.items()):
        coded = line(*joined([line(code(name)) for name in names]))
        yield line("; " if i else "", *_clause(sides, coded))


def _clause(sides: tuple[tuple[str, ...], ...], names: Line) -> Line:
    """The networks that are better, then the others by verdict; a network with several verdicts appears in each."""
    better, *others = sides
    if better and not any(others):
        return line("every network is better than ", names)
    said = [line(_predicate(side, word)) for word, side in zip(WORDS[1:-1], others[:-1], strict=True) if side]
    said += [line(strong(_predicate(others[-1], WORDS[-1])))] if others[-1] else []
    first = line(f"{_predicate(better, WORDS[0])} than ") if better else line(strong("no network is better than"), " ")
    rest = [line(", and " if i == len(said) - 1 else ", ", one) for i, one in enumerate(said[1:], start=1)]
    return line(first, names, ", while " if better else ": ", said[0], *rest)


def _predicate(names: tuple[str, ...], word: str) -> str:
    """Networks and their verdict, "rnn (100) and gru are open"."""
    one = len(names) == 1
    verb = f"tie{'s' * one}" if word == TIE else f"{'is' if one else 'are'} {word}"
    return f"{in_a_row(names, _ALL)} {verb}"


def missing_baselines(frame: pd.DataFrame) -> list[Block]:
    """A sentence if the study has no baseline."""
    if baselines(frame) or not networks(frame):
        return []
    return [Text(line("This study has no baseline, so it cannot say whether a network is worth its time."))]


def conditions(numbers: Numbers) -> list[str]:
    """A study's conditions in natural order: ladders from their longest rung down, other budgets, unfinished ones."""
    rungs = {one["condition"]: (one["ladder"], -one["rung"]) for one in rows_of(numbers.ladders.cells)}
    taken = {condition: bool(part["take"].any()) for condition, part in parts(numbers.answers, "condition")}

    def place(condition: str) -> Any:
        ladder, rung = rungs.get(condition, (condition, 0))
        return not taken[condition], condition not in rungs, natural(ladder), rung

    return sorted(taken, key=place)
