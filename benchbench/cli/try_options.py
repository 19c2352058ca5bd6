"""The options of ``benchbench try``, which are many; ``try_signal`` has the command itself."""

import time
from typing import Annotated

import typer

from benchbench.cli.errors import at_once

_TEXT = "For a text file, if it is not recognised: "


def try_(
    files: Annotated[
        list[str],
        typer.Argument(help="The signal as CSV, NPY, Parquet, WAV or WFDB, one file or several.", metavar="FILE"),
    ],
    *,
    column: Annotated[
        str | None, typer.Option(help="The column of the signal, by name or by number from 0.", metavar="NAME")
    ] = None,
    horizon: Annotated[int, typer.Option(help="How many samples ahead to forecast.", min=1, metavar="N")] = 10,
    minutes: Annotated[float, typer.Option(help="How many minutes everything may take.", min=0.1, metavar="N")] = 5.0,
    clean: Annotated[
        str,
        typer.Option(help="Steps separated by commas: interpolate, clip=6, median=5, lowpass=0.1.", metavar="STEPS"),
    ] = "",
    separator: Annotated[str | None, typer.Option(help=f"{_TEXT}the separator.", metavar="SIGN")] = None,
    decimal: Annotated[str | None, typer.Option(help=f"{_TEXT}the decimal sign.", metavar="SIGN")] = None,
    comment: Annotated[
        str | None, typer.Option(help="The sign that begins a comment in a text file.", metavar="SIGN")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help=f"{_TEXT}the encoding.", metavar="NAME")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help=f"{_TEXT}whether it begins with names.")
    ] = None,
    array: Annotated[str | None, typer.Option(help="The array of an NPZ file.", metavar="NAME")] = None,
    results: Annotated[str, typer.Option(help="The folder of records and reports.", metavar="DIR")] = "results",
    jobs: Annotated[
        int | None,
        typer.Option(help="Trials in parallel; by default one a core, at most four.", min=1, metavar="N"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Find out which network suits a signal."""
    began = time.monotonic()
    with at_once():
        from benchbench.cli import try_signal as verb

    text = {"separator": separator, "decimal": decimal, "comment": comment, "encoding": encoding, "header": header}
    verb.attempt(
        files,
        began=began,
        column=column,
        horizon=horizon,
        minutes=minutes,
        clean=clean,
        reading={**text, "array": array},
        results=results,
        jobs=jobs,
        detail="quiet" if quiet else "usual",
    )
