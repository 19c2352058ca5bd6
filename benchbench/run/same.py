"""Checks that the plug-ins and files of a record are here, with the same versions and contents."""

from pathlib import Path

from benchbench.core.errors import InputError, unknown
from benchbench.core.origins import texts
from benchbench.core.record import Record
from benchbench.core.registry import Registry


def require_same_plugins(record: Record, known: Registry) -> None:
    """InputError if the task or the architecture is missing or has another version."""
    trial = record.trial
    for kind in ("task", "architecture"):
        name, version = getattr(trial, kind), trial.versions.get(kind)
        if name not in known.names(kind):
            hint = "" if kind not in record.files else ": it came from a plug-in file; give that with --plugin FILE"
            raise InputError(f"{unknown(kind, name, known.names(kind), f'trial {trial.key}')}{hint}")
        if version is not None and (here := known.get(kind, name).version) != version:
            raise InputError(
                f"trial {trial.key}: {kind} {name!r} has version {here} here, but version {version} in the record"
            )
    engines = known.get("architecture", trial.architecture).engines
    if trial.engine not in engines:
        raise unknown("engine", trial.engine, engines, f"trial {trial.key}: architecture {trial.architecture!r}")
    recorded, now = trial.versions.get("engine"), engines[trial.engine]
    if recorded != now:
        raise InputError(
            f"trial {trial.key}: engine {trial.engine!r} has version {now} here, but version {recorded} in the record"
        )


def require_same_files(record: Record, found: dict[str, str], folder: str) -> None:
    """InputError if a file that the trial came from is missing or has another content."""
    options = texts(record.trial)
    for role, sha256 in record.files.items():
        name = repr(options[role]) if role in options else f"the plug-in file of its {role}"
        if role not in found and role not in options:
            raise InputError(f"trial {record.trial.key} came from {name}: give it with --plugin FILE")
        if role not in found:
            raise InputError(
                f"trial {record.trial.key}: there is no {name} in {Path(folder).name or folder}; paths start from the "
                "folder of the study's file, which --study FILE.toml names"
            )
        if found[role] != sha256:
            raise InputError(
                f"trial {record.trial.key}: {name} differs from the file of the record: give that file, unchanged"
            )
