"""Each core is leased to one item at a time, whichever process the item belongs to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchbench.core.errors import InputError
from benchbench.isolation.inbox import Inbox
from benchbench.isolation.leases import Leases, place
from benchbench.isolation.pool import cores, isolated_map

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cannot pin")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHBENCH_LEASES", str(tmp_path / "leases"))


@pytest.fixture
def four(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 8, 9})


def test_parallel_runs_have_different_cores_until_they_give_them_back(four):
    mine, theirs = Leases(2, 2), Leases(2, 2)
    assert [mine.ask(), theirs.ask()] == [(3, 5), (8, 9)]
    assert theirs.ask() is None
    mine.give_back((3, 5))
    assert theirs.ask() == (3, 5)


def test_an_item_that_needs_several_cores_is_not_overtaken_by_items_that_need_one(four):
    narrow, wide = Leases(4, 1), Leases(1, 4)
    assert narrow.ask() == (3,)
    assert wide.ask() is None
    assert narrow.ask() is None
    narrow.give_back((3,))
    assert wide.ask() == (3, 5, 8, 9)
    wide.close()
    assert narrow.ask() == (3,)


def test_more_jobs_than_cores_share_all_of_them_and_keep_others_out(four):
    many, other = Leases(5, 1), Leases(1, 1)
    assert [many.ask() for _ in range(5)] == [(3, 5, 8, 9)] * 5
    for _ in range(4):
        many.give_back((3, 5, 8, 9))
        assert other.ask() is None
    many.give_back((3, 5, 8, 9))
    assert other.ask() == (3,)


def test_the_cores_of_a_killed_process_are_free(four):
    code = (
        "from benchbench.isolation.leases import Leases\nimport os\nos.sched_getaffinity = lambda _: {3, 5, 8, 9}\n"
        "leases = Leases(1, 3)\nprint(leases.ask(), flush=True)\nimport time\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "(3, 5, 8)\n"
        mine = Leases(4, 1)
        assert [mine.ask(), mine.ask()] == [(9,), None]
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert mine.ask() == (3,)


def test_the_message_names_a_folder_that_cannot_be_made_and_the_variable_that_sets_another(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENCHBENCH_LEASES", str(tmp_path / "file" / "below"))
    with pytest.raises(
        InputError, match=r"below, which holds the lock files of the cores, cannot be used: .*; set BENCHBENCH_LEASES"
    ):
        place()


def test_a_map_waits_for_cores_that_another_map_has_and_reports_it(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("benchbench.isolation.pool._LONG", 0.1)
    other, said = Leases(1, cores()), []
    given = other.ask()

    def waited():
        said.append("waits")
        other.give_back(given)

    assert list(isolated_map(abs, [-1], on_wait=waited)) == [(-1, 1)]
    assert said == ["waits"]


def test_items_may_arrive_while_others_run():
    inbox = Inbox()
    inbox.put(-1)
    found = []
    for item, result in isolated_map(abs, inbox):
        found.append(result)
        if item == -4:
            inbox.end()
        else:
            inbox.put(item - 1)
    assert found == [1, 2, 3, 4]
