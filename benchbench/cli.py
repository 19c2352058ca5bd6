"""The verbs. The only place that prints or exits."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from benchbench.core.record import Record
    from benchbench.core.spec import Trial
    from benchbench.run.calibrate import Reading

_EXAMPLES = """Compare recurrent architectures under one budget: what each scored, and what it cost.

Examples:

\b
  benchbench run quick                        a first look in two minutes
  benchbench report quick                     tables and figures from its records
  benchbench run my_study.toml --jobs 2       your own grid
  benchbench run quick --plugin my_net.py     with your own architecture in it
  benchbench check my_net.py                  does my plug-in keep the contract?
  benchbench list tasks                       what there is, with its options
  benchbench calibrate                        are clock and memory readings true here?
"""
_RUN = """Run a study: every trial that has no record yet on this machine.

Stop it at any time with Ctrl-C; the same command goes on where it stopped.

Examples:

\b
  benchbench run quick
  benchbench run main --jobs 1 --timeout 600 --memory-limit 3GiB
  BENCHBENCH_DATA=~/ecg benchbench run main
  benchbench run my_study.toml --plugin my_net.py --plugin my_task.py
"""
_REPORT = """Write report.md with figures and tables, from the records alone.

Examples:

\b
  benchbench report quick
  benchbench report main --results results
"""
_LIST = """List what can be named in a study, with options and defaults.

Examples:

\b
  benchbench list
  benchbench list architectures
  benchbench list tasks --plugin my_task.py
"""
_CHECK = """Put architectures and tasks to the contract; exit code 1 where a promise is broken.

Without FILE: the installation, and everything registered.

Examples:

\b
  benchbench check
  benchbench check my_net.py
"""

_CALIBRATE = """Hold the clock, the memory reading and the meter against known answers; exit code 1 where one is off.

Takes half a minute, on a machine that does nothing else.

Examples:

\b
  benchbench calibrate
"""

app = typer.Typer(
    help=_EXAMPLES, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
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


@app.command(help=_RUN)
def run(
    study: Study,
    *,
    results: Results = "results",
    jobs: Annotated[
        int | None, typer.Option(help="Trials side by side; default one a core, one on a GPU.", min=1)
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads and cores of a trial.", min=1)] = 1,
    device: Annotated[str | None, typer.Option(help="Overrides the study's devices.", metavar="DEVICE")] = None,
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
    from benchbench.run.runner import run_study

    limit = _bytes(memory_limit)
    with _progress() as watch:
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


@app.command(help=_REPORT)
def report(study: Study, results: Results = "results") -> None:
    """Write the report of a study."""
    from benchbench.report.write import write_report

    _out.print(str(write_report(study, results)), highlight=False, soft_wrap=True)


@app.command("list", help=_LIST)
def list_(
    kind: Annotated[
        str | None, typer.Argument(help="architectures, tasks or studies; all without.", metavar="KIND")
    ] = None,
    plugin: Plugins = None,
) -> None:
    """List what there is."""
    from benchbench.core.errors import unknown

    kinds = ("architectures", "tasks", "studies")
    if kind is not None and kind not in kinds:
        raise unknown("kind", kind, kinds)
    for chosen in kinds if kind is None else (kind,):
        _print_studies() if chosen == "studies" else _print_plugins(chosen.removesuffix("s"), plugin or [])


@app.command(help=_CHECK)
def check(
    file: Annotated[str | None, typer.Argument(help="A plug-in file; everything without.", metavar="FILE")] = None,
    *,
    plugin: Plugins = None,
    results: Results = "results",
) -> None:
    """Check plug-ins against the contract."""
    from benchbench.core import registry
    from benchbench.run.contract import check as check_plugin

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


@app.command(help=_CALIBRATE)
def calibrate() -> None:
    """Hold the instruments against known answers."""
    from rich.table import Table

    from benchbench.run.calibrate import calibrate as read_all

    with _err.status("calibrating") as status:
        readings = read_all(on_start=lambda name: status.update(f"calibrating: {name}"))
    table = Table("instrument", "true", "read", "off by", "verdict")
    for reading in readings:
        table.add_row(reading.instrument, *_compared(reading))
    _out.print(table, highlight=False)
    if not all(reading.ok for reading in readings):
        _err.print("an instrument is off: do not trust its column on this machine", highlight=False)
        raise typer.Exit(1)


def _compared(reading: "Reading") -> tuple[str, str, str, str]:
    """What is true, what was read, how far off it is, and the verdict."""
    read = f"{reading.read:.4g} {reading.unit}".strip()
    if reading.true is None:
        return "", read, "", ""
    true, off = f"{reading.true:.4g} {reading.unit}".strip(), f"{reading.read - reading.true:+.3g} {reading.unit}"
    return true, read, off.strip(), "[green]ok[/]" if reading.ok else "[red]OFF[/]"


def _check_installation(results: str) -> int:
    """Print what was found; how many things are broken."""
    from benchbench.run.installation import look

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


class _Watch:
    """Turns what the runner tells into a progress bar: what runs, how many are done, the time left."""

    def __init__(self, progress: Any) -> None:
        self._progress, self._running = progress, dict[str, str]()
        self._task = progress.add_task("checking the study", total=None)

    def plan(self, trials: int, done: int, otherwise: int) -> None:
        self._progress.reset(self._task, total=trials - done, description="")
        if done:
            self._progress.console.print(f"{done} of {trials} trials are recorded already", highlight=False)
        if otherwise:
            said = f"{otherwise} of them with other jobs, threads or allocator: they stay, and times are not mixed"
            self._progress.console.print(f"{said}; another --results starts anew", highlight=False)

    def start(self, trial: "Trial") -> None:
        self._running[trial.key] = f"{trial.architecture} on {trial.task} {trial.length}"
        self._show()

    def record(self, record: "Record") -> None:
        self._running.pop(record.trial.key, None)
        self._progress.advance(self._task)
        if record.status != "ok":
            line = f"{record.status.value}: {record.trial.label}: {record.message}"
            self._progress.console.print(line, highlight=False, markup=False)
        self._show()

    def _show(self) -> None:
        self._progress.update(self._task, description=" | ".join(self._running.values()))


@contextmanager
def _progress() -> Iterator[_Watch]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=_err, transient=True) as progress:
        yield _Watch(progress)


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
