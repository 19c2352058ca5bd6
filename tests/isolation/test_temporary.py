"""The next process that wants a temporary folder removes those of processes that were killed, and no others."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from filelock import FileLock

from benchbench.isolation.temporary import held


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def names(place):
    return {path.name for path in place.iterdir()}


def test_a_folder_exists_as_long_as_it_is_held(place):
    with held("run") as folder:
        assert names(place) == {Path(folder).name}
        (Path(folder) / "file").touch()
    assert not names(place)


def test_folders_of_killed_runs_are_removed_and_folders_in_use_or_of_a_user_are_not(place):
    left, used = place / "benchbench-run-abcdefgh", place / "benchbench-server-abc_e123"
    early, full = place / "benchbench-server-early000", place / "benchbench-server-full0000"
    theirs = [place / "benchbench-run-of-mine", place / "benchbench-checkout"]
    for folder in (left, used, early, full, *theirs):
        folder.mkdir()
    for folder in (left, *theirs):
        (folder / "in-use").touch()
    (full / "notes.txt").touch()  # a folder without a lock is removed only if it is empty
    with FileLock(used / "in-use"), held("run") as folder:
        assert names(place) == {Path(folder).name, used.name, full.name, *(one.name for one in theirs)}


def test_a_new_folder_that_another_process_has_locked_is_made_again(place, monkeypatch):
    made, make, thief = [], tempfile.mkdtemp, ExitStack()

    def robbed(**how):
        made.append(Path(make(**how)))
        if len(made) == 1:
            thief.enter_context(FileLock(made[0] / "in-use"))
        return str(made[-1])

    monkeypatch.setattr("tempfile.mkdtemp", robbed)
    with thief, held("server") as folder:
        assert [Path(folder)] == made[1:]
