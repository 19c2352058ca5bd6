"""The outline of a study of one signal, as an object and as the TOML file that users edit."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from benchbench.core import store
from benchbench.core.errors import InputError
from benchbench.core.shipped import folders, shipped
from benchbench.core.study import Study

NETWORKS = ("rnn", "lstm", "gru", "esn")
BASELINES = ("linear", "persistence", "mean")
ENGINE = "numba"
PARAMETERS, BATCH = 5_000, 32
BUDGET = "equal-updates"


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A study of a signal: ``task`` holds the options of the task ``series``; ``notes`` are comments above it."""

    name: str
    lengths: tuple[int, ...]
    seeds: int
    updates: int
    task: Mapping[str, Any]
    notes: Sequence[str] = field(default=())

    def study(self) -> Study:
        """The study; relative paths are relative to the current folder."""
        budget = {"name": BUDGET, "parameters": PARAMETERS, "updates": self.updates, "batch": BATCH}
        return Study.model_validate_json(
            json.dumps(
                {
                    "name": self.name,
                    "lengths": self.lengths,
                    "seeds": self.seeds,
                    "engines": [ENGINE],
                    "budgets": [budget],
                    "tasks": {"series": dict(self.task)},
                    "architectures": {name: {} for name in (*NETWORKS, *BASELINES)},
                }
            )
        )

    def toml(self) -> str:
        """The text of the study's file."""
        notes = "".join(f"# {note}\n" for note in self.notes)
        options = "\n".join(f"{name} = {_value(value)}" for name, value in self.task.items())
        networks = "\n".join(f"[architectures.{name}]" for name in NETWORKS)
        baselines = "\n".join(f"[architectures.{name}]" for name in BASELINES)
        return f"""{notes}
name = {_value(self.name)}
lengths = {_value(self.lengths)}  # steps in a window
seeds = {self.seeds}
engines = [{_value(ENGINE)}]  # for the networks that support it

[[budgets]]
name = {_value(BUDGET)}
parameters = {PARAMETERS}  # each network becomes as wide as this allows
updates = {self.updates}
batch = {BATCH}

[tasks.series]
{options}

{networks}

# baselines, which a network has to beat
{baselines}
"""


def _value(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def study_name(file: str) -> str:
    """The name of a study of this file: the file's name without its suffix, in the characters that a name may have."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(file).name.partition(".")[0] or Path(file).stem).strip("-._")[:60]
    return f"{stem}-signal" if stem in {*shipped(), *folders()} else stem or "signal"


def require_writable(*folders: Path) -> None:
    """InputError if a folder, or the nearest existing folder above it, cannot be written to."""
    for folder in folders:
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            fault = "cannot be written to" if there.is_dir() else "is not a folder"
            raise InputError(f"{folder}: {there} {fault}; choose another folder")


def written(folder: Path, results: Path, outline: Outline) -> tuple[Path, Outline]:
    """Write the study into a folder under a name that is free, and return the file and the study of that name.

    If a file of this name has other content, or if there are records of a study of this name, the name gets a number,
    as in signal-2.toml. OSError that names the file if it cannot be written.
    """
    for number in count(1):
        name = outline.name if number == 1 else f"{outline.name}-{number}"
        one = Outline(**{**vars(outline), "name": name})
        file = folder / f"{name}.toml"
        if file.exists():
            with suppress(OSError, UnicodeDecodeError):
                if file.read_text(encoding="utf-8") == one.toml():
                    return file, one
            continue
        if store.folder(results, name).exists():
            continue
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(one.toml())
        except FileExistsError:
            continue
        except BaseException:  # an interrupt too
            file.unlink(missing_ok=True)
            raise
        return file, one
    raise AssertionError("names do not end")
