"""The page that compares our numbers with the published ones, made only from the outcomes."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from benchbench.core.claim import Outcome
from benchbench.core.errors import InputError
from benchbench.report.folder import whole
from benchbench.report.page.blocks import Block, Bullets, Heading, Page, Text, code, line, prose, table
from benchbench.report.page.texts import listed, number
from benchbench.report.render.markdown import render

COLUMNS = ["claim", "quantity", "published", "ours", "verdict", "time (s)", "source"]
_HEAD = """`benchbench reproduce` runs these claims and writes this page; the outcomes are in `outcomes/`. If a claim
has several seeds, *ours* is the median (for NeuroBench, the mean, as published), with the quartiles in brackets.
*Better* and *worse: not reached* mean that our number differs from the published one by more than the claim's
tolerance, which is 10 % unless the claim's file says otherwise; *reproduced* means that it does not."""


def write_outcomes(made: Iterable[Outcome], results: str | PathLike[str] = "results") -> Path:
    """Write reproduce.md and outcomes/ into ``results/reproduce/``; returns the path of reproduce.md.

    Outcomes that were written before and are not among ``made`` stay on the page. InputError if one cannot be read.
    """
    target = Path(results) / "reproduce"
    found = {outcome.claim: outcome for outcome in (*read_outcomes(results), *made)}
    with whole(target) as fresh:
        (fresh / "outcomes").mkdir(parents=True)
        for name, outcome in found.items():
            text = outcome.model_dump_json(indent=1) + "\n"
            (fresh / "outcomes" / f"{name}.json").write_bytes(text.encode())
        (fresh / "reproduce.md").write_bytes(render(_page([found[name] for name in sorted(found)])).encode())
    return target / "reproduce.md"


def read_outcomes(results: str | PathLike[str] = "results") -> list[Outcome]:
    """The outcomes that were written before, by name; InputError for a file that is not an outcome."""
    found = []
    for file in sorted((Path(results) / "reproduce" / "outcomes").glob("*.json")):
        try:
            found.append(Outcome.model_validate_json(file.read_bytes()))
        except ValidationError as error:
            raise InputError(
                f"{file} does not hold the outcome of a claim ({error.errors()[0]['msg']}); delete it"
            ) from None
    return found


def row(outcome: Outcome) -> list[str]:
    """The cells of an outcome under ``COLUMNS``."""
    ours = outcome.ours
    value = "not finite" if ours.value is None else number(ours.value)
    if ours.low is not None and ours.high is not None:
        value += f" ({number(ours.low)} to {number(ours.high)})"
    return [
        outcome.claim,
        outcome.quantity,
        number(outcome.published),
        value,
        outcome.verdict.value,
        number(outcome.seconds),
        outcome.source,
    ]


def _page(outcomes: list[Outcome]) -> Page:
    notes = tuple(line(code(one.claim), f": {one.ours.notes}.") for one in outcomes if one.ours.notes)
    machines = sorted({outcome.environment.machine for outcome in outcomes})
    blocks: list[Block] = [
        Heading(1, line("Published numbers and ours")),
        Text(prose(_HEAD)),
        table(COLUMNS, [row(outcome) for outcome in outcomes], left=len(COLUMNS)),
        Bullets(notes),
        Text(line(f"Measured on {listed(machines, len(machines))}, with one thread.")),
    ]
    return Page("reproduce", tuple(blocks))
