"""Measure what a study of 150,000 trials takes: to plan, to resume, to report and to export.

The records are simulated: copies of one real record, with errors drawn for each. Each step runs in a process of its
own, and the script prints its seconds, processor seconds and peak of resident memory. Run it from the checkout:
``python benchmarks/scripts/sizes.py [plan|resume|report|export ...]``. ``SIZES_SEEDS`` sets the number of seeds, which
is 30 by default, and ``SIZES_FOLDER`` names a folder that keeps the records.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

TASKS, COMPETITORS, RUNGS, TRIES = 10, 8, 4, 16
SEEDS = int(os.environ.get("SIZES_SEEDS") or 30)
STEPS = ("plan", "resume", "report", "export")


def study() -> str:
    """The study as TOML."""
    noises = ", ".join(str(1 + i / 10) for i in range(TASKS))
    rates = ", ".join(f"{1e-4 * 1.4**i:.3g}" for i in range(TRIES))
    tables = "".join(
        f'[[architectures.gru]]\nlabel = "gru {i}"\nlearning_rate = [{rates}]\n' for i in range(COMPETITORS)
    )
    rungs = ", ".join(str(10**i) for i in range(1, RUNGS + 1))
    return (
        f'name = "sizes"\nlengths = [20]\nseeds = {SEEDS}\n'
        f'[[budgets]]\nname = "ladder"\nwidth = 4\nupdates = [{rungs}]\n'
        f"[tasks.noisy_sine]\nsamples = 400\nnoise = [{noises}]\n{tables}"
    )


def records(folder: Path) -> Path:
    """Write the simulated records of the study into one file, and return its path."""
    from benchbench import run_study
    from benchbench.core import registry
    from benchbench.core import study as studies
    from benchbench.core.lines import sealed

    small = folder / "small.toml"
    text = (
        'name = "one"\nlengths = [20]\nseeds = 1\n[[budgets]]\nname = "b"\nwidth = 4\nupdates = 10\n'
        "[tasks.noisy_sine]\nsamples = 400\n[architectures.gru]\n"
    )
    small.write_text(text)
    [real] = run_study(small, folder / "one", jobs=1)
    file = folder / "results" / "records" / "sizes" / f"{real.environment.machine}.jsonl"
    file.parent.mkdir(parents=True)
    whole = folder / "sizes.toml"
    whole.write_text(study())
    rng = np.random.default_rng(0)
    with file.open("wb") as stream:
        for trial in studies.read(whole).trials(registry.load()):
            scores = _scaled(real.scores, float(np.exp(rng.normal(0, 0.3))))
            stream.write(
                sealed(real.model_copy(update={"trial": trial, "scores": scores, "block": "00000000"})) + b"\n"
            )
    return file


def _scaled(scores: dict[str, float | None], factor: float) -> dict[str, float | None]:
    """The scores of an error that is this many times as large, so that all metrics belong to one error."""
    found = dict(scores)
    for split in ("valid", "test"):
        for name, power in (("mse", 2), ("loss", 2), ("rmse", 1), ("nrmse", 1)):
            if (value := scores.get(f"{split}_{name}")) is not None:
                found[f"{split}_{name}"] = value * factor**power
        if (nrmse := found.get(f"{split}_nrmse")) is not None:
            found[f"{split}_r2"] = 1 - nrmse**2
    return found


def plan(folder: Path) -> None:
    """List the trials, and put them into blocks."""
    from benchbench.core import study as studies
    from benchbench.run.job import Job
    from benchbench.run.plan import Plan, Planner, groups, schedule
    from benchbench.run.stages import Stages

    whole = studies.read(folder / "sizes.toml")
    found = Planner(job=Job(folder=str(folder)), source="sizes", cores=2, runs_here=True).plan(whole)
    if not isinstance(found, Plan):
        raise found
    stages = Stages(grid=found.trials)
    groups(stages.ahead({}))
    print(f"{len(schedule(found, stages.known({})[-1].missing({}), {})):,} trials planned")


def resume(folder: Path) -> None:
    """Run the study, in which every trial is recorded already."""
    from benchbench import run_study

    print(f"{len(run_study(folder / 'sizes.toml', folder / 'results', jobs=1)):,} trials found")


def report(folder: Path) -> None:
    """Write the report."""
    from benchbench import write_report

    write_report("sizes", folder / "results")


def export(folder: Path) -> None:
    """Write the records as one table."""
    from benchbench.report.export import export as write

    print(f"{write('sizes', folder / 'sizes.parquet', folder / 'results'):,} rows written")


def _asked() -> Iterator[str]:
    yield from (step for step in STEPS if step in sys.argv[1:] or len(sys.argv) == 1)


def main() -> None:
    """Simulate the records, and print what each step takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("SIZES_FOLDER") or name)
        if not (folder / "results").exists():
            file = records(folder)
            print(f"{TASKS * COMPETITORS * RUNGS * SEEDS * TRIES:,} records, {file.stat().st_size / 2**20:,.0f} MiB")
        for step in _asked():
            code = (
                f"from benchmarks.scripts import sizes; from pathlib import Path; sizes.{step}(Path({str(folder)!r}))"
            )
            start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            peak = after.ru_maxrss / 2**20
            print(
                f"{step}: {time.monotonic() - start:.1f} s, {busy:.1f} s of a processor, {peak:.2f} GiB at most so far"
            )


if __name__ == "__main__":
    main()
