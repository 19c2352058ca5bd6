"""Trials on a real Dask cluster on loopback: equal scores, one record for each trial, and refused workers."""

import re
import signal
import subprocess
import sys
import threading
from collections import Counter

import psutil
import pytest

from benchbench import load, run_study
from benchbench.core import store
from tests.run.clusters import ROOT, Cluster, wait_for
from tests.run.conftest import write_study

distributed = pytest.importorskip("distributed")
from benchbench.run.cluster.executor import Dask  # noqa: E402  after the check that it can be imported

pytestmark = pytest.mark.cluster
PATIENCE = 4.0
SLOW = """
class Slow(Base):
    def fit(self, train, valid, meter):
        open(os.environ["BB_RAN"], "a").write(f"{self.setting.seed % 997}\\n")
        time.sleep(0.4)
@architecture("slow", version=1)
def slow(setting, *, n: int = 0):
    return Slow(setting)
"""
FEW = "[architectures.slow]\nn = [1, 2]\n[architectures.good]"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers that tests do not change."""
    one = Cluster(tmp_path_factory.mktemp("cluster"), BB_RAN="/dev/null").worker("a").worker("b")
    one.ready("a", "b")
    yield one
    one.close()


@pytest.fixture
def own(tmp_path):
    """A function that makes a cluster which a test may break: ``own("a", "b")``."""
    made = []

    def make(*names):
        made.append(Cluster(tmp_path / "cluster", BB_RAN=str(tmp_path / "ran")))
        for name in names:
            made[-1].worker(name)
        return made[-1].ready(*names)

    yield make
    for one in made:
        one.close()


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A study of twelve trials in four blocks, most of which take half a second."""
    monkeypatch.setenv("BB_RAN", str(tmp_path / "ran"))
    file = write_study(tmp_path, FEW, SLOW)
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 4"))
    return file


def run_on(cluster, file, results, *, notes=None, **options):
    """The records of a run on a cluster."""
    heard = notes if notes is not None else []
    with Dask(cluster.address, patience=PATIENCE, on_note=heard.append) as dask:
        return run_study(file, results, executor=dask, **options)


def keys(results):
    """How many records each trial has."""
    return Counter(line.record.trial.key for line in store.read(results, "small"))


def once_each(results, count=12):
    found = keys(results)
    assert len(found) == count
    assert set(found.values()) == {1}


def test_quick_has_the_same_scores_bitwise_on_one_machine_and_on_a_cluster(cluster, tmp_path):
    text = (ROOT / "benchbench" / "studies" / "quick.toml").read_text()
    for key, value in (("updates", 5), ("seeds", 1), ("lengths", [100])):
        text, changed = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
        assert changed == 1
    file = tmp_path / "quick.toml"
    file.write_text(text)
    run_study(file, tmp_path / "here")
    run_on(cluster, file, tmp_path / "there")
    here, there = (load("quick", tmp_path / name).set_index("key").sort_index() for name in ("here", "there"))
    scores = [column for column in here if column.startswith(("valid_", "test_"))]
    assert len(here) > 10
    assert here[scores].equals(there[scores])
    assert (there.status == "ok").all()


def test_a_block_goes_to_one_worker_and_records_say_where_they_were_made(cluster, slow, tmp_path):
    records = run_on(cluster, slow, tmp_path / "r")
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}
    assert {record.environment.jobs for record in records} == {1}
    assert all(record.environment.machine and record.environment.yardstick for record in records)
    assert all(len(record.environment.pinned) == 1 for record in records)
    cores = {(record.block, *record.environment.pinned) for record in records}
    assert len({record.block for record in records}) == 4
    assert len(cores) >= 4


FILES = """
sys.path.insert(0, os.path.dirname(__file__))
import sibling
@task("filed", version=1)
def filed(rng, length, *, path: str = ""):
    assert sibling.WORD == "beside"
    series = np.load(path) + 0.1 * rng.standard_normal(400)
    return forecast_series(series, length=length, horizon=1)
"""


def test_plug_ins_and_signals_are_sent_by_content_once_to_each_worker(cluster, tmp_path):
    import numpy as np

    home = tmp_path / "home"
    home.mkdir()
    np.save(home / "signal.npy", np.sin(0.3 * np.arange(400)))
    (home / "sibling.py").write_text('WORD = "beside"\n')
    file = write_study(home, "[architectures.good]\n[architectures.mean]", FILES)
    text = file.read_text().replace("tasks.wave]", 'tasks.filed]\npath = "signal.npy"')
    file.write_text(text.replace("seeds = 1", "seeds = 2"))
    records = run_on(cluster, file, tmp_path / "r")
    assert {(record.status, record.message) for record in records} == {("ok", "")}
    assert {record.trial.task_options["path"] for record in records} == {"signal.npy"}
    assert all(len(record.files["task_options.path"]) == 64 for record in records)
    local = run_study(file, tmp_path / "local")
    assert [record.trial.key for record in local] == [record.trial.key for record in records]
    assert [record.scores for record in local] == [record.scores for record in records]


def during(**acts):
    """A listener that keeps all ``records``; ``at_3`` is called when the third is there."""

    def heard(record):
        heard.records.append(record)
        acts.get(f"at_{len(heard.records)}", lambda: None)()

    heard.records = []
    return heard


def test_a_worker_that_is_killed_costs_the_time_of_its_trial_and_one_that_joins_late_takes_part(own, slow, tmp_path):
    there, records, notes, counts, acts = own("a", "b"), [], [], [], []
    slow.write_text(slow.read_text().replace("seeds = 4", "seeds = 200"))

    def heard(record):
        records.append(record)
        match acts, counts[-1]:
            case [], 2:
                acts.append(there.kill("a"))
            case [_], 1:
                acts.append(there.worker("late"))
            case [_, _], 2:
                raise KeyboardInterrupt  # there is no need to wait for the rest

    with (
        Dask(there.address, patience=PATIENCE, on_note=notes.append, on_workers=counts.append) as dask,
        pytest.raises(KeyboardInterrupt),
    ):
        run_study(slow, tmp_path / "r", executor=dask, on_record=heard)
    assert set(keys(tmp_path / "r").values()) == {1}
    assert {record.status for record in records} == {"ok"}
    assert any("worker a" in note and "has left" in note for note in notes)


def test_a_trial_that_is_lost_with_two_workers_is_a_failure(own, tmp_path):
    code = """
    class Kills(Base):
        def fit(self, train, valid, meter):
            import psutil
            for one in psutil.Process().parents():
                if "worker" in one.cmdline():
                    one.kill()
                    break
            time.sleep(60)
    @architecture("kills", version=1)
    def kills(setting):
        return Kills(setting)
    """
    file = write_study(tmp_path, "[architectures.kills]\n[architectures.good]", code)
    records = run_on(own("a", "b", "c"), file, tmp_path / "r")
    found = {record.trial.architecture: (record.status, record.message) for record in records}
    assert found == {"kills": ("failed", "worker lost"), "good": ("ok", "")}
    once_each(tmp_path / "r", 2)


def test_a_worker_that_hangs_is_dropped_and_its_later_answers_are_not_recorded(own, slow, tmp_path):
    there, notes = own("a", "b"), []
    stop = during(at_3=lambda: there.send("a", signal.SIGSTOP))
    records = run_on(there, slow, tmp_path / "r", on_record=stop, notes=notes)
    there.send("a", signal.SIGCONT)
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}
    assert any("worker a" in note and "has been silent for 4 s" in note for note in notes)


def test_a_scheduler_that_ends_ends_the_run_with_one_message_and_the_same_command_continues(own, slow, tmp_path):
    there = own("a")
    with pytest.raises(ConnectionError, match="does not answer any more; the records so far are kept"):
        run_on(there, slow, tmp_path / "r", on_record=during(at_3=lambda: there.kill("scheduler")))
    assert 3 <= len(keys(tmp_path / "r")) < 12
    there.start_scheduler()
    there.worker("b").ready("b")
    before = keys(tmp_path / "r")
    more = []
    run_on(there, slow, tmp_path / "r", on_record=more.append)
    once_each(tmp_path / "r")
    assert not before.keys() & {record.trial.key for record in more}


def test_a_failing_network_and_a_scheduler_that_comes_back_in_time_lose_and_repeat_no_record(own, slow, tmp_path):
    there, notes = own("a"), []

    def drop():
        there.send("scheduler", signal.SIGSTOP)
        threading.Timer(PATIENCE / 2, there.send, ("scheduler", signal.SIGCONT)).start()

    def restart():
        there.kill("scheduler")
        there.start_scheduler()
        there.worker("b")

    records = run_on(there, slow, tmp_path / "r", on_record=during(at_2=drop, at_5=restart), notes=notes)
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}
    assert "the connection to the scheduler is back" in notes


def command(cluster, file, results, *more):
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchbench", "run", str(file), "--results", str(results),
         "--executor", "dask", "--scheduler", cluster.address, *more],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def lines(results):
    return sum(len(file.read_text().splitlines()) for file in results.rglob("*.jsonl"))


def hosts(cluster, worker):
    """The processes below a worker that run trials."""
    below = {one.pid for one in psutil.Process(cluster.pid(worker)).children(recursive=True)}
    running = [one for one in psutil.process_iter(["cmdline"]) if one.pid in below]
    return [one for one in running if "cluster.host" in " ".join(one.info["cmdline"] or [])]


def test_a_client_that_is_killed_or_interrupted_leaves_nothing_on_workers_and_the_next_continues(own, slow, tmp_path):
    there = own("a")
    killed = command(there, slow, tmp_path / "r")
    wait_for(lambda: lines(tmp_path / "r") >= 3, "the third record")
    killed.kill()
    killed.communicate()
    wait_for(lambda: not hosts(there, "a"), "the end of what it left on the worker", 15)
    done = keys(tmp_path / "r")
    interrupted = command(there, slow, tmp_path / "r")
    wait_for(lambda: lines(tmp_path / "r") >= sum(done.values()) + 2, "two more records")
    interrupted.send_signal(signal.SIGINT)
    _, said = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130
    assert "interrupted; finished trials are kept" in said
    assert "Traceback" not in said
    assert "1 worker, " in said
    assert " trials a minute, " in said
    done, more = keys(tmp_path / "r"), []
    assert 5 <= sum(done.values()) < 12
    run_on(there, slow, tmp_path / "r", on_record=more.append)
    once_each(tmp_path / "r")
    assert not done.keys() & {record.trial.key for record in more}
