"""The user's files that a trial depends on: the plug-ins of its task and architecture, and files named by options.

Each file has a role: ``architecture``, ``task``, ``task_options.path`` or ``architecture_options.weights.0``.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchbench.core.spec import Trial


class Origin(NamedTuple):
    """What depends on a file: a task or an architecture in one version, and the value of the option that names it.

    ``option`` is None for the file of the plug-in itself.
    """

    kind: str
    name: str
    version: int | None
    role: str
    option: str | None


def origin(trial: Trial, role: str) -> Origin:
    """The part of a trial that depends on the file in this role."""
    kind = "task" if role.startswith("task") else "architecture"
    return Origin(kind, getattr(trial, kind), trial.versions.get(kind), role, texts(trial).get(role))


def texts(trial: Trial) -> dict[str, str]:
    """Every text among the options of a trial, by its role; each of them may name a file."""
    options = {"task_options": trial.task_options, "architecture_options": trial.architecture_options}
    return dict(_texts(options, ""))


def _texts(value: Any, role: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield role, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{role}.{name}" if role else str(name))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _texts(item, f"{role}.{number}")
