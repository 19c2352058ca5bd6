"""The page of the course: each study's command, picture and one sentence, from the committed tables."""

from pathlib import Path

from benchbench.core import study as studies
from benchbench.core.shipped import shipped
from benchbench.report.committed import Tables
from benchbench.report.findings import EXERCISES

FOLDER = "course"
MARKER = "<!-- studies: written by make course-page -->\n"
_BESIDE = ("-full", "-synthetic")  # suffixes of studies with another size or other data


def written(page: str, results: Path) -> str:
    """The page with the part after its marker written anew, including a note for each study without a report.

    Links are relative to ``docs/``. ValueError for a page without the marker.
    """
    head, marker, _ = page.partition(MARKER)
    if not marker:
        raise ValueError(f"the page has no line {MARKER.strip()}")
    names = [name for name in shipped() if name.startswith(f"{FOLDER}/")]
    parts = [_study(name, results) for name in names if not name.endswith(_BESIDE)]
    return head + "\n".join([marker, *parts, _others([name for name in names if name.endswith(_BESIDE)])])


def _study(name: str, results: Path) -> str:
    key, short = name.replace("/", "-"), name.partition("/")[2]
    folder, exercise = results / "report" / key, EXERCISES[short]
    lines = [f"## {short}", "", studies.read(shipped()[name]).description, "", f"    benchbench run {name}", ""]
    if not (folder / "tables").is_dir():
        return "\n".join([*lines, "No report of it is committed.", ""])
    lines += [f"**{exercise.finding(Tables(results, key))}** [Report](../results/report/{key}/report.md)", ""]
    file = picture(folder / "figures", exercise.figures[0])
    what = exercise.figures[0].partition("*")[0].replace("_", " ")
    lines += [f"![{short}: {what}](../results/report/{key}/figures/{file.name})", ""]
    return "\n".join(lines)


def picture(folder: Path, figure: str) -> Path:
    """The first file of a kind of figure, an animation if there is one; FileNotFoundError if there is no file.

    In ``figure``, a part of the task's name with its options may follow after a star.
    """
    found = sorted(folder.glob(f"{figure}-*.gif")) or sorted(folder.glob(f"{figure}-*.png"))
    if not found:
        raise FileNotFoundError(f"{folder} has no {figure}")
    return found[0]


def _others(names: list[str]) -> str:
    lines = [f"| {studies.read(shipped()[name]).description} | `benchbench run {name}` |" for name in names]
    return "\n".join(["## Other sizes and other data", "", "| study | command |", "|---|---|", *lines, ""])
