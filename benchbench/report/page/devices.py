"""The comparison of the CPU with another device: from which size on that is faster, and all times."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchbench.report.analysis.devices import FASTER, ONCE, SLOWER, TIMES, crossovers
from benchbench.report.analysis.order import ordered, parts
from benchbench.report.analysis.study import Numbers
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.page.blocks import (
    Block,
    Bullets,
    Heading,
    Line,
    Note,
    Page,
    Table,
    Text,
    code,
    line,
    link,
    prose,
    strong,
    table,
)
from benchbench.report.page.pictures import Pictures
from benchbench.report.page.sources import with_trials
from benchbench.report.page.texts import DAGGER, number, seeds, spread

_ABOUT = """Each ratio divides the time on the CPU by the time on the other device of the same machine, seed by seed,
with the same task, option set, engine and budget. The tables show the median over seeds, with the lowest and the
highest in brackets; a ratio is **bold** if its 95 % interval excludes 1, also after Holm's procedure over the lengths
and architectures of its table. The report gives the number of CPU threads per trial under *What was run*. The time of
an update is the time of the fit after its first update, divided by the number of its other updates: the first update
includes all that a device does only once, which can make it the slower choice for a short fit. A reservoir is updated
with a chunk of sequences at a time, whatever the batch, and the time of its final solve is spread over its updates."""
_FROM_WHICH = """A number in these tables is the length (batch) from which on an update is faster on the device: there
and at all larger values that are decided, the interval of the ratio excludes 1. Larger values that are open are in
brackets. *≤* says that the true value may be smaller, since nothing smaller was measured or smaller values are open.
*Not reached* says that the device is not faster at the largest value that is decided. *Open* says that the seeds do not
decide, or that a trial failed."""
PATH = "devices"


def front_devices(numbers: Numbers, pictures: Pictures) -> Iterator[Block]:
    """The front page's section on devices: from which length and batch on the device is faster."""
    cells, notes = numbers.devices.cells, numbers.devices.notes
    if not notes and cells.empty:
        return
    yield Heading(2, line("Devices"))
    yield from (Note(line(note)) for note in notes)
    for comparison, pairs in parts(cells, "comparison") if len(cells) else ():
        for variant, part in parts(pairs, "variant"):
            yield Heading(3, line(f"{variant}, cpu against {comparison}"))
            for along, across in (("length", "batch"), ("batch", "length")):
                found = crossovers(part, along, across)
                if not found.empty:
                    yield Text(line(f"From which {along} on an update is faster on {part['device'].iloc[0]}:"))
                    yield with_trials(crossover_table(found, across), _here(numbers, variant), architecture=0)
            yield from pictures.blocks("devices", condition=comparison, variant=variant)
    if len(cells):
        yield Bullets((prose(_FROM_WHICH), line("All times are on ", link("a page of their own", f"{PATH}.md"), ".")))


def devices_page(numbers: Numbers) -> list[Page]:
    """The page with all times; none if there is nothing to compare."""
    if numbers.devices.cells.empty:
        return []
    blocks: list[Block] = [
        Heading(1, line(f"{numbers.study}: times by device")),
        Text(line("This page is part of the ", link("report", "report.md"), " of the study.")),
        Text(prose(_ABOUT)),
    ]
    for comparison, pairs in parts(numbers.devices.cells, "comparison"):
        for variant, part in parts(pairs, "variant"):
            blocks += [Heading(2, line(f"{variant}, cpu against {comparison}"))]
            for (_, budget), there in part.groupby(["batch", "budget"]):
                here = _here(numbers, variant)
                found = with_trials(time_table(there), here[here["budget"] == budget], length=0, architecture=1)
                blocks += [Text(line(code(budget), f", over {seeds(there)}:")), found]
    return [Page(PATH, tuple(blocks))]


def _here(numbers: Numbers, variant: str) -> pd.DataFrame:
    """The trials of a task on all devices."""
    frame = numbers.selection.frame
    return frame[frame["variant"] == variant]


def crossover_table(found: pd.DataFrame, across: str) -> Table:
    """A table of architectures by ``across``."""
    rows = [[str(name), *map(str, row)] for name, row in zip(found.index, found.to_numpy(), strict=True)]
    return table(["architecture", *(f"{across} {value}" for value in found.columns)], rows)


def time_table(part: pd.DataFrame) -> Table:
    """A row for each length and architecture with both times and their ratio, from the cells of one budget."""
    device = part["device"].iloc[0]
    kernels = bool((part["kernel_cpu"] + part["kernel_device"]).any())
    rows: list[list[str | Line]] = []
    for length in sorted(set(part["length"])):
        at = {row["architecture"]: row for row in rows_of(part[part["length"] == length])}
        for name in ordered(part[part["length"] == length]):
            row = at[name]
            times = [*_compared(row, "update"), *_sides(row, ONCE), *_compared(row, "predict")]
            names = [f"{row['kernel_cpu'] or '–'}, {row['kernel_device'] or '–'}"] if kernels else []
            rows.append([str(length), str(name), *times, *names])
    sides = ("cpu", device)
    titles = [f"{what}, {side}" for what in ("update ms", "first update s", "predict µs a window") for side in sides]
    for place in (2, 7):
        titles.insert(place, f"cpu / {device}")
    last = [f"kernel, cpu and {device}"] if kernels else []
    return table(["length", "architecture", *titles, *last], rows, left=2)


def _compared(row: dict[str, Any], kind: str) -> list[str | Line]:
    middle, rest = spread(*(row[f"{kind}_times{end}"] for end in ("", "_min", "_max")))
    clear = row[f"{kind}_verdict"] in {FASTER, SLOWER}
    ratio = line(strong(middle) if clear else middle or "–", f" {rest}" if rest else "")
    return [*_sides(row, TIMES[kind]), ratio]


def _sides(row: dict[str, Any], time: str) -> list[str]:
    return [number(row[f"{time}_{side}"]) + (DAGGER if row[f"disturbed_{side}"] else "") for side in ("cpu", "device")]
