"""``benchbench repeat``: runs a trial again, and says whether it agrees with its record."""

from pathlib import Path

import typer

from benchbench.cli.console import err, say
from benchbench.cli.run import in_bytes
from benchbench.core.keys import find
from benchbench.report.frame import study_name
from benchbench.run.repeat import place, repeat


def repeat_trial(
    key: str,
    *,
    study: str | None,
    results: str,
    machine: str | None,
    plugins: list[str],
    timeout: float | None,
    memory_limit: str | None,
) -> None:
    """Run a trial again; exit code 1 if it does not agree with its record."""
    found = find(Path(results), key, None if study is None else study_name(study), machine)
    folder, files = place(study, plugins)
    limit = in_bytes(memory_limit)
    with err.status("") as status:
        made = repeat(found, folder=folder, plugins=files, timeout=timeout, memory_limit=limit, on_step=status.update)
    verdict = "agrees with its record" if made.agreement.agrees else "does not agree with its record"
    say(f"{found.record.trial.label} ({found.record.trial.key}) {verdict}.")
    for sentence in made.agreement.said:
        say(sentence)
    if not made.agreement.agrees:
        raise typer.Exit(1)
