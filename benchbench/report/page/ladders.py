"""Scores against the budget: the figure, the best median on each rung, and whether the ranking has settled."""

from collections.abc import Iterator

from benchbench.report.analysis.ladders import sentences
from benchbench.report.analysis.order import baselines, natural, parts
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import Block, Bullets, Heading, Line, Text, line, prose, strong, table
from benchbench.report.page.pictures import Pictures
from benchbench.report.page.sources import with_trials
from benchbench.report.page.texts import label, number
from benchbench.statistics.pairs import WITHIN

_ABOUT = f"""A *ladder* is a series of budgets that differ in one limit; each of them is a *rung*, and a separate fit. A
ranking has *settled* if the last two rungs have the same order of medians, apart from pairs within
{100 * WITHIN:.0f} %, and if no median improved by more than {100 * WITHIN:.0f} % on the last rung."""


def climbs(numbers: Numbers, pictures: Pictures) -> Iterator[Block]:
    """The front page's section on each ladder of the study."""
    known = baselines(numbers.selection.frame)
    for name, cells in parts(numbers.ladders.cells, "ladder") if len(numbers.ladders.cells) else ():
        limit = str(cells["limit"].iloc[0])
        settled = numbers.ladders.settled
        yield Heading(2, line(f"Score against {limit}: {name}"))
        yield Bullets(tuple(line(said) for said in sentences(settled[settled["ladder"] == name], limit)))
        yield from pictures.blocks("ladder", condition=name)
        leads = numbers.ladders.leads
        rows: list[list[str | Line]] = []
        mine = rows_of(leads[(leads["ladder"] == name) & (leads["take"] != "")])
        for row in sorted(mine, key=lambda row: (natural(row["variant"]), row["length"], row["first"])):
            taken = label(str(row["take"]), baseline=row["take"] in known)
            sure = line(strong(_rungs(row["clear"]))) if row["clear"] else line("none")
            rows.append([row["variant"], str(row["length"]), number(row["first"]), number(row["last"]), taken, sure])
        yield Text(prose(_ABOUT))
        titles = ["task", "length", "from", "to", "best median", "better than every other on"]
        frame = numbers.selection.frame
        here = frame[frame["condition"].isin(cells["condition"])]
        yield with_trials(table(titles, rows, left=1), here, variant=0, length=1, architecture=4)


def _rungs(count: int) -> str:
    return f"{count} rung{'s' * (count > 1)}"
