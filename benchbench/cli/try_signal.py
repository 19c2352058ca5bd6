"""``benchbench try``: finds out which network suits the signal in a file, within the given minutes."""

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchbench.cli.console import duration, err, out, say
from benchbench.cli.errors import advised
from benchbench.cli.progress import Detail, watched
from benchbench.isolation.pool import start_server
from benchbench.run.advise.outline import require_writable, written
from benchbench.run.advise.planned import Request, jobs_of, planned
from benchbench.run.job import PRELOAD
from benchbench.run.runner import run_study
from benchbench.signals.clean_steps import clean_options
from benchbench.signals.files.table import Form
from benchbench.signals.look import Look, look
from benchbench.signals.profile import OUTLIER


def attempt(
    files: Sequence[str], *,
    began: float, column: str | None, horizon: int, minutes: float, clean: str, reading: dict[str, Any], results: str,
    jobs: int | None, detail: Detail,
) -> None:  # fmt: skip
    """Describe a signal, time the networks on it, plan a study, run it, write its report and give advice.

    ``began``: when the minutes began, by the monotonic clock. ``reading``: options that say how to read a file.
    """
    cleaning = clean_options(clean)
    given = {name: value for name, value in reading.items() if value is not None}
    require_writable(Path.cwd(), Path(results))
    asked = Request(
        reading=given, clean=cleaning, horizon=horizon, seconds=60 * minutes, jobs=jobs_of(jobs),
        command=_command(files, column, horizon, minutes, clean),
    )  # fmt: skip
    with advised("nothing was written, and the same command starts from the beginning"):
        looks = _looks(files, column, asked)
        with watched(err, detail) as watch:
            plan = planned(looks, asked, began=began, clock=time.monotonic, on_step=watch.step, on_check=watch.check)
        file, outline = written(Path.cwd(), Path(results), plan.outline)
    there = [] if results == "results" else ["--results", results]
    run = shlex.join(["benchbench", "run", file.name, *there])
    report = shlex.join(["benchbench", "report", outline.name, *there])
    with advised(f"finished trials are kept: {run} continues from here, and then {report} writes the report"):
        lengths = " and ".join(map(str, outline.lengths))
        seeds = "1 seed" if outline.seeds == 1 else f"{outline.seeds} seeds"
        say(f"{file.name}: windows of {lengths} steps, {seeds}, {outline.updates} updates, about "
            f"{duration(plan.seconds)}")  # fmt: skip
        for text in plan.thinned:
            say(text)
        _run(file, results, asked.jobs, detail)
        _conclude(outline.name, file.name, results, time.monotonic() - began)


def _looks(files: Sequence[str], column: str | None, asked: Request) -> list[Look]:
    """Look at each file, and print its description."""
    start_server(PRELOAD)  # loads PyTorch in the background
    looks = [look(file, Form(**asked.reading), column, asked.clean) for file in files]
    for one in looks:
        for line in described(one):
            say(line)
    return looks


def _run(file: Path, results: str, jobs: int, detail: Detail) -> None:
    with watched(err, detail) as watch:
        run_study(
            file,
            results,
            jobs=jobs,
            **watch.listeners(),
        )


def _conclude(study: str, file: str, results: str, seconds: float) -> None:
    from benchbench.report.advice import advice
    from benchbench.report.write import write_report

    page = write_report(study, results)
    say(f"{page}, after {duration(seconds)}")
    for line in advice(study, results, file).lines:
        say(line, out)


def described(one: Look) -> list[str]:
    """A few lines that describe a file."""
    found = one.profile
    left_out = f"; left out as time: {', '.join(name or 'the one without a name' for name in one.times)}"
    of = f", one of {one.channels} channels" if one.channels > 1 else ""
    gaps = f"{found.missing} in {len(found.gaps)} gaps, the longest of {found.longest_gap}" if found.missing else "none"
    rows = ", ".join(map(str, found.first_outliers)) + (" ..." if found.outliers > len(found.first_outliers) else "")
    far = (
        f"{found.outliers} beyond {OUTLIER:g} robust deviations, in row{'s' if found.outliers > 1 else ''} {rows}"
        if found.outliers
        else "none"
    )
    period = "none found" if found.period is None else f"{found.period:.3g} samples"
    if found.period is not None and one.spacing is not None and one.spacing.unit == "s":
        period += f" ({_span(found.period * one.spacing.step)})"
    lag = "unknown" if found.lag_one is None else f"{found.lag_one:.3f}"
    return [
        f"{one.name}: column {one.label}{of}{left_out if one.times else ''}",
        f"  {found.samples:,} samples, {_rate(one)}; missing: {gaps}; outliers: {far}",
        f"  dominant period: {period}; correlation of neighbours (lag 1): {lag}",
    ]


def _rate(one: Look) -> str:
    """The sampling rate, or the time from one sample to the next."""
    spacing = one.spacing
    if spacing is None:
        return "no time column, so no rate"
    if spacing.rate_hz is not None and spacing.rate_hz >= 1:
        return f"{spacing.rate_hz:g} Hz"
    if spacing.unit == "s":
        return f"one every {_span(spacing.step)}"
    unit = " month" if spacing.unit == "month" else " by the time column, whose unit is not known"
    return f"one every {spacing.step:g}{unit}"


def _span(seconds: float) -> str:
    """A time span in the most readable unit."""
    units = ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"), (0.1, 1, "s"), (1e-4, 1e-3, "ms"))
    for least, unit, name in units:
        if seconds >= least:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"


def _command(files: Sequence[str], column: str | None, horizon: int, minutes: float, clean: str) -> str:
    words = ["benchbench", "try", *files]
    words += ["--column", column] if column is not None else []
    words += ["--horizon", str(horizon), "--minutes", f"{minutes:g}"]
    return shlex.join([*words, *(["--clean", clean] if clean else [])])
