"""``benchbench show``: prints everything about one trial."""

import json
import math
from pathlib import Path
from typing import Any

from benchbench.cli.blocks import show_blocks
from benchbench.cli.console import say
from benchbench.core import artifacts
from benchbench.core.keys import Found, find
from benchbench.core.marks import marks
from benchbench.report.figures.file import rendered, require_kind
from benchbench.report.figures.trial import trial_figure
from benchbench.report.frame import study_name
from benchbench.report.page.trial import command, trial_page


def show(key: str, *, study: str | None, results: str, machine: str | None, figure: str | None, as_json: bool) -> None:
    """Print a trial as a page or as JSON; with ``figure`` draw it into that file, and print its path."""
    place = Path(results)
    file = None if figure is None else require_kind(Path(figure), "--figure")
    found = find(place, key, None if study is None else study_name(study), machine)
    arrays, lacking = artifacts.read(place, found.record)
    picture, said = trial_figure(found.record, arrays)
    if lacking and found.record.artifact is not None:
        said = f"{said} {lacking}"
    if file is not None and picture is not None:
        artifacts.write(file, rendered(picture, file))
    drawn = str(file) if file is not None and picture is not None else None
    if as_json:
        say(json.dumps(as_data(found, place, drawn), indent=2))
        return
    hint = f"The figure is in {drawn}." if drawn else "--figure FILE.png draws them."
    show_blocks(trial_page(found, place, f"{said} {hint}" if picture else said, _learner(found, place)).blocks)


def _learner(found: Found, results: Path) -> str:
    """A sentence that says where the fitted learner is, or why there is none."""
    kept, file = found.record.kept, artifacts.kept_path(results, found.record)
    if kept is None:
        return "It was not kept; benchbench run STUDY --keep keeps the learners of the trials that it runs."
    if file is None:
        return f"It could not be kept: {kept.message}"
    numbers = sum(math.prod(array.shape) for array in kept.arrays.values())
    lacking = "" if file.is_file() else " The file is missing."
    return f"It is in {file}: {numbers:,} numbers in {len(kept.arrays)} arrays.{lacking}"


def as_data(found: Found, results: Path, figure: str | None = None) -> dict[str, Any]:
    """A trial as data; docs/keeping.md promises the names of its keys."""
    record = found.record
    named = record.artifact
    return {
        "key": record.trial.key,
        "label": record.trial.label,
        "machine": record.environment.machine,
        "file": str(found.line.file),
        "line": found.line.number,
        "seal": found.line.seal.value,
        "record": record.model_dump(mode="json", by_alias=True),
        "marks": [mark._asdict() for mark in marks(record)],
        "artifact": None if named is None else str(artifacts.path(results, record)),
        "learner": None if record.kept_name is None else str(artifacts.kept_path(results, record)),
        "figure": figure,
        "command": command(record, results),
    }
