"""A map whose every item has a process of its own."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchbench.isolation import pool
from benchbench.isolation.pool import cores, isolated_map
from benchbench.isolation.slot import context
from benchbench.isolation.supervisor import Limits, Lost, Supervisor, Surroundings

PINS = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")


def test_items_run_in_parallel(tmp_path):
    items = [tmp_path / str(i) for i in range(2)]
    assert sorted(result for _, result in isolated_map(meet, items, jobs=2)) == [True, True]


def meet(file):
    """True once the other process has written its file: only if both run at the same time."""
    file.write_text("here")
    for _ in range(2000):
        if all((file.parent / name).exists() for name in "01"):
            return True
        time.sleep(0.01)
    return False


def test_processes_end_when_the_iterator_is_closed(tmp_path):
    running = isolated_map(sleep_and_tell, [tmp_path / "pid", tmp_path / "quick"], jobs=2)
    next(running)
    pid = int((tmp_path / "pid").read_text())
    running.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def sleep_and_tell(file):
    if file.name == "quick":
        while not (file.parent / "pid").exists() or not (file.parent / "pid").read_text():
            time.sleep(0.01)
        return
    file.write_text(str(os.getpid()))
    time.sleep(60)


def test_the_reason_of_a_lost_process_is_reported():
    [(_, lost)] = isolated_map(os._exit, [5])
    assert lost == Lost("crash", "the process ended without a result: exit code 5")


def test_the_environment_and_folder_of_the_caller_reach_the_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHBENCH_DATA", "elsewhere")
    [(_, found)] = isolated_map(surroundings, [None])
    assert found == (str(tmp_path), "elsewhere", "1")


def surroundings(_):
    return os.getcwd(), os.environ["BENCHBENCH_DATA"], os.environ["OMP_NUM_THREADS"]  # noqa: PTH109


def test_an_exception_of_the_function_is_reported():
    [(_, lost)] = isolated_map(int, ["x"])
    assert lost == Lost("crash", "ValueError: invalid literal for int() with base 10: 'x'")


def test_a_result_that_cannot_be_sent_is_reported():
    [(_, lost)] = isolated_map(unpicklable, [None])
    assert lost.cause == "crash"
    assert "pickle" in lost.reason


def unpicklable(_):
    return lambda: None


def test_many_items_share_the_slots_and_each_comes_back_once():
    found = list(isolated_map(abs, range(-20, 0), jobs=3))
    assert sorted(found) == [(item, -item) for item in range(-20, 0)]


def test_output_reaches_the_caller_with_the_item_that_printed_it(capfd):
    heard = []
    results = list(isolated_map(shout, ["a", "b"], jobs=2, on_output=lambda *said: heard.append(said)))
    assert sorted(results) == [("a", None), ("b", None)]
    assert sorted(heard) == [("a", "a!\n"), ("b", "b!\n")]
    assert capfd.readouterr().out == ""


def shout(text):
    sys.stdout.write(f"{text}!\n")


def test_every_process_has_the_prepared_state():
    found = dict(isolated_map(prepared_in, [1, 2, 3], prepare=prepare))
    assert len(set(found.values())) == 1
    assert None not in found.values()


def prepare():
    sys.prepared = os.getpid()


def prepared_in(_):
    return getattr(sys, "prepared", None)


@PINS
def test_parallel_jobs_have_separate_cores(tmp_path):
    if cores() < 2:
        pytest.skip("one core")
    sets = [result for _, result in isolated_map(meet_and_look, [tmp_path / str(i) for i in range(2)], jobs=2)]
    assert sorted(sets) == [[core] for core in sorted(os.sched_getaffinity(0))[:2]]


def meet_and_look(file):
    assert meet(file)
    return sorted(os.sched_getaffinity(0))


def test_a_supervisor_that_cannot_start_is_an_error_and_not_a_result():
    with pytest.raises(ChildProcessError, match="did not start"):
        list(isolated_map(abs, [1], prepare=break_down))


def break_down():
    raise RuntimeError("no")


def test_a_supervisor_that_ends_at_each_start_is_an_error_with_a_message():
    with pytest.raises(ChildProcessError, match="ended at once, 3 times"):
        list(isolated_map(abs, [1], prepare=end_at_once))


def end_at_once():
    os._exit(1)


def test_a_supervisor_that_ends_between_two_items_is_replaced_and_no_item_is_lost():
    running, found, supervisors = isolated_map(own_parent, range(3)), [], set()
    for item, parent in running:  # it gives the next item when it is asked for the next result
        found.append(item)
        supervisors.add(parent)
        os.kill(parent, 9)
    assert found == [0, 1, 2]
    assert len(supervisors) == 3


def own_parent(_):
    return os.getppid()


def test_a_supervisor_that_is_killed_costs_one_item():
    found = dict(isolated_map(kill_the_keeper, [0, 1, 2]))
    assert found[1] == Lost("crash", "the process that supervises the trials was killed while this one ran")
    assert (found[0], found[2]) == (0, 2)


def kill_the_keeper(item):
    if item == 1:
        os.kill(os.getppid(), 9)
        time.sleep(60)
    return item


@pytest.mark.parametrize("forks", [True, False])
def test_a_process_is_forked_or_spawned_as_the_platform_supports(forks, capfd):
    if forks and "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork")
    mine, theirs = multiprocessing.Pipe()
    supervisor = Supervisor(function=shout, prepare=None, limits=Limits(), surroundings=Surroundings(), forks=forks)
    process = multiprocessing.get_context("spawn").Process(target=supervisor.serve, args=(theirs,))
    process.start()
    theirs.close()
    mine.send(("hello", ()))
    assert mine.recv() is None
    result, output, _ = mine.recv()
    mine.close()
    process.join(20)
    assert (pickle.loads(result), output, process.exitcode) == (None, "hello!\n", 0)  # noqa: S301  our own


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="no process groups")
def test_children_that_a_process_leaves_behind_end_with_it(gone):
    [(_, pid)] = isolated_map(leave_a_child, [None])
    assert gone(pid)


def leave_a_child(_):
    return subprocess.Popen(["sleep", "60"]).pid  # noqa: S607


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells a child of its parent's death")
def test_no_process_outlives_a_run_that_is_killed(tmp_path, gone):
    code = (
        "import sys; from pathlib import Path; from tests.isolation.test_pool import sleep_and_tell\n"
        "from benchbench.isolation.pool import isolated_map\n"
        "list(isolated_map(sleep_and_tell, [Path(sys.argv[1])]))"
    )
    file = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", code, str(file)], cwd=Path(__file__).parents[2])
    for _ in range(600):
        if file.exists() and file.read_text():
            break
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    assert gone(int(file.read_text()))


def test_a_temporary_folder_with_too_long_a_path_is_a_clear_error(tmp_path):
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    code = (
        "import sys; from benchbench.core.errors import InputError\n"
        "from benchbench.isolation.pool import start_server\n"
        "try: start_server('json')\n"
        "except InputError as error: sys.exit(str(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(deep)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1 or "forkserver" not in multiprocessing.get_all_start_methods()
    assert "set TMPDIR to a short path" in done.stderr or done.returncode == 0


def test_an_interrupt_while_the_broker_starts_leaves_nothing_to_close(monkeypatch):
    def interrupted(_process):
        raise KeyboardInterrupt

    monkeypatch.setattr(context().Process, "start", interrupted)
    broker = pool.BrokerProcess(broker=SimpleNamespace(serve=None))
    with pytest.raises(KeyboardInterrupt):
        broker.ensure()
    broker.close()
