"""Fixtures of several tests of the core: plug-in files, registries made of them, studies, and a clock set by hand."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

from benchbench.core import registry as registry_module
from benchbench.core.record import Record, Status
from benchbench.core.registry import Registry, load_file, registered
from benchbench.core.spec import Budget, Trial

settings.register_profile("core", max_examples=40, deadline=None, database=None, derandomize=True)
settings.load_profile("core")

PLUGIN = '''
"""Small stand-ins for the shipped plug-ins."""
from typing import Annotated, Literal

from pydantic import Field

from benchbench import architecture, task


@architecture("lstm", version=2)
def lstm(
    setting,
    *,
    learning_rate: float = 1e-3,
    layers: Annotated[int, Field(ge=1)] = 1,
    mode: Literal["plain", "peephole"] = "plain",
    bias: bool = True,
):
    """Long short-term memory."""


@architecture("rnn", version=1)
def rnn(setting): ...


@task("mackey_glass", version=3)
def mackey_glass(rng, length, *, horizon: int = 1): ...


@task("ecg", version=1)
def ecg(rng, length, *, records: tuple[str, ...] = (), source: str = "local"): ...
'''

PARTS = {
    "top": 'name = "main"\nlengths = [100]\nseeds = 1',
    "tasks": "[tasks.mackey_glass]",
    "architectures": "[architectures.lstm]",
    "budgets": '[[budgets]]\nname = "short"\nupdates = 10',
}


class Clock:
    """A clock that goes on only when a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.readings = 0
        self.waits = 0

    def __call__(self) -> float:
        self.readings += 1
        return self.now

    def synchronize(self) -> None:
        self.waits += 1

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[..., Path]:
    """Write a plug-in file."""

    def write(text: str | bytes, name: str = "plugin.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return path

    return write


@pytest.fixture
def known(plugin: Callable[..., Path]) -> Registry:
    """A registry of two tasks and two architectures."""
    module = load_file(plugin(PLUGIN, "known.py"))
    return Registry({(found.kind, found.name): found for found in registered(module)})


@pytest.fixture
def no_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what ships with the package, so that a registry holds plug-in files alone."""
    monkeypatch.setattr(registry_module, "shipped", lambda: iter(()))
    monkeypatch.setattr(registry_module, "_installed", lambda: iter(()))


@pytest.fixture
def study_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a valid study with some of its parts replaced: top, tasks, architectures, budgets."""

    def write(**parts: str) -> Path:
        path = tmp_path / "study.toml"
        path.write_text("\n".join(({**PARTS, **parts}).values()), encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """A record of a trial with the given seed."""

    def make(seed: int = 0, study: str = "main", message: str = "") -> Record:
        budget = Budget(name="short", updates=10)
        trial = Trial(study=study, task="sine", architecture="rnn", length=10, seed=seed, budget=budget)
        return Record(trial=trial, status=Status.OK, message=message, started="2024-01-01T00:00:00Z")

    return make
