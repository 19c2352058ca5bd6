"""The commands and their options. Each imports what it needs when it is called, so that ``--help`` is fast."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from benchbench import __version__
from benchbench.cli import completion
from benchbench.cli.arguments import (
    Engine,
    Executor,
    FailAbove,
    Jobs,
    Json,
    Key,
    Kind,
    Machine,
    Margin,
    MaxSeeds,
    MemoryLimit,
    OfStudy,
    Plugins,
    PredictedFigure,
    Reports,
    Resolve,
    Results,
    Scheduler,
    ShownFigure,
    Steps,
    Study,
    Table,
    Timeout,
    detail_of,
)
from benchbench.cli.errors import at_once
from benchbench.cli.help import PROGRAM, VERBS, WIDTH
from benchbench.cli.try_options import try_

app = typer.Typer(
    help=PROGRAM.page(),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"terminal_width": WIDTH},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"benchbench {__version__}")
        raise typer.Exit


@app.callback()
def program(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Hold the options of the program itself."""


def _verb(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return app.command(name, help=VERBS[name].page(), short_help=VERBS[name].short)


_verb("try")(try_)


@_verb("run")
def run(
    study: Study,
    *,
    results: Results = "results",
    jobs: Jobs = None,
    threads: Annotated[int, typer.Option(help="Threads and cores of each trial.", min=1, metavar="N")] = 1,
    device: Annotated[str | None, typer.Option(help="Replaces the study's devices.", metavar="DEVICE")] = None,
    engine: Engine = None,
    plugin: Plugins = None,
    timeout: Timeout = None,
    memory_limit: MemoryLimit = None,
    machine: Annotated[str | None, typer.Option(help="Replaces the machine's label.", metavar="NAME")] = None,
    executor: Executor = "local",
    scheduler: Scheduler = None,
    resolve: Resolve = None,
    max_seeds: MaxSeeds = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the fitted learners, for predict.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only the summary.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also print each step and each trial's start.")] = False,
) -> None:
    """Run a study."""
    with at_once():
        from benchbench.cli import run as verb

    verb.run(
        study,
        results=results,
        jobs=jobs,
        threads=threads,
        device=device,
        engine=engine,
        plugins=plugin or (),
        timeout=timeout,
        memory_limit=memory_limit,
        machine=machine,
        executor=executor,
        scheduler=scheduler,
        resolve=resolve,
        max_seeds=max_seeds,
        keep=keep,
        detail=detail_of(quiet, verbose),
    )


@_verb("report")
def report(
    study: Study,
    results: Results = "results",
    *,
    latex: Annotated[bool, typer.Option("--latex", help="Also write every table as LaTeX, into latex/.")] = False,
) -> None:
    """Write the report of a study."""
    with at_once():
        from benchbench.cli.console import say
        from benchbench.report.write import write_report

    page = write_report(study, results, tex=latex)
    for file in (page, page.with_suffix(".html")):
        say(str(file))


@_verb("export")
def export(
    study: Study,
    file: Table,
    results: Results = "results",
) -> None:
    """Write the records of a study as one table."""
    with at_once():
        from benchbench.cli.console import say
        from benchbench.report.export import export as write

    say(f"{file}: {write(study, file, results):,} rows")


@_verb("verify")
def verify(
    reports: Reports = None,
    results: Results = "results",
) -> None:
    """Check committed reports against the records."""
    with at_once():
        from benchbench.cli import verify as verb

    verb.check(reports or [], results)


@_verb("show")
def show(
    key: Key,
    *,
    study: OfStudy = None,
    results: Results = "results",
    machine: Machine = None,
    figure: ShownFigure = None,
    as_json: Json = False,
) -> None:
    """Show everything about one trial."""
    with at_once():
        from benchbench.cli import show as verb

    verb.show(key, study=study, results=results, machine=machine, figure=figure, as_json=as_json)


@_verb("repeat")
def repeat(
    key: Key,
    *,
    study: OfStudy = None,
    results: Results = "results",
    machine: Machine = None,
    plugin: Plugins = None,
    timeout: Timeout = None,
    memory_limit: MemoryLimit = None,
) -> None:
    """Run a trial again."""
    with at_once():
        from benchbench.cli import repeat as verb

    verb.repeat_trial(
        key,
        study=study,
        results=results,
        machine=machine,
        plugins=plugin or [],
        timeout=timeout,
        memory_limit=memory_limit,
    )


@_verb("predict")
def predict(
    key: Key,
    file: Annotated[str, typer.Argument(help="A signal with the same columns as that of the fit.", metavar="FILE")],
    *,
    steps: Steps = None,
    out: Annotated[str | None, typer.Option(help="The CSV file to write.", metavar="FILE")] = None,
    figure: PredictedFigure = None,
    study: OfStudy = None,
    results: Results = "results",
    machine: Machine = None,
    plugin: Plugins = None,
) -> None:
    """Apply a kept learner to a signal."""
    with at_once():
        from benchbench.cli import predict as verb

    verb.predict(
        key,
        file,
        steps=steps,
        out=out,
        figure=figure,
        study=study,
        results=results,
        machine=machine,
        plugins=plugin or [],
    )


@_verb("compare")
def compare(
    a: Annotated[str, typer.Argument(help="Before: pytest-benchmark's file or folder, or records.", metavar="A")],
    b: Annotated[str, typer.Argument(help="After: the same kind as A.", metavar="B")],
    *,
    fail_above: FailAbove = None,
    margin: Margin = None,
) -> None:
    """Compare B with A."""
    with at_once():
        from benchbench.cli import compare as verb

    verb.compare_sides(a, b, fail_above=fail_above, margin=margin)


@_verb("list")
def list_(
    kind: Kind = None,
    *,
    plugin: Plugins = None,
    study: Annotated[
        str | None,
        typer.Option(help="With trials: only those of this study.", metavar="STUDY", autocompletion=completion.studies),
    ] = None,
    results: Results = "results",
    as_json: Json = False,
) -> None:
    """List what can be named."""
    with at_once():
        from benchbench.cli import list as verb

    if study is not None and kind != "trials":
        raise typer.BadParameter("--study needs the kind trials: benchbench list trials --study STUDY")
    verb.show(kind, plugin or [], study=study, results=results, as_json=as_json)


@_verb("check")
def check(
    file: Annotated[str | None, typer.Argument(help="A plug-in file; by default everything.", metavar="FILE")] = None,
    *,
    plugin: Plugins = None,
    results: Results = "results",
) -> None:
    """Check plug-ins against the contract."""
    with at_once():
        from benchbench.cli import check as verb

    verb.check(file, plugin or [], results)


@_verb("calibrate")
def calibrate(
    *,
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Check the report's verdicts on simulated studies instead.")
    ] = False,
    studies: Annotated[
        int | None,
        typer.Option(help="With --verdicts: studies of each kind, 2,000 by default.", min=20, metavar="N"),
    ] = None,
    results: Annotated[
        str | None, typer.Option(help="With --verdicts: write the outcome into this folder.", metavar="DIR")
    ] = None,
) -> None:
    """Check the instruments, or the verdicts, against known answers."""
    if not verdicts and (studies is not None or results is not None):
        raise typer.BadParameter("--studies and --results need --verdicts")
    with at_once():
        from benchbench.cli import calibrate as verb

    if verdicts:
        verb.verdicts(studies, results)
    else:
        verb.calibrate()


@_verb("reproduce")
def reproduce(
    claim: Annotated[
        str | None,
        typer.Argument(
            help="A claim (benchbench list claims); by default all short ones.",
            metavar="CLAIM",
            autocompletion=completion.claims,
        ),
    ] = None,
    *,
    long: Annotated[bool, typer.Option("--all", help="Also run the long ones.")] = False,
    results: Results = "results",
) -> None:
    """Run published numbers again."""
    with at_once():
        from benchbench.cli import reproduce as verb

    verb.reproduce(claim, every=long, results=results)


@_verb("pitfalls")
def pitfalls(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A pitfall (benchbench list pitfalls); by default all.",
            metavar="NAME",
            autocompletion=completion.pitfalls,
        ),
    ] = None,
    results: Results = "results",
) -> None:
    """Show common mistakes of the field."""
    with at_once():
        from benchbench.cli import pitfalls as verb

    verb.pitfalls(name, results)
