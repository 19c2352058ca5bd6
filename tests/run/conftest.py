"""Small studies that finish in a second, and plug-ins that misbehave."""

import shutil
import tempfile
import textwrap
from functools import partial
from pathlib import Path

import pytest

from benchbench import run_study
from benchbench.isolation.pool import start_server
from benchbench.run.job import PRELOAD

STUDY = """
name = "small"
lengths = [20]
seeds = 1
plugins = ["plugin.py"]
[[budgets]]
name = "few"
width = 4
updates = 3
batch = 16
[tasks.wave]
"""

TASK = '''
"""A tiny task and learners for tests."""
import os, sys, time
import numpy as np
from benchbench import Problem, Size, Split, architecture, task
from benchbench.core.errors import DivergedError
from benchbench.core.windows import forecast_series

@task("wave", version=1)
def wave(rng, length, *, samples: int = 400, path: str = ""):
    if path:
        np.load(path)
    series = np.sin(0.3 * np.arange(samples)) + 0.1 * rng.standard_normal(samples)
    return forecast_series(series, length=length, horizon=1)

class Base:
    size = Size(trained=1)
    def __init__(self, setting):
        self.setting = setting
    def fit(self, train, valid, meter):
        while meter.spend():
            pass
    def predict(self, inputs):
        return inputs[:, -self.setting.scored:] * 0.5

@architecture("good", version=1)
def good(setting, *, gain: float = 1.0):
    return Base(setting)
'''


def write_study(folder, architectures="[architectures.good]", source="", text=STUDY):
    """A study with a plug-in; the path of its file."""
    (folder / "plugin.py").write_text(TASK + textwrap.dedent(source))
    file = folder / "small.toml"
    file.write_text(text + architectures + "\n")
    return file


@pytest.fixture
def study(tmp_path):
    """Writes a study with a plug-in and returns its path: ``study(architectures, plugin_source)``."""
    return partial(write_study, tmp_path)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """Runs one study whose competitors fail in their fits, a competitor for each fault, and a good one between them.

    Returns the records of the faults, in their order.
    """

    def run(faults, **limits):
        bodies = [f"    def fault_{i}(self, train, valid, meter):\n        {fault}" for i, fault in enumerate(faults)]
        source = FAULTY + "\n".join(bodies)
        table = f"[architectures.good]\n[architectures.bad]\nfault = {list(range(len(faults)))}"
        folder = tmp_path_factory.mktemp("faulty")
        records = run_study(write_study(folder, table, source), folder / "r", jobs=2, **limits)
        good, *bad = sorted(records, key=lambda one: one.trial.architecture_options.get("fault", -1))
        assert (good.trial.architecture, good.status) == ("good", "ok")
        return bad

    return run


FAULTY = """
@architecture("bad", version=1)
def bad(setting, *, fault: int = 0):
    return Bad(setting, fault)
class Bad(Base):
    def __init__(self, setting, fault):
        self.setting, self.fault = setting, fault
    def fit(self, train, valid, meter):
        getattr(self, f"fault_{self.fault}")(train, valid, meter)
"""


@pytest.fixture
def short():
    """A folder with a short path: servers of processes have sockets in their temporary folders."""
    folder = Path(tempfile.mkdtemp(prefix="bb-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def temporary(short, monkeypatch):
    """The temporary folder of this test's processes."""
    start_server(PRELOAD)  # it has a folder of its own elsewhere
    folder = short / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder
