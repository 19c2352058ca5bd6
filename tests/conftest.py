"""Settings and fixtures that tests of several folders share."""

import atexit
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

# Before NumPy or PyTorch is imported: each test worker has one core, and threads that share a core wait for each other.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
)
# Each test worker leases cores among its own processes: a trial that sleeps in one must not hold up another.
_LEASES = tempfile.mkdtemp(prefix="bb-leases-")
os.environ["BENCHBENCH_LEASES"] = _LEASES
atexit.register(shutil.rmtree, _LEASES, ignore_errors=True)
# A shell that runs the tests in its background has them ignore interrupts, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Benchmarks run once as tests, and are timed only if pytest is asked for benchmarks alone."""
    asked = config.getoption("benchmark_only", default=False) or config.getoption("benchmark_enable", default=False)
    config.option.benchmark_disable = not asked


def pytest_collection_finish():
    """Leave what the tests have imported out of garbage collections, which every trial makes, as a run does."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Calls a verb as the console script does, in an empty folder; gives its exit code and what it has printed."""
    from benchbench.cli import main

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchbench", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, end.value.code or 0, said.out, said.err)

    monkeypatch.chdir(tmp_path)
    return call


def save_with(monkeypatch, save):
    """Have reports save their figures by this function of the figure and the path without its suffix."""
    from benchbench.report import pitfalls, side_by_side
    from benchbench.report.charts import page
    from benchbench.report.figures import catalogue

    for module in (catalogue, pitfalls):
        monkeypatch.setattr(module, "save", save)
    monkeypatch.setattr(side_by_side, "cores", lambda: 1)  # the workers of the tests use all cores
    monkeypatch.setattr(page, "bundle", lambda: "")  # of a megabyte, which takes seconds to make


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made, but saved as empty files: rendering them is most of what a report takes."""

    def save(_, stem):
        for kind in ("png", "svg", "pdf"):
            stem.with_name(f"{stem.name}.{kind}").touch()

    save_with(monkeypatch, save)


@pytest.fixture
def drawn_once(monkeypatch):
    """Figures are rendered as SVG alone: each further format takes as long, and others test those."""

    def save(figure, stem):
        figure.savefig(stem.with_name(f"{stem.name}.svg"))
        for kind in ("png", "pdf"):
            stem.with_name(f"{stem.name}.{kind}").touch()

    save_with(monkeypatch, save)


@pytest.fixture(scope="session")
def orbits():
    """The Lorenz system is integrated once for each start and length; its own tests integrate every time."""
    from benchbench.signals import lorenz

    integrate, known = lorenz.solve_ivp, {}

    def remembered(slope, span, start, method, times, **tolerances):
        key = span, start.tobytes(), method, times.tobytes(), tuple(tolerances.items())
        if key not in known:
            known[key] = integrate(slope, span, start, method, times, **tolerances)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lorenz, "solve_ivp", remembered)
        yield


@pytest.fixture
def gone():
    """Tells whether a process ends within a few seconds; a zombie has ended."""

    def wait(pid):
        for _ in range(100):
            try:
                os.kill(pid, 0)
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    return True
            except (ProcessLookupError, FileNotFoundError):
                return True
            time.sleep(0.05)
        return False

    return wait
