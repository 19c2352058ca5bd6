"""Jobs of a report are done in processes of their own."""

import multiprocessing
import os
import signal
import threading
import time
from functools import partial

import pytest

from benchbench.report import side_by_side as module
from benchbench.report.side_by_side import side_by_side

CORES = module.cores


def write(file, text=""):
    file.write_text(text or str(os.getpid()))


def late(number, wait):
    time.sleep(wait)
    return number, os.getpid()


@pytest.fixture
def alone(monkeypatch):
    """A process with one thread on two cores of Linux, all of which the tests may use."""
    monkeypatch.setattr(module, "cores", CORES)
    monkeypatch.setattr(module.threading, "active_count", lambda: 1)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


@pytest.mark.usefixtures("alone")
def test_processes_share_the_jobs_and_the_values_keep_the_order_of_the_jobs():
    found = side_by_side(partial(late, number, wait) for number, wait in enumerate((0.5, 0.0, 0.1, 0.0, 0.0)))
    assert [number for number, _ in found] == [0, 1, 2, 3, 4]
    first, *others = [process for _, process in found]
    assert len({first, *others}) == 2
    assert first not in others
    assert os.getpid() not in {first, *others}


@pytest.mark.usefixtures("alone")
def test_what_a_process_that_was_killed_has_not_done_is_done_here():
    def killed():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "here"

    here = os.getpid()
    assert side_by_side([killed, killed, lambda: "anywhere"]) == ["here", "here", "anywhere"]


@pytest.mark.usefixtures("alone")
def test_the_error_of_a_job_is_raised_here_and_says_nothing_twice(tmp_path, capfd):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        side_by_side(partial(write, tmp_path / name) for name in ("nowhere/file", "file"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("alone")
def test_no_job_goes_on_after_the_error_of_another():
    with pytest.raises(ZeroDivisionError):
        side_by_side([threading.Event().wait, lambda: 1 / 0])
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("alone")
def test_a_value_that_cannot_be_sent_is_made_here():
    found = side_by_side([threading.Lock, lambda: 1, lambda: 2])
    assert found[1:] == [1, 2]
    assert found[0].acquire(blocking=False)


def test_a_process_with_threads_is_not_forked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "cores", CORES)
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    side_by_side([partial(write, tmp_path / "file")])
    wait.set()
    thread.join()
    assert (tmp_path / "file").read_text() == str(os.getpid())
