"""Arguments and options that several commands share, or that are long."""

from typing import Annotated, Literal

import typer

from benchbench.cli import completion

Study = Annotated[
    str,
    typer.Argument(
        help="A shipped study (benchbench list studies) or a TOML file.",
        metavar="STUDY",
        autocompletion=completion.studies,
    ),
]
Results = Annotated[str, typer.Option(help="The folder of records and reports.", metavar="DIR")]
Plugins = Annotated[
    list[str] | None, typer.Option("--plugin", help="A file with your own plug-in; repeatable.", metavar="FILE")
]

Resolve = Annotated[
    float | None,
    typer.Option(
        help="Add seeds while two competitors are undecided at this difference: 0.1 for 10 %.", metavar="SHARE"
    ),
]
MaxSeeds = Annotated[int | None, typer.Option(help="With --resolve: the most seeds; 30 by default.", metavar="N")]
Executor = Annotated[str, typer.Option(help="Where trials run: local (this machine) or dask.", metavar="NAME")]
Scheduler = Annotated[
    str | None, typer.Option(help="With --executor dask: the address of its scheduler.", metavar="ADDRESS")
]


Key = Annotated[
    str,
    typer.Argument(
        help="The key of a trial, or its beginning; benchbench list trials shows them.",
        metavar="KEY",
        autocompletion=completion.keys,
    ),
]
OfStudy = Annotated[
    str | None,
    typer.Option(
        help="Look only in this study: a name or a TOML file.", metavar="STUDY", autocompletion=completion.studies
    ),
]
Machine = Annotated[str | None, typer.Option(help="The record of this machine, if there are several.", metavar="NAME")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Timeout = Annotated[float | None, typer.Option(help="Kill a trial that takes longer.", min=0.001, metavar="SECONDS")]
MemoryLimit = Annotated[
    str | None, typer.Option(help="Kill a trial that takes more memory, such as 3GiB.", metavar="SIZE")
]
Jobs = Annotated[
    int | None,
    typer.Option(help="Trials in parallel; by default one for each core, or one on a GPU.", min=1, metavar="N"),
]
Engine = Annotated[str | None, typer.Option(help="Replaces the study's engines: torch or numba.", metavar="ENGINE")]
Kind = Annotated[
    str | None,
    typer.Argument(
        help="architectures, tasks, studies, claims, pitfalls or trials; by default all but trials.",
        metavar="KIND",
        autocompletion=completion.kinds,
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Argument(help="Studies, or folders of reports; by default all in the folder of results.", metavar="REPORT"),
]
FailAbove = Annotated[
    float | None, typer.Option(help="Exit with 1 if a row is worse by a larger factor.", metavar="RATIO")
]
Margin = Annotated[
    float | None,
    typer.Option(
        help="Times and memory that differ by no more than this factor count as equal; by default 1.05 with several "
        "runs on each side, 1.2 with one.",
        metavar="RATIO",
    ),
]
Table = Annotated[str, typer.Argument(help="The table to write: .parquet or .csv.", metavar="FILE")]
ShownFigure = Annotated[
    str | None, typer.Option(help="Draw the curve and the predictions into a .png, .svg or .pdf file.", metavar="FILE")
]
Steps = Annotated[int | None, typer.Option(help="Continue the signal by so many steps.", min=1, metavar="N")]
PredictedFigure = Annotated[
    str | None, typer.Option(help="The .png, .svg or .pdf file; by default next to the CSV file.", metavar="FILE")
]


def detail_of(quiet: bool, verbose: bool) -> Literal["quiet", "usual", "verbose"]:
    """How much a run prints; an error if it is to print both less and more."""
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose exclude each other")
    return "quiet" if quiet else "verbose" if verbose else "usual"
