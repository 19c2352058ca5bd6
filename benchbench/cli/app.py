"""The verbs. The only place that prints or exits."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from benchbench.cli import help  # noqa: A004  the texts of --help

if TYPE_CHECKING:
    from benchbench.calibration.calibrate import Reading
    from benchbench.core.claim import Outcome
    from benchbench.core.pitfall import Pitfall

app = typer.Typer(
    help=help.PROGRAM, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)
_out = Console()
_err = Console(stderr=True)

Study = Annotated[
    str, typer.Argument(help="A shipped study (benchbench list studies) or a TOML file.", metavar="STUDY")
]
Results = Annotated[str, typer.Option(help="Folder of records and reports.", metavar="DIR")]
Plugins = Annotated[list[str] | None, typer.Option("--plugin", help="A file with your own plug-in.", metavar="FILE")]


def main() -> None:
    """The console script: a wrong study is one message and exit code 2, an interrupt 130."""
    with _clear_ends():
        app()


@app.command(help=help.RUN)
def run(
    study: Study,
    *,
    results: Results = "results",
    jobs: Annotated[
        int | None, typer.Option(help="Trials side by side; default one a core, one on a GPU.", min=1)
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads and cores of a trial.", min=1)] = 1,
    device: Annotated[
        str | None, typer.Option("--device", help="Overrides the study's devices.", metavar="DEVICE")
    ] = None,
    plugin: Plugins = None,
    timeout: Annotated[
        float | None, typer.Option(help="Kill a trial after this.", min=0.001, metavar="SECONDS")
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(help="Kill a trial that grows past this, as 3GiB.", metavar="SIZE")
    ] = None,
    machine: Annotated[str | None, typer.Option(help="Overrides the machine's label.", metavar="NAME")] = None,
) -> None:
    """Run a study."""
    from benchbench.cli.progress import watched
    from benchbench.run.runner import run_study

    limit = _bytes(memory_limit)
    with watched(_err) as watch:
        records = run_study(
            study,
            results=results,
            jobs=jobs,
            threads=threads,
            device=device,
            plugins=plugin or (),
            timeout=timeout,
            memory_limit=limit,
            machine=machine,
            on_plan=watch.plan,
            on_start=watch.start,
            on_record=watch.record,
        )
    counts: dict[str, int] = {}
    for record in records:
        counts[record.status.value] = counts.get(record.status.value, 0) + 1
    summary = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), key=lambda item: -item[1]))
    name = records[0].trial.study
    _out.print(f"{name}: {len(records)} trials, {summary}. Next: benchbench report {name}", highlight=False)


@app.command(help=help.REPORT)
def report(study: Study, results: Results = "results") -> None:
    """Write the report of a study."""
    from benchbench.report.write import write_report

    _out.print(str(write_report(study, results)), highlight=False, soft_wrap=True)


@app.command(help=help.COMPARE)
def compare(
    a: Annotated[str, typer.Argument(help="Before: a file or folder of pytest-benchmark or of records.", metavar="A")],
    b: Annotated[str, typer.Argument(help="Now: one of the same kind.", metavar="B")],
    *,
    fail_above: Annotated[
        float | None, typer.Option(help="Exit with 1 where a row is worse by more.", metavar="RATIO")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="Times this near are not called different; 1.05 for several runs a side, 1.2 for one."),
    ] = None,
) -> None:
    """Hold B against A."""
    from benchbench.compare import compare as page
    from benchbench.core.errors import InputError

    if fail_above is not None and not 1 < fail_above < float("inf"):
        raise InputError(f"--fail-above {fail_above:g}: must be above 1, as 1.2")
    made = page.compare(a, b, margin)
    _out.print(page.markdown(made), highlight=False, markup=False, emoji=False, soft_wrap=True)
    if fail_above is not None:
        failed, said = page.gate(made, fail_above)
        for line in said:
            _err.print(line, highlight=False, markup=False, emoji=False, soft_wrap=True)
        if failed:
            raise typer.Exit(1)


@app.command("list", help=help.LIST)
def list_(
    kind: Annotated[
        str | None,
        typer.Argument(help="architectures, tasks, studies, claims or pitfalls; all without.", metavar="KIND"),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """List what there is."""
    from benchbench.core.errors import unknown

    kinds = ("architectures", "tasks", "studies", "claims", "pitfalls")
    if kind is not None and kind not in kinds:
        raise unknown("kind", kind, kinds)
    for chosen in kinds if kind is None else (kind,):
        if chosen == "studies":
            _print_studies()
        elif chosen == "claims":
            _print_claims()
        elif chosen == "pitfalls":
            _print_pitfalls()
        else:
            _print_plugins(chosen.removesuffix("s"), plugin or [])


@app.command(help=help.CHECK)
def check(
    file: Annotated[str | None, typer.Argument(help="A plug-in file; everything without.", metavar="FILE")] = None,
    *,
    plugin: Plugins = None,
    results: Results = "results",
) -> None:
    """Check plug-ins against the contract."""
    from benchbench.contract.check import check as check_plugin
    from benchbench.core import registry

    files = [*(plugin or []), *([file] if file else [])]
    known = registry.load(files)
    chosen = registry.registered(registry.load_file(file)) if file else list(known.plugins.values())
    marks = {True: "[green]pass[/]", False: "[red]FAIL[/]", None: "[yellow]skip[/]"}
    failed = 0 if file else _check_installation(results)
    for item in chosen:
        _out.print(f"{item.kind} [bold]{item.name}[/] (version {item.version})", highlight=False)
        for result in check_plugin(item):
            failed += result.passed is False
            _out.print(f"  {marks[result.passed]}  {result.promise}", highlight=False)
            if result.detail:
                _out.print(f"        {result.detail}", highlight=False, markup=False, soft_wrap=True)
    if failed:
        _err.print(f"{failed} broken", highlight=False)
        raise typer.Exit(1)


@app.command(help=help.CALIBRATE)
def calibrate() -> None:
    """Hold the instruments against known answers."""
    from rich.table import Table

    from benchbench.calibration.calibrate import calibrate as read_all

    with _err.status("calibrating") as status:
        readings = read_all(on_start=lambda name: status.update(f"calibrating: {name}"))
    table = Table("instrument", "true", "read", "off by", "verdict")
    for reading in readings:
        table.add_row(reading.instrument, *_compared(reading))
    _out.print(table, highlight=False)
    if not all(reading.ok for reading in readings):
        _err.print("an instrument is off: do not trust its column on this machine", highlight=False)
        raise typer.Exit(1)


@app.command(help=help.REPRODUCE)
def reproduce(
    claim: Annotated[
        str | None, typer.Argument(help="One claim (benchbench list claims); all short ones without.", metavar="CLAIM")
    ] = None,
    *,
    long: Annotated[bool, typer.Option("--all", help="The long ones too.")] = False,
    results: Results = "results",
) -> None:
    """Run published numbers again."""
    from rich.table import Column, Table

    from benchbench import claims
    from benchbench.claims._outcome import outcome
    from benchbench.report.reproduce import COLUMNS, row, write_outcomes

    known = {name: claims.get(name) for name in (claims.names() if claim is None else [claim])}
    chosen = {name: one for name, one in known.items() if long or claim or one.seconds < claims.SHORT}
    made: list[Outcome] = []
    for name, one in chosen.items():
        with _err.status(f"claim {len(made) + 1} of {len(chosen)}: {name}, about {one.seconds:.0f} s"):
            made.append(outcome(name, one))
        page = write_outcomes(made, results)  # each as it comes: what is measured is kept
        _out.print(f"{name}: {made[-1].verdict.value}", highlight=False)
    table = Table(*(Column(column, overflow="fold") for column in COLUMNS))
    for one_made in made:
        table.add_row(*row(one_made))
    _out.print(table, highlight=False)
    for name in known.keys() - chosen.keys():
        _out.print(f"not run: {name}, about {known[name].seconds:.0f} s; --all runs it", highlight=False)
    _out.print(str(page), highlight=False, soft_wrap=True)


@app.command(help=help.PITFALLS)
def pitfalls(
    name: Annotated[str | None, typer.Argument(help="One of them (benchbench list pitfalls); all without.")] = None,
    results: Results = "results",
) -> None:
    """Show what goes wrong in the field."""
    from rich.table import Column, Table

    from benchbench import pitfalls as folder
    from benchbench.report.pitfalls import table, write_pitfalls

    chosen = {one: folder.get(one) for one in (folder.names() if name is None else [name])}
    shown: list[Pitfall] = []
    for one, show in chosen.items():
        with _err.status(f"pitfall {len(shown) + 1} of {len(chosen)}: {one}"):
            shown.append(show())
        columns, rows = table(shown[-1])
        grid = Table(
            *(Column(column, overflow="fold") for column in columns), title=shown[-1].title, title_justify="left"
        )
        for row in rows:
            grid.add_row(*row)
        _out.print(grid, highlight=False)
    _out.print(str(write_pitfalls(shown, results)), highlight=False, soft_wrap=True)


def _compared(reading: "Reading") -> tuple[str, str, str, str]:
    """What is true, what was read, how far off it is, and the verdict."""
    read = f"{reading.read:.4g} {reading.unit}".strip()
    if reading.true is None:
        return "", read, "", ""
    true, off = f"{reading.true:.4g} {reading.unit}".strip(), f"{reading.read - reading.true:+.3g} {reading.unit}"
    return true, read, off.strip(), "[green]ok[/]" if reading.ok else "[red]OFF[/]"


def _check_installation(results: str) -> int:
    """Print what was found; how many things are broken."""
    from benchbench.calibration.installation import look

    facts = look(results)
    _out.print("[bold]installation[/]")
    for fact in facts:
        mark = "[red]FAIL[/]" if fact.broken else "[green]  ok[/]"
        _out.print(f"  {mark}  {fact.name}:", end=" ", highlight=False)
        _out.print(fact.found, highlight=False, markup=False, soft_wrap=True)
    return sum(fact.broken for fact in facts)


def _bytes(size: str | None) -> int | None:
    from pydantic import ByteSize, Field, TypeAdapter, ValidationError

    from benchbench.core.errors import InputError

    try:
        return None if size is None else TypeAdapter(Annotated[ByteSize, Field(gt=0)]).validate_python(size)
    except ValidationError:
        raise InputError(f"--memory-limit {size!r}: not a size; write 3GiB or 500MB") from None


def _print_plugins(kind: Any, files: list[str]) -> None:
    from benchbench.core import registry
    from benchbench.core.options import choices, defaults

    known = registry.load(files)
    _out.print(f"{kind}s", style="bold")
    for name in known.names(kind):
        item = known.get(kind, name)
        _out.print(f"  {name:<18} {item.summary}", highlight=False, markup=False, soft_wrap=True)
        for option, default in defaults(item.options).items():
            allowed = ", ".join(choices(item.options, option))
            line = f"    {option} = {default!r}{f'  ({allowed})' if allowed else ''}"
            _out.print(line, highlight=False, markup=False, soft_wrap=True, style="dim")


def _print_studies() -> None:
    from benchbench.core import study

    _out.print("studies", style="bold")
    for name, file in study.shipped().items():
        _out.print(f"  {name:<18} {study.read(file).description}", highlight=False, markup=False, soft_wrap=True)


def _print_claims() -> None:
    from benchbench import claims

    _out.print("claims", style="bold")
    for name in claims.names():
        claim = claims.get(name)
        said = f"{claims.summary(name)} {claim.quantity} {claim.published:.3g}; about {claim.seconds:.0f} s"
        _out.print(f"  {name:<24} {said}", highlight=False, markup=False, soft_wrap=True)


def _print_pitfalls() -> None:
    from benchbench import pitfalls as folder

    _out.print("pitfalls", style="bold")
    for name in folder.names():
        _out.print(f"  {name:<18} {folder.summary(name)}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _clear_ends() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != 130:  # typer turns an interrupt into this code
            raise
        _err.print("interrupted; what is finished is kept: the same command goes on from here", highlight=False)
        sys.exit(130)
    except Exception as error:
        from benchbench.core.errors import InputError

        if isinstance(error, InputError):
            _err.print(str(error), highlight=False, markup=False, soft_wrap=True)
            sys.exit(2)
        if isinstance(error, OSError):
            place = f"{error.filename}: " if error.filename else ""
            _err.print(f"{place}{error.strerror or error}", highlight=False, markup=False, soft_wrap=True)
            sys.exit(1)
        raise
