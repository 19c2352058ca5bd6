"""The page: what to take first, then the evidence."""

import pandas as pd

from benchbench.report.closed_loop import SLIDING, longest, loop_table, unit
from benchbench.report.content import Content
from benchbench.report.devices import crossover_table, time_table
from benchbench.report.select import order, parts, several
from benchbench.report.summary import against_floors, answer_table, missing_floors, what_ran
from benchbench.report.tables import cost_table, error_table, group_table, listed, markdown, number, words

_CAPTIONS = {
    "error_by_length": "Test error against window length: median over seeds, bars from the lowest to the highest seed.",
    "error_by_time": "Test error against fit time: a larger marker is a longer window; grey: nothing is both faster "
    "and better.",
    "time_by_length": "Fit time against window length: median over seeds.",
    "memory_by_length": "Peak memory that the fit added against window length: median over seeds.",
    "learning_curves": "Learning curves at the longest window: bold is the median over seeds, thin lines are seeds; "
    "who fits at once is a horizontal line.",
    "stretches": "Predicted (colour) over true (grey) test values at the longest window, one seed, one scale; at most "
    "120 steps are drawn, the MSE is that of the whole stretch.",
    "survival": "Closed loop: share of starts that are still valid, at the longest window, all seeds pooled.",
    "generated": "Closed loop: the first start of one seed at the longest window, generated (colour) over true (grey); "
    "cut off where it leaves its row; the black line ends the valid time.",
    "return_map": "Closed loop: each maximum of the last feature and the one that follows it, one seed, all starts: "
    "true (grey), generated (colour); what lies far outside the range of the truth is cut off.",
    "devices": "Time of an update on the CPU over that on the device: median over seeds, bars from the lowest to the "
    "highest, hollow where it is open (one seed, say); above the grey line the device is faster. The CPU works with "
    "the threads of one trial.",
}
_CLOSED_LOOP = f"""Outputs are fed back as inputs, from starts that the fit has not seen; open loop (above) and closed
loop are scored apart, and a chaotic free run is never ranked by R². Option sets are those with the lowest error in
open loop, on validation.

- Valid time: until the error first exceeds 0.4 standard deviations; median over all starts of all seeds, in
  brackets the quartiles. ≥ marks what reaches the end of the run: ten Lyapunov times of a chaotic system, as long as
  the truth itself is good for. Ranked are the medians of each seed; **bold** is above every other on every seed.
- NRMSE84: the error at step 84 over the standard deviation of the truth. Spectrum distance: Hellinger's, 0 (the same)
  to 1, without the starts that diverged. Both are medians over seeds, as are the diverged starts and the time that a
  step of a start took. {SLIDING} marks who has no `generate` of its own: a window slid over its outputs."""
_DEVICES = """Times of networks on the CPU over those on another device of the same machine, seed by seed, with the same
task, option set and budget: the median over seeds, in brackets the lowest and the highest; **bold** is above 1 (the
device is faster) or below 1 on every seed, at least two. The CPU works with the threads a trial that its machine's line
names. An update is what a fit took after its first update, over the number of its other updates: what a device does
once is in the first, and a short fit may not be worth it. That of a reservoir is a chunk of sequences, whatever the
batch, with its share of the solve at the end.

- From which length (batch) on: there, and at all larger ones that are judged, an update is faster on the device on
  every seed. ≤: it may be smaller, since nothing smaller was measured or that is open. Not reached: it is not faster at
  the largest. Open: one seed there, or one that did not end ok."""
_HOW_TO_READ = """## How to read this

- MSE is in units of the standardised series (1 is about what predicting the mean gives); NRMSE is RMSE / standard
  deviation of the test targets; R² is 1 - NRMSE². Numbers are medians over seeds that ended ok, in brackets the lowest
  and the highest.
- Take: the lowest median test MSE. How sure: a tie names those that are not beaten on every seed.
- **Bold** is lower than every other on every seed, at least two, the same for all. Anything less is printed as a tie.
- Floors (*linear*, *persistence*, *mean*) cost next to nothing: a network has to beat them to be worth its time.
- Only trials that ended ok are ranked; a seed without a score counts as worse than any score. Option sets are chosen by
  the median validation MSE, and what is shown is their test score.
- Fit time has no data making, validation or import in it; a window is one test sequence; memory is what the fit added.
- † marks a time that was disturbed: others had more than a tenth of the time of a fit's cores, or the load was one
  above the run's own.
- Every table stands with all digits in `tables/`, every picture as SVG in `figures/`."""

Figures = dict[tuple[str, ...], str]


def page(content: Content, figures: Figures) -> str:
    """The Markdown of a report; ``figures`` has the file stems by kind, condition and task."""
    frame = content.selection.frame
    blocks = [f"# {content.study}", "\n".join(what_ran(frame)), *content.selection.notes]
    blocks += [*_devices(content, figures), *_short(content)]
    blocks += _pictures(figures, "error_by_length", "error_by_time")
    for variant, part in parts(frame, "variant"):
        blocks += [f"## {variant}", *_options(part), *_task(content, variant, figures)]
    blocks += _closed_loop(content, figures)
    for title, kinds in (
        ("Time and memory", ("time_by_length", "memory_by_length")),
        ("Learning", ("learning_curves",)),
    ):
        pictures = _pictures(figures, *kinds)
        blocks += [f"## {title}", *pictures] if pictures else []
    blocks += [
        "## Option sets",
        *_option_sets(content),
        "## Failures",
        _failures(content.selection.failures),
        _HOW_TO_READ,
    ]
    return "\n\n".join(blocks) + "\n"


def _short(content: Content) -> list[str]:
    blocks = ["## In short"]
    sentences = against_floors(content.selection.frame)
    for condition, part in parts(content.answers, "condition"):
        said = [f"- {words(variant)}: {text}." for (where, variant), text in sentences.items() if where == condition]
        title = [f"### {words(condition)}"] if several(content.answers, "condition") else []
        blocks += [
            *title,
            answer_table(part),
            *(["By the median over seeds, at every length unless said:", "\n".join(said)] if said else []),
        ]
    missing = missing_floors(content.selection.frame)
    return [*blocks, missing] if missing else blocks


def _task(content: Content, variant: str, figures: Figures) -> list[str]:
    blocks = []
    for condition, part in parts(content.cells[content.cells["variant"] == variant], "condition"):
        here = (content.verdicts["variant"] == variant) & (content.verdicts["condition"] == condition)
        clear = content.verdicts[here & content.verdicts["clear"]]
        blocks += [f"### {words(condition)}"] if several(content.cells, "condition") else []
        blocks += [
            f"Scores over {_seeds(part)}:",
            error_table(part, dict(zip(clear["length"], clear["take"], strict=True))),
        ]
        blocks += [f"Costs at length {_lengths(part)}:", cost_table(part)]
        named = content.groups[(content.groups["variant"] == variant) & (content.groups["condition"] == condition)]
        if not named.empty:
            blocks += [f"Test MSE by part of the test split at length {_lengths(named)}:", group_table(named)]
        blocks += _pictures(
            {place: name for place, name in figures.items() if place[1:] == (condition, variant)}, "stretches"
        )
    return blocks


def _closed_loop(content: Content, figures: Figures) -> list[str]:
    loops = content.closed_loop
    blocks = [] if loops.cells.empty else ["## Closed loop", _CLOSED_LOOP]
    for variant, by_condition in parts(loops.cells, "variant"):
        blocks += [f"### {variant}"]
        for condition, part in parts(by_condition, "condition"):
            here = (loops.verdicts["variant"] == variant) & (loops.verdicts["condition"] == condition)
            said = loops.verdicts[here]
            clear = said[said["clear"]]
            ends = f"a run ends after {number(part['cap'].max())} {unit(part)}"
            blocks += [f"#### {words(condition)}"] if several(loops.cells, "condition") else []
            blocks += [f"Over {_seeds(part)}, {part['starts'].max():,} starts in all; {ends}. {longest(said)}"]
            blocks += [loop_table(part, dict(zip(clear["length"], clear["take"], strict=True)))]
            if missing := loops.missing[condition, variant]:
                blocks += [f"Left out: {missing:,} record{'s' if missing > 1 else ''} without a free run."]
            mine = {place: name for place, name in figures.items() if place[1:] == (condition, variant)}
            blocks += _pictures(mine, "survival", "generated", "return_map")
    lost = loops.trials[loops.trials["free_run_message"] != ""]
    failures = lost.assign(status=lost["outcome"], message=lost["free_run_message"])
    return [*blocks, "### Free runs that failed or were declined", _failures(failures)] if len(lost) else blocks


def _devices(content: Content, figures: Figures) -> list[str]:
    cells, notes = content.devices.cells, content.devices.notes
    blocks = ["## Devices", _DEVICES, *notes] if notes or len(cells) else []
    for comparison, pairs in parts(cells, "comparison"):
        for variant, part in parts(pairs, "variant"):
            blocks += [f"### {variant}, cpu against {words(comparison)}"]
            for along, across in (("length", "batch"), ("batch", "length")):
                if table := crossover_table(part, along, across):
                    blocks += [f"From which {along} on an update is faster on {words(part['device'].iloc[0])}:", table]
            mine = {place: name for place, name in figures.items() if place[1:] == (comparison, variant)}
            blocks += _pictures(mine, "devices")
            for (_, budget), there in part.groupby(["batch", "budget"]):
                blocks += [f"`{budget}`, over {_seeds(there)}:", time_table(there)]
    return blocks


def _lengths(part: pd.DataFrame) -> str:
    return " / ".join(str(length) for length in sorted(set(part["length"])))


def _seeds(part: pd.DataFrame) -> str:
    low, high = part["seeds"].min(), part["seeds"].max()
    return f"{high} seed{'s' if high > 1 else ''}" if low == high else f"{low} to {high} seeds"


def _options(part: pd.DataFrame) -> list[str]:
    options = part["task_options"].iloc[0]
    return (
        [f"With {', '.join(f'{words(name)} = {words(options[name])}' for name in sorted(options))}."] if options else []
    )


def _pictures(figures: Figures, *kinds: str) -> list[str]:
    conditions = {condition for _, condition, *_ in figures}
    blocks = []
    for kind in kinds:
        for (found, condition, *_), name in figures.items():
            if found == kind:
                caption = f"{words(condition)}: {_CAPTIONS[kind]}" if len(conditions) > 1 else _CAPTIONS[kind]
                blocks.append(f"![{name}](figures/{name}.png)\n\n*{caption}* [SVG](figures/{name}.svg)")
    return blocks


def _option_sets(content: Content) -> list[str]:
    options = content.selection.options
    if options["option_sets"].max() == 1:
        return ["Every competitor had one option set."]
    rows = []
    for name in order(options["architecture"]):
        mine = options[options["architecture"] == name]
        counts = mine["set"].value_counts(sort=False).sort_index()
        chosen = [f"{words(text)} ({count} of {len(mine)})" for text, count in counts.items()]
        rows.append([name, str(mine["option_sets"].max()), listed(chosen, 6)])
    said = "Chosen by the median validation MSE, apart for each task, length and condition (see `option_sets.csv`):"
    return [said, markdown(["architecture", "option sets", "chosen"], rows, left=3)]


def _failures(failures: pd.DataFrame) -> str:
    if failures.empty:
        return "None: every trial ended ok."
    sets = ["set"] if several(failures, "set") else []
    same = ["variant", "architecture", *sets, "length", "condition", "status", "message"]
    rows = [
        [*(words(value) for value in values), listed([str(seed) for seed in sorted(set(part["seed"]))], 20)]
        for values, part in failures.groupby(same)
    ]
    titles = [
        "task",
        "architecture",
        *(["options"] if sets else []),
        "length",
        "condition",
        "status",
        "message",
        "seeds",
    ]
    return markdown(titles, rows, left=len(titles))
