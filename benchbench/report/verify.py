"""Compares a committed report with the records: makes every text and table again, and compares them line by line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from math import isclose
from os import PathLike, fspath
from pathlib import Path

from benchbench.core.errors import InputError, nearest, short
from benchbench.report.frame import study_name
from benchbench.report.write import PAGE, written

BLOCKS = {"results": "main", "closed loop": "chaos", "devices": "devices"}
"""The markers of tables in the README and in docs/, with the studies whose reports have the same rows."""

_ROUNDING = 1e-9  # relative: sums of the same numbers differ by as much between processors
_BUNDLE = re.compile(r"(</script>\s*<script>)(.*?)(</script>\s*<script>)", flags=re.DOTALL)  # a package's script
_NOTHING = 1e-13  # absolute: differences of nearly equal numbers differ by as much
_PICTURE = re.compile(r"!\[[^\]]*\]\(\S*?figures/([^)]+)\)")
_ABSENT = "> There is no figure"
_WORDS = 5  # words that a message shows, from the first that differs


@dataclass(frozen=True)
class Mismatch:
    """The first difference: a line, what it says (``stands``), and what the records give (``given``)."""

    file: Path
    line: int
    stands: str
    given: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: the report has {self.stands!r}, but the records give {self.given!r}"


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The outcome for one report: what was compared, what could not be, and the first mismatch."""

    study: str
    lines: int = 0
    files: int = 0
    unverified: tuple[str, ...] = ()
    mismatch: Mismatch | None = None


def reports(results: str | PathLike[str]) -> list[str]:
    """The names of the reports in a folder of results."""
    return sorted(page.parent.name for page in (Path(results) / "report").glob("*/report.md"))


def verify(report: str | PathLike[str], results: str | PathLike[str] = "results") -> Verified:
    """Compare a report, given by its study's name or by its folder, with what the records give now.

    The report's tables between markers in the README and in docs/ beside ``results`` are compared too. Figures whose
    artifacts are missing are only listed, and so are tables of such arrays. InputError if there is no such report, or
    if there are no records.
    """
    name = Path(report).name if (Path(report) / "report.md").is_file() else study_name(report)
    folder = Path(results) / "report" / name
    if not (folder / "report.md").is_file():
        known = ", ".join(nearest(name, reports(results)))
        instead = f"nearest: {known}" if known else "benchbench report STUDY writes one"
        raise InputError(f"{folder}: there is no report of {short(fspath(report))}; {instead}")
    fresh = written(name, results)
    lines, found = 0, list[str]()
    absent = any(_ABSENT in text for text in fresh.values())
    stands = {file.relative_to(folder).as_posix(): file for file in _files(folder)}
    for path in sorted(stands.keys() | fresh.keys()):
        if path == PAGE and path not in stands:  # it can be made from the rest, so a report may lack it
            continue
        if absent and (path == PAGE or (path not in fresh and path.endswith(".csv"))):
            found.append(path)
            continue
        file = folder / path
        text = stands[path].read_text(encoding="utf-8") if path in stands else ""
        place = _compared(file, text, fresh.get(path, ""), found)
        if place is not None:
            return Verified(study=name, lines=lines, files=len(stands), unverified=tuple(found), mismatch=place)
        lines += text.count("\n")
    blocks = _blocks(Path(results).resolve().parent, name, fresh)
    return Verified(study=name, lines=lines, files=len(stands), unverified=tuple(found), mismatch=next(blocks, None))


def _files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*")) if file.suffix in {".md", ".csv", ".html", ".tex"}]


def _compared(file: Path, stands: str, given: str, unverified: list[str]) -> Mismatch | None:
    """The first line that differs; pictures that cannot be made again are added to ``unverified``."""
    if file.suffix == ".html":
        stands, given = _BUNDLE.sub(_emptied, stands), _BUNDLE.sub(_emptied, given)
    own, fresh = list(enumerate(stands.splitlines(), start=1)), list(enumerate(given.splitlines(), start=1))
    if file.suffix == ".md":
        known = {one for _, line in fresh for one in _PICTURE.findall(line)}
        gone = _artifacts(fresh)
        own, lost = _without_pictures(own, known if gone else None)
        fresh, _ = _without_pictures(fresh, known if gone else None)
        unverified += [f"figures/{name}" for name in lost]
    if file.suffix == ".html":
        own, fresh = ([(number, text) for number, text in lines if text] for lines in (own, fresh))
    last = own[-1][0] if own else 0
    for mine, other in zip_longest(own, fresh):
        line, text = mine or (last + 1, "")
        wanted = other[1] if other else ""
        if mine is None or other is None or not _same(text, wanted, numbers=file.suffix in {".csv", ".html"}):
            return Mismatch(file, line, *_first(text, wanted))
    return None


def _emptied(hit: re.Match[str]) -> str:
    """Replace a script by as many empty lines, so that the lines after it keep their numbers."""
    return hit[1] + "\n" * max(1, hit[2].count("\n")) + hit[3]


def _artifacts(lines: list[tuple[int, str]]) -> bool:
    return any(line.startswith(_ABSENT) for _, line in lines)


def _without_pictures(lines: list[tuple[int, str]], known: set[str] | None) -> tuple[list[tuple[int, str]], list[str]]:
    """Lines without pictures, their captions and the sentences that replace them, and the names of the pictures.

    ``known`` are the pictures that can be made, which stay; None leaves everything.
    """
    if known is None:
        return lines, []
    kept: list[tuple[int, str]] = []
    lost: list[str] = []
    caption = False
    for number, line in lines:
        names = [name for name in _PICTURE.findall(line) if name not in known]
        if names or (caption and line.startswith("*")) or line.startswith(_ABSENT):
            lost += names
            caption = bool(names)
        elif line:
            caption = False
            kept.append((number, line))
    return kept, lost


def _same(stands: str, given: str, *, numbers: bool) -> bool:
    if stands == given:
        return True
    pieces = [re.split(r"([,;:\s\[\]{}])", text) for text in (stands, given)]
    return numbers and len(pieces[0]) == len(pieces[1]) and all(map(_close, *pieces))


def _close(stands: str, given: str) -> bool:
    try:
        return stands == given or isclose(float(stands), float(given), rel_tol=_ROUNDING, abs_tol=_NOTHING)
    except ValueError:
        return False


def _first(stands: str, given: str) -> tuple[str, str]:
    """The first words that differ, with the words after them."""
    own, fresh = (re.split(r"(?<=[,\s])", text) for text in (stands, given))
    at = next((i for i, (a, b) in enumerate(zip_longest(own, fresh)) if a != b), 0)
    return "".join(own[at : at + _WORDS]).strip(), "".join(fresh[at : at + _WORDS]).strip()


def _blocks(root: Path, study: str, fresh: Mapping[str, str]) -> Iterator[Mismatch]:
    """The rows between markers in the README and in docs/ that the report does not have."""
    rows = {line for path, text in fresh.items() if path.endswith(".md") for line in text.splitlines()}
    for file in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        inside = ""
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines() if file.is_file() else (), start=1):
            marker = re.fullmatch(r"<!-- (/?)(.+) -->", line)
            if marker:
                inside = "" if marker[1] else marker[2]
            elif BLOCKS.get(inside) == study and line.startswith("|") and line not in rows:
                yield Mismatch(file, number, *_first(line, _likest(line, rows)))


def _likest(line: str, rows: set[str]) -> str:
    return next(iter(nearest(line, [row for row in rows if row[:1] == "|"], 1)), "")
