"""Desks that items' processes talk to, and what the supervisor sees of the items."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from benchbench.isolation.partner import OPEN, Partner, settle_in
from benchbench.isolation.phases import Phases, Seen
from benchbench.isolation.pool import Office, isolated_map
from benchbench.isolation.reception import Address, Caller, Reception
from benchbench.isolation.supervisor import Limits, Lost, Surroundings

pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="desks are forked")


def count(item):
    """A desk that counts what it was asked, and knows its item and its process."""
    heard = []

    def answer(role, message):
        if message == OPEN:
            return {"refuse": "no", "hang": None}.get(item) if item != "hang" else time.sleep(60)
        if message == "die":
            os.kill(os.getpid(), 11)
        heard.append(message)
        return item, role, len(heard), os.getpid()

    return answer


@pytest.fixture
def office():
    """An office of at most two desks, and the partner of items that go there."""
    with tempfile.TemporaryDirectory(prefix="bb-") as folder:
        address = Address.inside(folder)
        reception = Reception(address=address, desk=count, prepare=None, enter=Surroundings().enter, most=2)
        office = Office(reception)
        office.ensure()
        yield office, Partner(address=address, key=str, role="item", what="the desk")
        office.close()
        assert not Path(address.place).exists()


def ask(item, link):
    return link.ask("what")


def test_items_with_one_key_talk_to_one_process_which_is_not_their_parent(office):
    _, partner = office
    found = [result for _, result in isolated_map(ask, ["a", "b", "a"], partner=partner)]
    assert [one[:3] for one in found] == [("a", "item", 1), ("b", "item", 1), ("a", "item", 2)]
    assert found[0][3] == found[2][3] != found[1][3]


def test_the_desk_that_was_used_longest_ago_makes_room(office):
    _, partner = office
    found = [result for _, result in isolated_map(ask, ["a", "b", "c", "b", "a"], partner=partner)]
    assert [times for _, _, times, _ in found] == [1, 1, 1, 2, 1]


def test_a_desk_that_makes_room_serves_those_who_are_there_and_others_are_made(office):
    _, partner = office
    visits = [partner.visit(item, ()) for item in "abcde"]
    assert [visit.ask("what")[0] for visit in visits] == list("abcde")
    assert len({visit.pid for visit in visits}) == 5
    for visit in visits:
        visit.connection.close()


def test_a_desk_may_give_a_result_in_the_place_of_an_item(office):
    _, partner = office
    assert dict(isolated_map(ask, ["refuse", "a"], partner=partner))["refuse"] == "no"


def test_a_desk_that_takes_too_long_is_killed_and_the_next_item_runs(office):
    _, partner = office
    found = dict(isolated_map(ask, ["hang", "a"], partner=partner, limits=Limits(seconds=0.5)))
    assert found["hang"] == Lost("timeout", "the desk: killed after 0.5 s")
    assert found["a"][0] == "a"


def die(item, link):
    return link.ask("die" if item == "a" else "what")


def test_a_desk_that_dies_costs_the_item_that_talks_to_it_and_is_made_anew(office):
    _, partner = office
    lost, _ = list(isolated_map(die, ["a", "b"], partner=partner))
    assert lost[1].cause == "crash"
    assert "the process that it talks to has ended" in lost[1].reason
    [(_, found)] = isolated_map(ask, ["a"], partner=partner)
    assert found[2] == 1


def test_an_office_that_was_killed_is_opened_again(office):
    opened, partner = office
    [one] = [child for child in psutil.process_iter() if child.pid == opened._process.pid]
    one.kill()
    one.wait(5) if one.is_running() else None
    opened.ensure()
    [(_, found)] = isolated_map(ask, ["a"], partner=partner)
    assert found[0] == "a"


def test_who_does_not_know_the_secret_is_not_let_in(office):
    _, partner = office
    wrong = Address(place=partner.address.place, secret=b"guess")
    with pytest.raises((multiprocessing.AuthenticationError, OSError, EOFError)):
        wrong.visit(Caller("item", "a", "a"))
    assert [result[0] for _, result in isolated_map(ask, ["a"], partner=partner)] == ["a"]


def phased(_, link):
    link.phase("sleep")
    time.sleep(0.2)
    link.phase("work")
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    link.phase()
    time.sleep(0.1)


def test_the_supervisor_reads_the_seconds_of_each_phase_and_those_of_the_processor(office):
    _, partner = office
    seen = []
    list(isolated_map(phased, ["a"], partner=partner, on_seen=lambda _, what: seen.append(what)))
    [found] = seen
    assert set(found.seconds) == {"sleep", "work"}
    assert found.seconds["sleep"] >= 0.2
    assert found.seconds["work"] >= 0.2
    assert found.cpu_seconds["sleep"] <= 0.1
    assert 0.15 <= found.cpu_seconds["work"] <= 0.3


def busy_child(_, link):
    link.phase("work")
    code = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    link.phase()


def test_what_a_child_of_an_item_computes_counts(office):
    _, partner = office
    seen = []
    list(isolated_map(busy_child, ["a"], partner=partner, on_seen=lambda _, what: seen.append(what)))
    assert seen[0].cpu_seconds["work"] >= 0.25


def test_phases_that_come_twice_are_added():
    ticks = iter(range(100))
    phases = Phases(clock=lambda: float(next(ticks)), cpu=lambda: 0.0)
    for name in ("a", "b", "a", ""):
        phases.begin(name)
    assert phases.seen == Seen({"a": 2.0, "b": 1.0}, {"a": 0.0, "b": 0.0})


def look_around(_, link):
    settle_in(link.folder)
    assert list(Path.cwd().iterdir()) == []
    Path("left").write_text("x")
    assert tempfile.gettempdir() == os.environ["HOME"] == link.folder
    return Path.cwd() == Path(link.folder), [*Path(link.folder).parent.iterdir()], link.folder


def test_each_item_has_an_empty_folder_that_goes_with_it(office, tmp_path):
    _, partner = office
    found = [result for _, result in isolated_map(look_around, ["a", "b"], partner=partner, rooms=str(tmp_path))]
    assert found[0][2] != found[1][2]
    assert [len(there) for _, there, _ in found] == [1, 1]
    assert all(inside for inside, _, _ in found)
    assert list(tmp_path.iterdir()) == []
