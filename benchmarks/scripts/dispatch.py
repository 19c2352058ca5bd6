"""How much longer a trial takes on a Dask cluster than in a run on one machine: dispatch, isolation and record.

Trials of ``mean``, which has nothing to fit, run on all cores of this machine: first by the local executor, then on as
many Dask workers with one thread each. The seconds between the first and the last record count, so that starting is
not among them. Run it on a quiet machine, from the checkout: ``python benchmarks/scripts/dispatch.py [--trials N]``.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

from benchbench import run_study
from benchbench.isolation.pool import cores
from benchbench.run.cluster.executor import Dask
from benchbench.run.executor import Executor

STUDY = """
name = "dispatch"
lengths = [20]
seeds = {trials}
[[budgets]]
name = "one"
width = 4
updates = 1
[tasks.noisy_sine]
samples = 400
[architectures.mean]
"""


def seconds(study: Path, results: Path, executor: Executor | None) -> float:
    """The seconds of a trial on a core."""
    ends: list[float] = []
    run_study(study, results, executor=executor, on_record=lambda _: ends.append(time.monotonic()))
    return (ends[-1] - ends[0]) / (len(ends) - 1) * cores()


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A scheduler and a worker for each core; the address of the scheduler."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    worker = ["worker", address, "--nthreads", "1", "--memory-limit", "0", "--no-dashboard", "--no-nanny"]
    lines = [["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], *[worker] * cores()]
    with (folder / "cluster.log").open("wb") as log:
        started = [
            subprocess.Popen([sys.executable, "-m", "dask", *line], cwd=folder, stdout=log, stderr=log)
            for line in lines
        ]
        try:
            with Client(address, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(cores(), timeout=60)
            yield address
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()


def main() -> None:
    """Measure both, and print what each takes and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=1_000)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = folder / "dispatch.toml"
        study.write_text(STUDY.format(trials=trials))
        local = seconds(study, folder / "local", None)
        print(f"local: {1_000 * local:.1f} ms of a core for each of {trials:,} trials", flush=True)
        with cluster(folder) as address, Dask(address) as dask:
            there = seconds(study, folder / "dask", dask)
        print(f"dask: {1_000 * there:.1f} ms of a core for each trial, {there / local:.2f} times what local takes")


if __name__ == "__main__":
    main()
