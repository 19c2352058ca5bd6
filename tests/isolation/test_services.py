"""Services of items' processes, and what the supervisor reports about the items."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from benchbench.isolation.phases import Phases, Seen
from benchbench.isolation.pool import BrokerProcess, isolated_map
from benchbench.isolation.service_access import OPEN, ServiceAccess, use_as_home
from benchbench.isolation.services import Address, Broker, ConnectionRequest
from benchbench.isolation.supervisor import Limits, Lost, Surroundings

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="services are forked"),
]


def count(item):
    """A service that counts its messages, and answers with its item and its process."""
    heard = []

    def answer(client, message):
        if message == OPEN:
            return {"refuse": "no", "hang": None}.get(item) if item != "hang" else time.sleep(60)
        if message == "die":
            os.kill(os.getpid(), 11)
        heard.append(message)
        return item, client.role, len(heard), os.getpid()

    return answer


@pytest.fixture
def broker():
    """A broker that keeps two services, and how items reach them."""
    with tempfile.TemporaryDirectory(prefix="bb-") as folder:
        address = Address.inside(folder)
        broker = Broker(address=address, service=count, prepare=None, enter=Surroundings().enter, most=2)
        process = BrokerProcess(broker)
        process.ensure()
        yield process, ServiceAccess(address=address, key=str, role="item", what="the service")
        process.close()
        assert not Path(address.place).exists()


def ask(item, link):
    return link.ask("what")


def test_items_with_one_key_talk_to_one_process_which_is_not_their_parent(broker):
    _, access = broker
    found = [result for _, result in isolated_map(ask, ["a", "b", "a"], access=access)]
    assert [one[:3] for one in found] == [("a", "item", 1), ("b", "item", 1), ("a", "item", 2)]
    assert found[0][3] == found[2][3] != found[1][3]


def test_the_service_that_was_used_longest_ago_is_ended_first(broker):
    _, access = broker
    found = [result for _, result in isolated_map(ask, ["a", "b", "c", "b", "a"], access=access)]
    assert [times for _, _, times, _ in found] == [1, 1, 1, 2, 1]


def test_a_service_that_is_to_end_still_answers_its_present_clients(broker):
    _, access = broker
    services = [access.connect(item, ()) for item in "abcde"]
    assert [service.ask("what")[0] for service in services] == list("abcde")
    assert len({service.pid for service in services}) == 5
    for service in services:
        service.pipe.close()


def test_a_service_may_replace_the_result_of_an_item(broker):
    _, access = broker
    assert dict(isolated_map(ask, ["refuse", "a"], access=access))["refuse"] == "no"


def test_a_service_that_takes_too_long_is_killed_and_the_next_item_runs(broker):
    _, access = broker
    found = dict(isolated_map(ask, ["hang", "a"], access=access, limits=Limits(seconds=0.5)))
    assert found["hang"] == Lost("timeout", "the service: killed after 0.5 s")
    assert found["a"][0] == "a"


def die(item, link):
    return link.ask("die" if item == "a" else "what")


def test_a_service_that_ends_costs_only_its_item_and_is_started_again(broker):
    _, access = broker
    lost, _ = list(isolated_map(die, ["a", "b"], access=access))
    assert lost[1].cause == "crash"
    assert "the process of the service has ended" in lost[1].reason
    [(_, found)] = isolated_map(ask, ["a"], access=access)
    assert found[2] == 1


def test_a_broker_that_was_killed_is_started_again(broker):
    process, access = broker
    [one] = [child for child in psutil.process_iter() if child.pid == process._process.pid]
    one.kill()
    process._process.join(5)  # the server has told this process that it ended
    process.ensure()
    [(_, found)] = isolated_map(ask, ["a"], access=access)
    assert found[0] == "a"


def test_a_client_that_does_not_know_the_secret_is_refused(broker):
    _, access = broker
    wrong = Address(place=access.address.place, secret=b"guess")
    with pytest.raises((multiprocessing.AuthenticationError, OSError, EOFError)):
        wrong.connect(ConnectionRequest("item", "a", "a"))
    assert [result[0] for _, result in isolated_map(ask, ["a"], access=access)] == ["a"]


def phased(_, link):
    link.phase("sleep")
    time.sleep(0.2)
    link.phase("work")
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    link.phase()
    time.sleep(0.1)


def test_the_supervisor_measures_seconds_and_processor_seconds_of_each_phase(broker):
    _, access = broker
    seen = []
    list(isolated_map(phased, ["a"], access=access, on_seen=lambda _, what: seen.append(what)))
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


def test_processor_seconds_include_those_of_the_children_of_an_item(broker):
    _, access = broker
    seen = []
    list(isolated_map(busy_child, ["a"], access=access, on_seen=lambda _, what: seen.append(what)))
    assert seen[0].cpu_seconds["work"] >= 0.25


def test_the_times_of_a_phase_that_occurs_twice_are_added():
    ticks = iter(range(100))
    phases = Phases(clock=lambda: float(next(ticks)), cpu=lambda: 0.0)
    for name in ("a", "b", "a", ""):
        phases.begin(name)
    assert phases.seen == Seen({"a": 2.0, "b": 1.0}, {"a": 0.0, "b": 0.0})


def look_around(_, link):
    use_as_home(link.folder)
    assert list(Path.cwd().iterdir()) == []
    Path("left").write_text("x")
    assert tempfile.gettempdir() == os.environ["HOME"] == link.folder
    return Path.cwd() == Path(link.folder), [*Path(link.folder).parent.iterdir()], link.folder


def test_each_item_has_an_empty_folder_that_is_removed_with_it(broker, tmp_path):
    _, access = broker
    found = [result for _, result in isolated_map(look_around, ["a", "b"], access=access, work_folders=str(tmp_path))]
    assert found[0][2] != found[1][2]
    assert [len(there) for _, there, _ in found] == [1, 1]
    assert all(inside for inside, _, _ in found)
    assert list(tmp_path.iterdir()) == []
