"""Read the two sides of a comparison from their paths, and refuse sides that cannot be compared."""

from pathlib import Path

from benchbench.compare.benchmark_files import sides_of_runs
from benchbench.compare.records import sides_of_records
from benchbench.compare.side import UNKNOWN, Side
from benchbench.core.errors import InputError, unknown
from benchbench.report.analysis.order import in_a_row


def read(a: str, b: str) -> tuple[Side, Side]:
    """Read both sides; InputError where one cannot be read, or where the two cannot be compared."""
    files = _files(a), _files(b)
    records = [part[0].suffix == ".jsonl" for part in files]
    if records[0] != records[1]:
        kinds = [f"{path} holds {_kind(kind)}" for path, kind in zip((a, b), records, strict=True)]
        raise InputError(f"{' and '.join(kinds)}: give two paths of one kind")
    sides = sides_of_records((a, b), files) if records[0] else sides_of_runs((a, b), files)
    for side in sides:
        if UNKNOWN in side.machines:
            raise InputError(f"{side.path}: it does not name the machine it was made on; give one that does")
    if not sides[0].machines & sides[1].machines:
        names = [f"{letter}: {in_a_row(sorted(side.machines))}" for letter, side in zip("AB", sides, strict=True)]
        raise InputError(
            f"{a} and {b} are of different machines: {'; '.join(names)}; times are not compared across machines"
        )
    return sides


def _kind(records: bool) -> str:
    return "records" if records else "runs of pytest-benchmark"


def _files(path: str) -> list[Path]:
    """The .jsonl files of a path, or its .json files where there are none."""
    place = Path(path)
    if place.is_file():
        return [place]
    if not place.is_dir():
        near = place.parent.glob("[!.]*") if place.parent.is_dir() else []
        known = [one.name for one in near if one.is_dir() or one.suffix in {".json", ".jsonl"}]
        raise unknown("file or folder", place.name, known, where=path)
    files = sorted(place.rglob("*.jsonl")) or sorted(place.rglob("*.json"))
    if not files:
        raise InputError(f"{path}: neither records (.jsonl) nor files of pytest-benchmark (.json) in this folder")
    return files
