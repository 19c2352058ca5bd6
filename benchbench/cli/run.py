"""``benchbench run``: runs a study, shows its progress, and says how its trials ended."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import ByteSize, Field, TypeAdapter, ValidationError

from benchbench.cli.console import err, out, say
from benchbench.cli.progress import Detail, Watch, watched
from benchbench.core.errors import InputError, unknown
from benchbench.core.head import Head
from benchbench.run.executor import Executor
from benchbench.run.runner import run_study

_EXECUTORS = ("local", "dask")


def run(
    study: str,
    *,
    memory_limit: str | None,
    executor: str,
    scheduler: str | None,
    detail: Detail,
    keep: bool,
    **options: Any,
) -> None:
    """Run the trials that have no record; ``options`` are those of ``run_study``."""
    limit = in_bytes(memory_limit)
    _check_executor(executor, scheduler, options)
    with watched(err, detail) as watch, _executor(scheduler, watch) as chosen:
        records = run_study(
            study,
            executor=chosen,
            memory_limit=limit,
            **watch.listeners(),
            keep=keep,
            **options,
        )
    counts = Counter(head.status.value for head in records.heads)
    summary = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    name = records.heads[0].trial.study
    for line in _kept(records.heads) if keep else ():
        say(line, out)
    say(f"{name}: {len(records)} trials, {summary}. Next: benchbench report {name}", out)


def _kept(records: list[Head]) -> Iterator[str]:
    """Lines that say how many learners were kept, and for which competitors none was kept and why."""
    kept = sum(record.kept_name is not None for record in records)
    yield f"{kept} learner{'s' * (kept != 1)} kept. Next: benchbench list trials, benchbench predict KEY FILE"
    reasons = Counter(
        (record.trial.competitor or record.trial.architecture, record.kept.message)
        for record in records
        if record.kept is not None and record.kept.form is None
    )
    for (name, why), count in reasons.items():
        yield f"not kept: {count} of {name}: {why}"


def _check_executor(executor: str, scheduler: str | None, options: dict[str, Any]) -> None:
    """InputError for an unknown executor, and for an option of another executor."""
    if executor not in _EXECUTORS:
        raise unknown("executor", executor, _EXECUTORS, "--executor")
    if executor == "local":
        if scheduler is not None:
            raise InputError("--scheduler is given without --executor dask: give that too")
        return
    if scheduler is None:
        raise InputError("--executor dask needs --scheduler tcp://HOST:PORT, which 'dask scheduler' prints")
    for name, instead in (
        ("jobs", "a worker runs as many trials in parallel as 'dask worker --nthreads' says"),
        ("machine", "each worker's machine has its own label"),
    ):
        if options[name] is not None:
            raise InputError(f"--{name} cannot be used with --executor dask: {instead}")


@contextmanager
def _executor(scheduler: str | None, watch: Watch) -> Iterator[Executor | None]:
    """The executor of a cluster if there is a scheduler, else None."""
    if scheduler is None:
        yield None
        return
    try:
        from benchbench.run.cluster.executor import Dask
    except ModuleNotFoundError as error:
        raise InputError(f"--executor dask needs {error.name}: pip install 'benchbench[cluster]'") from None
    with Dask(scheduler, on_workers=watch.workers, on_note=watch.note) as dask:
        yield dask


def in_bytes(size: str | None) -> int | None:
    """The bytes of ``--memory-limit``; InputError if it is not a size."""
    try:
        return None if size is None else TypeAdapter(Annotated[ByteSize, Field(gt=0)]).validate_python(size)
    except ValidationError:
        raise InputError(f"--memory-limit {size!r} is not a size; write it like 3GiB or 500MB") from None
