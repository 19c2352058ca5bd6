"""Writes the report of a study, its pages, figures and tables, whole or not at all."""

from os import PathLike
from pathlib import Path

import pandas as pd

from benchbench.core.text import printable
from benchbench.report.analysis.csv import tables
from benchbench.report.analysis.study import Numbers, gather
from benchbench.report.charts.page import extras
from benchbench.report.figures.catalogue import draw_all, free_name
from benchbench.report.folder import naming, whole
from benchbench.report.frame import read, study_name
from benchbench.report.page.front import pages, variants
from benchbench.report.page.pictures import Pictures
from benchbench.report.render import html, latex, markdown
from benchbench.report.strings import python_strings

PAGE = "report.html"


@python_strings
def write_report(study: str | PathLike[str], results: str | PathLike[str] = "results", *, tex: bool = False) -> Path:
    """Write the report into ``results/report/<study>/``; returns the path of report.md.

    The folder also gets tasks/, figures/ and tables/, and report.html, which contains all pages and needs no other
    file; ``tex`` adds latex/ with every table for a paper.

    The report depends only on the records and their artifacts: equal records give equal bytes, in any order and folder.
    An earlier report is replaced once the new one is complete. InputError if there is no record.
    """
    frame, records = read(study, results)
    target = Path(results) / "report" / study_name(study)
    with whole(target) as fresh:
        _write(fresh, gather(target.name, frame, records, Path(results)), frame, tex=tex)
    return target / "report.md"


@python_strings
def written(study: str | PathLike[str], results: str | PathLike[str] = "results") -> dict[str, str]:
    """The texts of a report by their paths in its folder, as ``write_report`` writes them, without saving pictures.

    report.html takes its pictures from that folder. The LaTeX tables are included if the folder has some.
    """
    frame, records = read(study, results)
    folder = Path(results) / "report" / study_name(study)
    numbers = gather(folder.name, frame, records, Path(results))
    return _texts(numbers, frame, draw_all(numbers, None), folder / "figures", tex=(folder / "latex").is_dir())


def _write(folder: Path, numbers: Numbers, frame: pd.DataFrame, *, tex: bool) -> None:
    for name in ("figures", "tables", "tasks", *(["latex"] if tex else [])):
        (folder / name).mkdir(parents=True)
    pictures = draw_all(numbers, folder / "figures")
    for path, text in _texts(numbers, frame, pictures, folder / "figures", tex=tex).items():
        with naming(folder / path):
            (folder / path).write_bytes(text.encode())


def _texts(numbers: Numbers, frame: pd.DataFrame, pictures: Pictures, figures: Path, *, tex: bool) -> dict[str, str]:
    found = {
        f"tables/{name}.csv": printable(table.to_csv(index=False, lineterminator="\n"))
        for name, table in tables(numbers).items()
    }
    made = pages(numbers, pictures, _paths(numbers))
    found |= {f"{page.path}.md": markdown.render(page) for page in made}
    found[PAGE] = html.render(made, extras(numbers, frame, figures))
    return found | ({f"latex/{name}": text for name, text in latex.render(made).items()} if tex else {})


def _paths(numbers: Numbers) -> dict[str, str]:
    """The path of each task's page."""
    found: dict[str, str] = {}
    for variant in variants(numbers):
        found[variant] = f"tasks/{free_name(variant, {path.removeprefix('tasks/') for path in found.values()})}"
    return found
