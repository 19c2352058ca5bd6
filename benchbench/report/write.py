"""The report of a study: its pages, figures and tables, written whole or not at all."""

from os import PathLike
from pathlib import Path

from benchbench.core.text import printable
from benchbench.report.analysis.csv import tables
from benchbench.report.analysis.study import Numbers, gather
from benchbench.report.figures.catalogue import draw_all, free_name
from benchbench.report.folder import naming, whole
from benchbench.report.frame import read, study_name
from benchbench.report.page.front import pages, variants
from benchbench.report.render.markdown import render


def write_report(study: str | PathLike[str], results: str | PathLike[str] = "results") -> Path:
    """Write report.md, tasks/, figures/ and tables/ into ``results/report/<study>/``; returns the path of report.md.

    From the records and their artifacts alone: the same records give the same bytes, in any order and any place. An
    earlier report is replaced when the new one is complete. InputError where there is no record.
    """
    frame, records = read(study, results)
    target = Path(results) / "report" / study_name(study)
    with whole(target) as fresh:
        _write(fresh, gather(target.name, frame, records, Path(results)))
    return target / "report.md"


def _write(folder: Path, numbers: Numbers) -> None:
    for name in ("figures", "tables", "tasks"):
        (folder / name).mkdir(parents=True)
    pictures = draw_all(numbers, folder / "figures")
    for name, table in tables(numbers).items():
        file = folder / "tables" / f"{name}.csv"
        text = printable(table.to_csv(index=False, lineterminator="\n"))
        with naming(file):
            file.write_bytes(text.encode())
    for page in pages(numbers, pictures, _paths(numbers)):
        file = folder / f"{page.path}.md"
        with naming(file):
            file.write_bytes(render(page).encode())


def _paths(numbers: Numbers) -> dict[str, str]:
    """The page of each task."""
    found: dict[str, str] = {}
    for variant in variants(numbers):
        found[variant] = f"tasks/{free_name(variant, {path.removeprefix('tasks/') for path in found.values()})}"
    return found
