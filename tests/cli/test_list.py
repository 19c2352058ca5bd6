"""What the list says of plug-ins, studies and claims."""

import pytest
from rich.console import Console

from benchbench.cli import console
from benchbench.cli import list as verb
from benchbench.core import study

MINE = '''
from benchbench import architecture, task

@architecture("mine", version=1, baseline=True, engines=("torch", "numba"))
def mine(setting, *, layers: int = 2):
    """My own ``net``."""

@task("short", version=1, lengths=(50, 100))
def short(rng, length):
    """A short one."""
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return str(path)


def test_an_architecture_is_listed_with_its_engines_whether_it_is_a_baseline_and_its_options(file, capsys):
    verb.show("architectures", [file])
    said = capsys.readouterr().out
    assert "  mine        My own net. (baseline; engines torch, numba)\n    layers = 2\n" in said
    assert "  gru         Gated recurrent unit (PyTorch's nn.GRU). (engine" in said


def test_a_task_is_listed_with_the_lengths_that_it_can_make(file, capsys):
    verb.show("tasks", [file])
    said = capsys.readouterr().out
    assert "A short one. (lengths 50, 100 steps)" in said
    assert "(any length)" in said


def test_studies_of_a_folder_are_listed_by_their_names(monkeypatch, capsys):
    found = {f"course/{name}": path for name, path in study.shipped().items()}
    monkeypatch.setattr(study, "shipped", lambda: found)
    verb.show("studies", [])
    assert "  course/quick   All four exercises" in capsys.readouterr().out


def test_a_terminal_wraps_an_entry_between_words(monkeypatch):
    narrow = Console(force_terminal=True, width=24, color_system=None)
    monkeypatch.setattr(console, "out", narrow)
    with narrow.capture() as captured:
        console.entry("name", "a long unbrokenword here", column=6)
    assert captured.get().splitlines() == ["  name   a long", "    unbrokenword here"]
