"""The arguments of a run: the study is read, and the others are checked."""

import re
from pathlib import Path

from benchbench.core import study as studies
from benchbench.core.errors import InputError
from benchbench.core.shipped import find, shipped
from benchbench.core.spec import NAME, NAME_RULE
from benchbench.core.study import Study
from benchbench.run.resolve import Resolve
from benchbench.statistics.seeds import LOOKS


def opened(study: str | Path) -> tuple[Study, str, Path]:
    """The study, its file's name, and the folder from which its relative paths start."""
    file = find(str(study))
    folder = Path.cwd() if file in shipped().values() else file.parent.resolve()
    return studies.read(file), file.name, folder


def resolving(effect: float | None, most: int | None) -> Resolve | None:
    """When to add seeds, from the arguments ``resolve`` and ``max_seeds``; InputError if they cannot be."""
    if effect is None:
        if most is not None:
            raise InputError("max_seeds is given without resolve, which adds the seeds: give --resolve too")
        return None
    if not 0 < effect < 1:
        raise InputError(f"resolve must be between 0 and 1, such as --resolve 0.1 for 10 %, not {effect:g}")
    if most is not None and not LOOKS[0] <= most:
        raise InputError(
            f"max_seeds must be {LOOKS[0]} or more, since the first look is at {LOOKS[0]} seeds, not {most}"
        )
    return Resolve(effect=effect, most=most or LOOKS[-1])


def check(jobs: int, threads: int, timeout: float | None, memory_limit: int | None, machine: str | None) -> None:
    """InputError if one of the arguments cannot be."""
    for name, value in (
        ("jobs", jobs),
        ("threads", threads),
        ("memory_limit", 1 if memory_limit is None else memory_limit),
    ):
        if value < 1:
            raise InputError(f"{name} must be 1 or more, not {value}")
    if timeout is not None and not 0 < timeout < float("inf"):
        raise InputError(f"timeout must be a number of seconds above 0, not {timeout}")
    if machine is not None and not re.fullmatch(NAME, machine):
        raise InputError(f"machine {machine!r}: {NAME_RULE}, since it names a file")
