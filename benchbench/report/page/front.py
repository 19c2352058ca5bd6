"""The front page: the answer with one figure and one table, the evidence for it, and links to the tasks' pages."""

from collections.abc import Callable
from functools import partial

from benchbench.report.analysis.cells import metrics
from benchbench.report.analysis.comparable import CELL, effect_of
from benchbench.report.analysis.order import parts, several
from benchbench.report.analysis.study import Numbers
from benchbench.report.page.answer import against, answer, answer_tables, conditions, missing_baselines
from benchbench.report.page.blocks import Block, Bullets, Heading, Line, Note, Page, Text, line, link, prose
from benchbench.report.page.devices import devices_page, front_devices
from benchbench.report.page.engines import engines_page, front_engines
from benchbench.report.page.facts import what_ran
from benchbench.report.page.failures import failure_table
from benchbench.report.page.ladders import climbs
from benchbench.report.page.laws import front_laws
from benchbench.report.page.lenses import front_lenses, lenses_in_short
from benchbench.report.page.loops import all_loops, loops_in_short
from benchbench.report.page.options import option_sets
from benchbench.report.page.pairs import over_tasks
from benchbench.report.page.pictures import Pictures, Section
from benchbench.report.page.solved import solved_tasks
from benchbench.report.page.task import task_page
from benchbench.report.page.texts import levels
from benchbench.report.page.tuning import tuned
from benchbench.report.page.turns import turns
from benchbench.report.page.words import in_words
from benchbench.report.rows import DISTURBED
from benchbench.report.side_by_side import side_by_side

_METRICS = {
    "mse": """MSE is in squared units of the series, which is standardised with the mean and standard deviation of its
    training split; NRMSE is RMSE / standard deviation of the test targets; R² is 1 - NRMSE².""",
    "balanced_accuracy": """Balanced accuracy is the share of a class that was recognised, averaged over the classes;
    guessing gives 1 / number of classes.""",
    "log_loss": "Log loss is the cross-entropy of the predicted probabilities.",
}
_HOW_TO_READ = (
    """Numbers are medians over the trials that ended without failure, with the lowest and the highest in brackets. If
    a cell has several numbers between slashes, each belongs to one length, in the order of the lengths; a single number
    holds for all of them.""",
    """The *best median* is the competitor with the best median score on the test split. *How sure* names the
    competitors that it is not shown to be better than; *pairs* is the number of seeds that this rests on. A seed is
    *lost* if one of the two competitors failed or is marked on it.""",
    """*Better*: the {level} interval of the paired differences excludes zero (a ratio of 1), also after Holm's
    procedure over all pairs of the same task, length and condition. *Tie*: the interval lies within {within:g} % of
    equality in both directions. *Open*: neither is the case, so that the seeds do not decide. *Same on every seed*:
    neither the data nor the two competitors vary with the seed, so that there is no interval, and nothing follows for
    other data. A **bold** score belongs to a competitor that is better than every other.""",
    """The *rank group* of an architecture is 1 plus the number of architectures that are better than it. *Effect* is
    the ratio of the geometric means of the two scores, or the difference of their means if a higher score is better.
    *Won* is the share of the seeds on which the best median has the better score. A seed on which one of a pair failed
    is left out of the effect, and counts in *won* as lost by the one that failed. *Effect* and its interval refer
    to the pair alone, while *p (Holm)* is adjusted over all pairs. *Seeds needed* is the estimated number of seeds with
    which four studies of five would find a difference of {within:g} %. docs/statistics.md explains all of these.""",
    """A baseline costs next to nothing, so a network must beat it to be worth its time. The floor is the best score
    that can be expected, where it is known; a better score is due to chance, or to test data that leaked into the
    fit.""",
    """Only trials that ended without failure and within their budget are ranked. Option sets are chosen on the
    validation split; the report shows their scores on the test split.""",
    """Fit time excludes making the data, imports and scoring the validation split. A window is one test sequence.
    Memory (*peak MiB*) is the peak that the fit added.""",
    f"† marks a time that was disturbed: {DISTURBED}.",
    "The folder `tables/` has every table with all digits, `figures/` every picture as SVG.",
)
_SOLVED = """*Solved* marks an architecture that solves for its parameters instead of fitting in steps: the time of its
fit is measured from outside its process."""
_FLOOR = """*Times the floor* is the time of an update divided by the time that its matrix products alone would take:
six operations for each trained parameter, step and sequence, at the speed at which one core of the machine multiplies
matrices of 512 x 512. It is below 1 if a kernel computes faster than that."""
_GAP = """*Gap closed* is how far an architecture has come on the way from the simplest baseline (0) to the floor (1);
the pages of the tasks name the baseline."""
_MARKED = """A trial is *marked* if there is a sign that it did not keep to the rules: an impossible score, work off the
clock, or predictions that depend on the other sequences in the batch. docs/measuring.md states the limits."""
_CONDITIONS = 2  # on the front page
_OTHERS = "conditions"
_SECTIONS: tuple[tuple[str, Section], ...] = (
    ("Scores", "scores"), ("Time and memory", "costs"), ("Learning", "learning"),
)  # fmt: skip


def pages(numbers: Numbers, pictures: Pictures, paths: dict[str, str]) -> list[Page]:
    """All pages of a report; ``paths`` has the path of each task's page."""
    jobs: list[Callable[[], Page | list[Page]]] = [
        lambda: _front(numbers, pictures, paths),
        *(partial(task_page, numbers, pictures, variant, path) for variant, path in paths.items()),
        lambda: _others(numbers, pictures),
        lambda: [*devices_page(numbers), *engines_page(numbers)],
    ]
    return [page for made in side_by_side(jobs) for page in (made if isinstance(made, list) else [made])]


def _front(numbers: Numbers, pictures: Pictures, paths: dict[str, str]) -> Page:
    frame = numbers.selection.frame
    links = {variant: line(link(variant, f"{path}.md")) for variant, path in paths.items()}
    unfinished = [note for note in numbers.selection.notes if note.startswith("Unfinished")]
    blocks: list[Block] = [Heading(1, line(numbers.study)), *(Note(prose(note)) for note in unfinished)]
    picture = None
    if numbers.devices.cells.empty:  # else the figures of the devices come first
        picture = pictures.first("scores", condition=conditions(numbers)[0])
    blocks += [Heading(2, line("In short")), *solved_tasks(numbers), *lenses_in_short(numbers)]
    blocks += [*loops_in_short(numbers, links), *_in_short(numbers, picture)]
    blocks += climbs(numbers, pictures)
    blocks += [*front_devices(numbers, pictures), *front_engines(numbers)]
    blocks += [Note(line(note)) for note in numbers.selection.notes if note not in unfinished]
    blocks += [Heading(2, line("What was run")), what_ran(frame)]
    blocks += [
        Heading(2, line("Tasks")),
        Text(line("Each task has a page with its scores, costs and figures:")),
    ]
    blocks += [Bullets(tuple(_task(numbers, variant, way) for variant, way in links.items()))]
    blocks += [*all_loops(numbers), *front_lenses(numbers)]
    for title, section in _SECTIONS:
        found = pictures.blocks(section, condition=_only(numbers), but=picture)
        found += front_laws(numbers) if section == "costs" else []
        blocks += [Heading(2, line(title)), *found] if found else []
    blocks += [*option_sets(numbers), *tuned(numbers)]
    blocks += [Heading(2, line("Failures")), *failure_table(numbers.selection.failures)]
    usual = [text for name, text in _METRICS.items() if name in metrics(frame)]
    usual += [_SOLVED] if frame["solves"].any() else []
    usual += [_FLOOR] if numbers.cells["floor_times"].notna().any() else []
    usual += [_GAP] if numbers.cells["gap_closed"].notna().any() else []
    usual += [_MARKED] if not numbers.marked.empty else []
    terms = {"level": levels(numbers.pairs["level"]) or "95 %", "within": 100 * effect_of(frame)}
    texts = [*usual, *(text.format(**terms) for text in _HOW_TO_READ)]
    blocks += [Heading(2, line("How to read this")), Bullets(tuple(map(prose, texts)))]
    return Page("report", tuple(blocks))


def _in_short(numbers: Numbers, picture: Block | None) -> list[Block]:
    """The answer under the first condition with a figure, then under the other conditions."""
    blocks: list[Block] = []
    names = conditions(numbers)
    for i, condition in enumerate(names if len(names) <= _CONDITIONS else names[:1]):
        blocks += _answered(numbers, condition, picture if i == 0 else None)
    if len(names) > _CONDITIONS:
        way = link("page of their own", f"{_OTHERS}.md")
        blocks += [Text(line(f"The answers and figures of the other {len(names) - 1} conditions have a ", way, "."))]
    return [*blocks, *missing_baselines(numbers.selection.frame)]


def _answered(numbers: Numbers, condition: str, picture: Block | None = None) -> list[Block]:
    """The answer under one condition, with one figure."""
    named = [condition] if several(numbers.answers, "condition") else []
    titles = [*([] if numbers.closed_loop.cells.empty else ["Open loop"]), *named]
    title: list[Block] = [Heading(3, line(", ".join(titles)))] if titles else []
    shown = [picture] if picture else []
    found = [*answer(numbers, condition), *in_words(numbers, condition)]
    found += turns(numbers, condition) if condition == conditions(numbers)[0] else []
    found += answer_tables(numbers, condition)
    return [*title, *found, *shown, *against(numbers, condition), *_over_tasks(numbers, condition)]


def _over_tasks(numbers: Numbers, condition: str) -> list[Block]:
    return list(over_tasks(numbers.pairs, condition, numbers.selection.frame))


def _others(numbers: Numbers, pictures: Pictures) -> list[Page]:
    """The page with all conditions, if the front page has no room for them."""
    names = conditions(numbers)
    if len(names) <= _CONDITIONS:
        return []
    head: list[Block] = [
        Heading(1, line(f"{numbers.study}: every condition")),
        Text(line("This page is part of the ", link("report", "report.md"), " of the study.")),
    ]
    shown = [[*_answered(numbers, name), *_drawn(pictures, name)] for name in names]
    return [Page(_OTHERS, (*head, *(block for blocks in shown for block in blocks)))]


def _drawn(pictures: Pictures, condition: str) -> list[Block]:
    return [block for _, section in _SECTIONS for block in pictures.blocks(section, condition=condition)]


def _only(numbers: Numbers) -> str:
    """The only condition whose figures the front page has room for; empty if it has room for all."""
    names = conditions(numbers)
    return names[0] if len(names) > _CONDITIONS else ""


def _task(numbers: Numbers, variant: str, way: Line) -> Line:
    """The link to a task's page, and what the page shows."""
    cells = numbers.cells[numbers.cells["variant"] == variant]
    found = f"{cells['architecture'].nunique()} competitors" if several(cells, "architecture") else "one competitor"
    lengths = sorted(set(cells["length"]))
    said = f"length {lengths[0]}" if len(lengths) == 1 else f"lengths {', '.join(map(str, lengths))}"
    return line(way, f": {found}, {said}.")


def variants(numbers: Numbers) -> list[str]:
    """The tasks of a study, with the options that distinguish their variants, in natural order."""
    return [variant for variant, _ in parts(numbers.selection.frame[[*CELL]], "variant")]
