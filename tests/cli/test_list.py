"""The entries of the list for plug-ins, studies and claims."""

import pytest
from rich.console import Console

from benchbench.cli import console
from benchbench.cli import list as verb

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


def test_an_architecture_is_listed_with_its_engines_its_options_and_whether_it_is_a_baseline(file, capsys):
    verb.show("architectures", [file])
    said = capsys.readouterr().out
    entries = dict(line.split(maxsplit=1) for line in said.splitlines() if line.startswith("  ") and line[2] != " ")
    assert entries["mine"] == "My own net. (baseline; engines torch, numba)"
    assert "(baseline; engines torch, numba)\n    layers = 2\n" in said
    assert entries["gru"].startswith("Gated recurrent unit (PyTorch's nn.GRU). (engine")


def test_a_task_is_listed_with_the_lengths_that_it_can_make(file, capsys):
    verb.show("tasks", [file])
    said = capsys.readouterr().out
    assert "A short one. (lengths 50, 100 steps)" in said
    assert "(any length)" in said


def test_studies_of_a_folder_are_listed_by_their_names(capsys):
    verb.show("studies", [])
    said = capsys.readouterr().out
    assert "  course/names " in said
    assert "  quick " in said


def test_a_terminal_wraps_an_entry_between_words(monkeypatch):
    narrow = Console(force_terminal=True, width=24, color_system=None)
    monkeypatch.setattr(console, "out", narrow)
    with narrow.capture() as captured:
        console.entry("name", "a long unbrokenword here", column=6)
    assert captured.get().splitlines() == ["  name   a long", "    unbrokenword here"]
