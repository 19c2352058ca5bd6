"""Arguments and options that several verbs have, or that are long."""

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
    typer.Option(help="Add seeds where two competitors are undecided at this difference: 0.1, 10 %.", metavar="SHARE"),
]
MaxSeeds = Annotated[int | None, typer.Option(help="With --resolve: the most seeds, 30 by default.", metavar="N")]
Executor = Annotated[str, typer.Option(help="Where trials run: local (this machine) or dask.", metavar="NAME")]
Scheduler = Annotated[str | None, typer.Option(help="With --executor dask: its scheduler.", metavar="ADDRESS")]


Key = Annotated[
    str,
    typer.Argument(
        help="The key of a trial, or its beginning: benchbench list trials.",
        metavar="KEY",
        autocompletion=completion.keys,
    ),
]
OfStudy = Annotated[
    str | None,
    typer.Option(
        help="Look in this study alone: a name or a TOML file.", metavar="STUDY", autocompletion=completion.studies
    ),
]
Machine = Annotated[
    str | None, typer.Option(help="The record of this machine, where there are several.", metavar="NAME")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Timeout = Annotated[float | None, typer.Option(help="Stop a trial that takes longer.", min=0.001, metavar="SECONDS")]
MemoryLimit = Annotated[str | None, typer.Option(help="Stop a trial that takes more memory, as 3GiB.", metavar="SIZE")]
Jobs = Annotated[
    int | None,
    typer.Option(help="Trials side by side; by default one a core, and one on a GPU.", min=1, metavar="N"),
]
Engine = Annotated[str | None, typer.Option(help="Replaces the study's engines: torch or numba.", metavar="ENGINE")]
Kind = Annotated[
    str | None,
    typer.Argument(
        help="architectures, tasks, studies, claims, pitfalls or trials; all but trials without.",
        metavar="KIND",
        autocompletion=completion.kinds,
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Argument(help="Studies, or folders of reports; all in the folder of results without.", metavar="REPORT"),
]
FailAbove = Annotated[
    float | None, typer.Option(help="Exit with 1 where a row is worse by a larger factor.", metavar="RATIO")
]
Margin = Annotated[
    float | None,
    typer.Option(
        help="Times and memory that differ by no more than this factor are not called different; 1.05 for several "
        "runs a side, 1.2 for one.",
        metavar="RATIO",
    ),
]
Table = Annotated[str, typer.Argument(help="The table to write: .parquet or .csv.", metavar="FILE")]
ShownFigure = Annotated[
    str | None, typer.Option(help="Draw curve and predictions into a .png, .svg or .pdf.", metavar="FILE")
]
Steps = Annotated[int | None, typer.Option(help="Continue the signal by so many steps instead.", min=1, metavar="N")]
PredictedFigure = Annotated[
    str | None, typer.Option(help="The .png, .svg or .pdf; by default beside the CSV.", metavar="FILE")
]


def detail_of(quiet: bool, verbose: bool) -> Literal["quiet", "usual", "verbose"]:
    """How much a run prints; an error where it is to print less and more at once."""
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose exclude each other")
    return "quiet" if quiet else "verbose" if verbose else "usual"
