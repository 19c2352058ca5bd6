"""Small studies that finish in a second, and plug-ins that misbehave."""

import shutil
import tempfile
import textwrap
from pathlib import Path

import pytest

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


@pytest.fixture
def study(tmp_path):
    """Writes a study with a plug-in and returns its path: ``study(architectures, plugin_source)``."""

    def write(architectures="[architectures.good]", source="", text=STUDY):
        (tmp_path / "plugin.py").write_text(TASK + textwrap.dedent(source))
        file = tmp_path / "small.toml"
        file.write_text(text + architectures + "\n")
        return file

    return write


@pytest.fixture
def short():
    """A folder with a short path: servers of processes have sockets in their temporary folders."""
    folder = Path(tempfile.mkdtemp(prefix="bb-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def temporary(short, monkeypatch):
    """The temporary folder of this test's processes."""
    folder = short / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder
