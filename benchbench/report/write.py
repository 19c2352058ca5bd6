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
from benchbench.report.page.pictures import Pictures
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


def written(study: str | PathLike[str], results: str | PathLike[str] = "results") -> dict[str, str]:
    """The texts of a report by their paths in its folder, as ``write_report`` writes them; no picture is saved."""
    frame, records = read(study, results)
    numbers = gather(study_name(study), frame, records, Path(results))
    return _texts(numbers, draw_all(numbers, None))


def _write(folder: Path, numbers: Numbers) -> None:
    for name in ("figures", "tables", "tasks"):
        (folder / name).mkdir(parents=True)
    for path, text in _texts(numbers, draw_all(numbers, folder / "figures")).items():
        with naming(folder / path):
            (folder / path).write_bytes(text.encode())


def _texts(numbers: Numbers, pictures: Pictures) -> dict[str, str]:
    found = {
        f"tables/{name}.csv": printable(table.to_csv(index=False, lineterminator="\n"))
        for name, table in tables(numbers).items()
    }
    return found | {f"{page.path}.md": render(page) for page in pages(numbers, pictures, _paths(numbers))}


def _paths(numbers: Numbers) -> dict[str, str]:
    """The page of each task."""
    found: dict[str, str] = {}
    for variant in variants(numbers):
        found[variant] = f"tasks/{free_name(variant, {path.removeprefix('tasks/') for path in found.values()})}"
    return found
