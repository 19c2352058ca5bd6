"""Words that a shell completes in addition to commands: studies, keys of recorded trials, claims, pitfalls, kinds."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import typer

_MOST = 30 * 2**20  # bytes of records that can be read while a user waits
KINDS = ("architectures", "tasks", "studies", "claims", "pitfalls", "trials")


def studies(ctx: typer.Context, incomplete: str) -> list[str]:
    """The shipped studies, and those that have records."""
    from benchbench.core.shipped import shipped

    recorded = {file.parent.name for file in _files(ctx)}
    return sorted(name for name in {*shipped(), *recorded} if name.startswith(incomplete))


def keys(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The keys of recorded trials with their labels; none if there are too many records to read at once."""
    files = _files(ctx)
    if sum(file.stat().st_size for file in files) > _MOST:
        return []
    found = {key: label for file in files for key, label in _trials(file)}
    return sorted((key, label) for key, label in found.items() if key.startswith(incomplete))


def kinds(incomplete: str) -> list[str]:
    """The kinds of ``benchbench list``."""
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def claims(incomplete: str) -> list[str]:
    """The names of the claims."""
    from benchbench import claims as folder

    return [name for name in folder.names() if name.startswith(incomplete)]


def pitfalls(incomplete: str) -> list[str]:
    """The names of the pitfalls."""
    from benchbench import pitfalls as folder

    return [name for name in folder.names() if name.startswith(incomplete)]


def _files(ctx: typer.Context) -> list[Path]:
    study = ctx.params.get("study") or "*"
    return sorted((Path(ctx.params.get("results") or "results") / "records").glob(f"{study}/*.jsonl"))


def _trials(file: Path) -> Iterator[tuple[str, str]]:
    """The keys and labels of a file's records; lines that are not records are skipped without a message."""
    import json

    from benchbench.core.spec import Trial

    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):
                trial = Trial.model_validate_json(json.dumps(json.loads(line)["trial"]))
                yield trial.key, trial.label
