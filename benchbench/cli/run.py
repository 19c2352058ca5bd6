"""``benchbench run``: run a study, watched, and say how its trials ended."""

from collections import Counter
from typing import Annotated, Any

from pydantic import ByteSize, Field, TypeAdapter, ValidationError

from benchbench.cli.console import err, out, say
from benchbench.cli.progress import Detail, watched
from benchbench.core.errors import InputError
from benchbench.run.runner import run_study


def run(study: str, *, memory_limit: str | None, detail: Detail, **options: Any) -> None:
    """Run what the study lacks; ``options`` are those of ``run_study``."""
    limit = in_bytes(memory_limit)
    with watched(err, detail) as watch:
        records = run_study(
            study,
            memory_limit=limit,
            on_step=watch.step,
            on_check=watch.check,
            on_stage=watch.stage,
            on_plan=watch.plan,
            on_start=watch.start,
            on_record=watch.record,
            **options,
        )
    counts = Counter(record.status.value for record in records)
    summary = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    name = records[0].trial.study
    say(f"{name}: {len(records)} trials, {summary}. Next: benchbench report {name}", out)


def in_bytes(size: str | None) -> int | None:
    """The bytes of ``--memory-limit``; InputError where it is no size."""
    try:
        return None if size is None else TypeAdapter(Annotated[ByteSize, Field(gt=0)]).validate_python(size)
    except ValidationError:
        raise InputError(f"--memory-limit {size!r}: not a size; write 3GiB or 500MB") from None
