"""In short: who has the best median, how sure that is, and which baselines are beaten."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.order import baselines, listed, natural, networks, ordered, parts, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.verdicts import ALONE, NONE, ONLY, WORDS, Margin, against_baselines
from benchbench.report.page.blocks import Block, Bullets, Line, Table, Text, code, line, sourced, strong, table
from benchbench.report.page.scores import shown
from benchbench.report.page.texts import DAGGER, in_a_row, label, metric, metric_form, number

_ALL = 999  # names of a list


def answer_tables(numbers: Numbers, condition: str) -> list[Block]:
    """The answers of one condition: a table for each primary metric."""
    here = numbers.answers[numbers.answers["condition"] == condition]
    primaries = _primaries(numbers)
    known = baselines(numbers.selection.frame)
    asked = [primaries[variant] for variant in here["variant"]]
    return [_table(here[[one == which for one in asked]], which, known) for which in sorted(set(asked))]


def _primaries(numbers: Numbers) -> dict[str, tuple[str, str]]:
    """Primary metric and direction of each task, also where nothing can be taken."""
    cells = numbers.cells
    return dict(zip(cells["variant"], zip(cells["primary"], cells["better"], strict=True), strict=True))


def _table(part: pd.DataFrame, asked: tuple[str, str], known: frozenset[str]) -> Table:
    """A task's name on its first row alone."""
    primary, better = asked
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
    """On how many seeds a verdict rests, and on how many one of the two failed; a dash where there is no pair."""
    if not row["pairs"] and not row["failures"]:
        return "–"
    return f"{row['pairs']}, {row['failures']} failed" if row["failures"] else str(row["pairs"])


def answer(numbers: Numbers, condition: str) -> list[Block]:
    """One sentence: which competitor is better than every other on which tasks, and where none is."""
    here = numbers.answers[numbers.answers["condition"] == condition]
    if set(here["verdict"]) <= {ALONE}:
        return []
    known, clear = baselines(numbers.selection.frame), here[here["clear"]]
    order = [name for name in ordered(numbers.selection.frame) if name in set(clear["take"])]
    best: list[Line] = []
    for name in order:
        tasks = listed(_at_lengths(clear[clear["take"] == name], here), _ALL)
        best.append(line("; " if best else "", label(name, baseline=name in known), f" on {tasks}"))
    first = line("Better than every other: ", *best, ".") if best else line("None is better than every other.")
    return [Text(line(first, *_not_clear(here, known, ties=bool(best))))]


def _not_clear(here: pd.DataFrame, known: frozenset[str], *, ties: bool) -> Iterator[Line]:
    """Sentences on the tasks without a clear best: what one alone could do, what none could, what is tied."""
    for name, part in parts(here[here["verdict"] == ONLY], "take"):
        could = listed(_at_lengths(part, here), _ALL)
        yield line(" Only ", label(name, baseline=name in known), f" could do {could}.")
    if nobody := listed(_at_lengths(here[here["verdict"] == NONE], here), _ALL):
        yield line(f" None finished on most seeds: {nobody}.")
    rest = listed(_at_lengths(here[~here["clear"] & ~here["verdict"].isin([ONLY, NONE])], here), _ALL)
    if rest and ties:
        yield line(f" A tie, or open: {rest}.")


def _at_lengths(part: pd.DataFrame, whole: pd.DataFrame) -> list[str]:
    """The tasks of some answers, with their lengths where these are not all."""
    found = []
    for variant, rows in parts(part, "variant"):
        every = (whole["variant"] == variant).sum()
        found.append(variant if len(rows) == every else f"{variant} at {', '.join(map(str, sorted(rows['length'])))}")
    return found


def against(numbers: Numbers, condition: str) -> list[Block]:
    """By task, which networks are better than which baselines, and which are not."""
    found = {
        variant: one
        for (where, variant), one in against_baselines(numbers.selection.frame, numbers.pairs).items()
        if where == condition
    }
    if not found:
        return []
    lines = [line(f"{variant}: ", *_clauses(found[variant]), ".") for variant in sorted(found, key=natural)]
    lengths = ", at every length unless said" if several(numbers.cells, "length") else ""
    return [Text(line(f"Against the baselines{lengths}:")), Bullets(tuple(lines))]


def _clauses(margins: list[tuple[str, Margin]]) -> Iterator[Line]:
    """Baselines of which the same is to be said stand together."""
    said: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for baseline, margin in margins:
        said.setdefault(tuple(tuple(margin[word]) for word in WORDS), []).append(baseline)
    for i, (sides, names) in enumerate(said.items()):
        coded = line(*in_a_row([line(code(name)) for name in names]))
        yield line("; " if i else "", *_clause(sides, coded))


def _clause(sides: tuple[tuple[str, ...], ...], names: Line) -> Line:
    """Who is better, and then the others by their verdict; a network with several verdicts stands at each."""
    better, *others = (listed(list(side), _ALL) for side in sides)
    if better and not any(others):
        return line("every network is better than ", names)
    said = [line(", ", piece) for piece in map(_rest, WORDS[1:-1], others) if piece]
    said += [line(", ", strong(f"worse: {others[-1]}"))] if others[-1] else []
    verb = "is" if len(sides[0]) == 1 else "are"
    first = line(f"{better} {verb} better than ") if better else line(strong("no network is better than"), " ")
    return line(first, names, *said)


def _rest(word: str, names: str) -> str:
    return f"{word}: {names}" if names else ""


def missing_baselines(frame: pd.DataFrame) -> list[Block]:
    """A sentence where nothing in the study is there to be beaten."""
    if baselines(frame) or not networks(frame):
        return []
    return [Text(line("This study has no baseline, so it cannot say whether a network is worth its time."))]


def conditions(numbers: Numbers) -> list[str]:
    """The conditions of a study in their natural order, the longest rung of a ladder first, what none finished last."""
    rungs = {one["condition"]: (one["ladder"], -one["rung"]) for one in rows_of(numbers.ladders.cells)}
    taken = {condition: bool(part["take"].any()) for condition, part in parts(numbers.answers, "condition")}

    def place(condition: str) -> Any:
        ladder, rung = rungs.get(condition, (condition, 0))
        return not taken[condition], natural(ladder), rung

    return sorted(taken, key=place)
