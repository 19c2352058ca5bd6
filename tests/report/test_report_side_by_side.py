"""Jobs of a report are done in processes of their own."""

import multiprocessing
import os
import threading
from functools import partial

import pytest

from benchbench.report import side_by_side as module
from benchbench.report.side_by_side import side_by_side


def write(file, text=""):
    file.write_text(text or str(os.getpid()))


def do_all(jobs):
    with side_by_side() as do:
        for job in jobs:
            do(job)


@pytest.fixture
def alone(monkeypatch):
    """A process with one thread on two cores of Linux."""
    monkeypatch.setattr(module.threading, "active_count", lambda: 1)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


@pytest.mark.usefixtures("alone")
def test_all_jobs_are_done_at_the_end_each_in_a_process_of_its_own(tmp_path):
    files = [tmp_path / str(i) for i in range(5)]
    do_all(partial(write, file) for file in files)
    processes = {file.read_text() for file in files}
    assert len(processes) == 5
    assert str(os.getpid()) not in processes


@pytest.mark.usefixtures("alone")
def test_the_error_of_a_job_is_raised_here_and_says_nothing_twice(tmp_path, capfd):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        do_all(partial(write, tmp_path / name) for name in ("nowhere/file", "file"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("alone")
def test_jobs_end_with_the_context_when_it_ends_with_an_error():
    with pytest.raises(ZeroDivisionError):
        do_all(threading.Event().wait if i else 1 / i for i in (1, 0))
    assert multiprocessing.active_children() == []


def test_a_process_with_threads_is_not_forked(tmp_path):
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    do_all([partial(write, tmp_path / "file")])
    wait.set()
    thread.join()
    assert (tmp_path / "file").read_text() == str(os.getpid())
