"""Compiled kernels: the folders in which they are kept, and that they are compiled only once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchbench.learn.native import VERSION, cache
from benchbench.learn.native.variant import host_lanes, instructions
from benchbench.run.job import keep_caches

PACKAGE = Path(cache.__file__).parent

LOAD = """
import json
from benchbench.learn.native.cache import kernels
found = kernels("rnn_tanh")
print(json.dumps([found.compiled, found.seconds, found.note, str(found.folder), found.compile_seconds]))
"""


def loading(home, **variables):
    """A process that loads a kernel, with its cache in a folder."""
    given = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return subprocess.Popen(
        [sys.executable, "-c", LOAD],
        env={**given, "XDG_CACHE_HOME": str(home), **variables}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def told(process):
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0
    return json.loads(said)


def test_the_folder_is_in_the_cache_of_the_user_and_names_version_and_vectors(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder, note = cache.place(instructions(host_lanes()))
    assert note == ""
    assert folder.parent == tmp_path / "benchbench" / "numba"
    assert folder.name.startswith(f"kernels-v{VERSION}-{instructions(host_lanes())}-")


def test_an_edit_of_a_kernel_or_another_compiler_changes_the_folder(tmp_path):
    for file in PACKAGE.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert cache.made_of(tmp_path) == cache.made_of()
    assert cache.made_of(tmp_path, "0.1") != cache.made_of()
    with (tmp_path / "cells.py").open("a") as edited:
        edited.write("# an edit\n")
    assert cache.made_of(tmp_path) != cache.made_of()


def test_the_processes_of_trials_use_the_same_cache_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    here = cache.user_cache()
    for name in ("NUMBA_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    keep_caches()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of a trial"))
    assert cache.user_cache() == here


def test_if_the_cache_folder_cannot_be_written_a_private_temporary_one_is_used_and_noted(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder, note = cache.place("avx2")
    assert "temporary folder" in note
    assert folder.is_relative_to(tmp_path)
    assert folder.parent.stat().st_mode & 0o077 == 0


def test_a_temporary_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    open_to_all = tmp_path / f"benchbench-kernels-{os.getuid()}"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    assert cache._temporary() != open_to_all


@pytest.mark.attacks
def test_two_processes_at_once_compile_once_and_a_third_loads(tmp_path):
    both = [loading(tmp_path) for _ in range(2)]
    (few, *_, waited), (many, compiling, *_, took) = sorted(told(process) for process in both)
    assert (few, many) == (0, 3)
    compiled, seconds, note, folder, known = told(loading(tmp_path))
    assert (compiled, note) == (0, "")
    assert known == took == waited == pytest.approx(compiling, abs=0.001)
    assert seconds < took
    assert Path(folder).is_relative_to(tmp_path)


@pytest.mark.attacks
def test_kernels_compile_without_a_writable_home_folder(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    compiled, _, note, folder, _ = told(loading(blocked, TMPDIR=str(tmp_path)))
    assert compiled == 3
    assert "temporary folder" in note
    assert Path(folder).is_relative_to(tmp_path)
