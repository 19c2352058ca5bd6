"""The page of one task: scores, costs, parts of the test split, predictions, free runs."""

from collections.abc import Iterator

import pandas as pd

from benchbench.report.analysis.comparable import CELL, effect_of
from benchbench.report.analysis.order import baselines, listed, natural, parts, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.page.blocks import Block, Heading, Note, Page, Text, code, emphasis, line, link
from benchbench.report.page.laws import task_laws
from benchbench.report.page.loops import task_loops
from benchbench.report.page.pairs import pair_table
from benchbench.report.page.pictures import Pictures
from benchbench.report.page.scores import cost_table, group_table, score_table, shown
from benchbench.report.page.texts import lengths, metric, number, seeds

_ALIKE = 1.25  # a note is added if the variances of test and training split differ by more than this factor

_ENDS = {"unranked": "It is not ranked.", "untimed": "Its times are left out."}
_EXPLAINED = emphasis("How to read this")


def task_page(numbers: Numbers, pictures: Pictures, variant: str, path: str) -> Page:
    """The page of a task with its options."""
    frame = numbers.selection.frame
    mine = frame[frame["variant"] == variant]
    blocks: list[Block] = [
        Heading(1, line(f"{numbers.study}: {variant}")),
        Text(line("This page is part of the ", link("report", "report.md"), " of the study.", _options(mine))),
        Text(line("The ", link("report", "report.md"), " explains the marks and terms under ", _EXPLAINED, ".")),
    ]
    cells = numbers.cells[numbers.cells["variant"] == variant]
    for condition, part in parts(cells, "condition"):
        blocks += [Heading(2, line(condition))] if several(numbers.cells, "condition") else []
        blocks += _condition(numbers, part, condition, variant)
        blocks += pictures.blocks("task", condition=condition, variant=variant)
        blocks += pictures.blocks("microscope", condition=condition, variant=variant)
        blocks += task_loops(numbers, pictures, condition, variant)
        blocks += pictures.blocks("options", condition=condition, variant=variant)
    return Page(path, tuple(blocks))


def _options(part: pd.DataFrame) -> str:
    options = part["task_options"].iloc[0]
    said = ", ".join(f"{name} = {options[name]}" for name in sorted(options))
    return f" The task ran with {said}." if options else ""


def _condition(numbers: Numbers, part: pd.DataFrame, condition: str, variant: str) -> Iterator[Block]:
    said = numbers.verdicts
    said = said[(said["variant"] == variant) & (said["condition"] == condition)]
    clear = said[said["clear"]]
    yield Text(line(f"Scores over {seeds(part)}:"))
    yield score_table(part, dict(zip(clear["length"], clear["take"], strict=True)))
    yield from _gap(part)
    found = numbers.pairs
    found = found[(found["variant"] == variant) & (found["condition"] == condition)]
    pairs = pair_table(found, said, part, effect_of(numbers.selection.frame))
    if pairs:
        yield Text(line("The best median against every other competitor:"))
        yield pairs
    trials = numbers.selection.frame
    trials = trials[(trials["variant"] == variant) & (trials["condition"] == condition)]
    yield from (Note(line(said)) for said in sorted(set(trials["thinned"]) - {""}))
    yield from _unlike(trials)
    yield from _marked(numbers.marked, condition, variant)
    yield from _undefined(numbers.undefined, condition, variant)
    yield Text(line(f"Costs at {lengths(part['length'])}:"))
    yield cost_table(part)
    yield from task_laws(numbers, condition, variant)
    named = numbers.groups
    named = named[(named["variant"] == variant) & (named["condition"] == condition)]
    if not named.empty:
        primary, form = shown(part, str(part["primary"].iloc[0]))[0]
        known = baselines(numbers.selection.frame)
        named = named.assign(baseline=named["architecture"].isin(known)).merge(part[[*CELL, "trials"]], on=CELL)
        yield Text(line(f"Test {metric(primary)} by part of the test split at {lengths(named['length'])}:"))
        yield group_table(named, primary, form)


def _gap(part: pd.DataFrame) -> Iterator[Block]:
    """The definition of the gap, if the table has it."""
    known = part[part["gap_closed"].notna()]
    for name, some in parts(known, "gap_from"):
        at = f" at {lengths(some['length'])}" if several(known, "gap_from") else ""
        formula = f"({name} - score) / ({name} - floor)"
        yield Text(line("Gap closed", at, " is ", formula, ": it is 1 at the floor and 0 for ", code(name), "."))


def _unlike(trials: pd.DataFrame) -> Iterator[Block]:
    """A note that the MSE of predicting the mean is not 1, if the variances of test and training split differ."""
    known = trials[trials["ok"] & (trials["test_mse"] > 0) & (trials["test_nrmse"] > 0)]
    if known.empty:
        return
    variance = known["test_mse"] / known["test_nrmse"] ** 2  # NRMSE² is the MSE over the variance of the test targets
    spread = (
        variance.groupby([known["length"], known["seed"]]).first().median()
    )  # the same for all competitors on the same data
    if not 1 / _ALIKE <= spread <= _ALIKE:
        yield Note(
            line(
                f"The targets of the test split have a variance of {number(spread)}, relative to a variance of 1 in "
                "the training split. The two splits differ (other patients, another regime or a drift), so predicting "
                f"the mean gives an MSE of {number(spread)} or more here instead of about 1. R² and NRMSE are relative "
                "to the test split's own variance."
            )
        )


def _marked(table: pd.DataFrame, condition: str, variant: str) -> Iterator[Block]:
    """Notes on marked trials: for each competitor and rule, their number and the sentence of the first."""
    here = table[(table["variant"] == variant) & (table["condition"] == condition)]
    for sentence in here.loc[here["kind"] == "noted", "sentence"].unique():
        yield Note(line(f"Marked: {sentence}"))
    for name, mine in parts(here[here["kind"] != "noted"], "architecture"):
        for _, rows in mine.groupby("about", sort=False):
            first = rows.sort_values(["length", "seed"]).iloc[0]
            place = f"length {first['length']}, seed {first['seed']}"
            count = f"{place}; {len(rows)} trials show this" if len(rows) > 1 else place
            yield Note(line(f"Marked: {name} ({count}). {first['sentence']} {_ENDS[str(first['kind'])]}"))


def _undefined(table: pd.DataFrame, condition: str, variant: str) -> Iterator[Block]:
    """Notes with the records' sentences on metrics without a value."""
    here = table[(table["variant"] == variant) & (table["condition"] == condition)]
    for (name, sentence), rows in here.groupby(["metric", "sentence"]):
        names = listed(sorted(set(rows["architecture"]), key=natural), len(rows))
        trials = int(rows["trials"].sum())
        counted = f"{trials} trial{'s' if trials > 1 else ''} of {names}"
        yield Note(line(f"Undefined: {metric(str(name).removeprefix('test_'))} in {counted}. {sentence}"))
