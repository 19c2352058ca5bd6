"""Trials on a real Dask cluster on loopback, which these tests leave as it is: the same scores, one record a trial."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from benchbench import load, run_study
from benchbench.core.errors import InputError
from tests.run.clusters import PATIENCE, ROOT, Cluster, during, free_port, keys, once_each, run_on, wait_for
from tests.run.conftest import write_study

pytest.importorskip("distributed")
from benchbench.run.cluster.link import Link

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers that tests leave as they are."""
    one = Cluster(tmp_path_factory.mktemp("cluster")).worker("a").worker("b")
    yield one
    one.close()


def test_quick_has_the_same_scores_bitwise_on_one_machine_and_on_a_cluster(cluster, tmp_path):
    text = (ROOT / "benchbench" / "studies" / "quick.toml").read_text()
    text = re.sub(r"^updates = .*$", "updates = 5", text, flags=re.MULTILINE)
    file = tmp_path / "quick.toml"
    file.write_text(re.sub(r"^seeds = .*$", "seeds = 1", text, flags=re.MULTILINE))
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
    again = []
    run_on(cluster, slow, tmp_path / "r", on_record=again.append)
    assert again == []


FILES = """
sys.path.insert(0, os.path.dirname(__file__))
import sibling
@task("filed", version=1)
def filed(rng, length, *, path: str = ""):
    assert sibling.WORD == "beside"
    series = np.load(path) + 0.1 * rng.standard_normal(400)
    return forecast_series(series, length=length, horizon=1)
"""


def test_plug_ins_and_signals_travel_by_content_once_a_worker(cluster, tmp_path):
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


def test_a_network_that_drops_for_a_while_loses_and_doubles_nothing(cluster, slow, tmp_path):
    seen = []

    def drop():
        cluster.send("scheduler", signal.SIGSTOP)
        threading.Timer(PATIENCE / 2, cluster.send, ("scheduler", signal.SIGCONT)).start()

    records = run_on(cluster, slow, tmp_path / "r", on_record=during(seen, 3, drop))
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}


def command(cluster, file, results, *more):
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchbench", "run", str(file), "--results", str(results),
         "--executor", "dask", "--scheduler", cluster.address, *more],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def lines(results):
    return sum(len(file.read_text().splitlines()) for file in results.rglob("*.jsonl"))


def hosts(cluster):
    """What the workers have started."""
    return [one for name in ("a", "b") for one in psutil.Process(cluster.pid(name)).children()]


def test_a_client_that_is_killed_and_started_again_runs_nothing_twice_that_is_recorded(cluster, slow, tmp_path):
    killed = command(cluster, slow, tmp_path / "r")
    wait_for(lambda: lines(tmp_path / "r") >= 3, "the third record")
    killed.kill()
    killed.communicate()
    wait_for(lambda: not hosts(cluster), "the end of what it left on the workers", 15)
    done, more = keys(tmp_path / "r"), []
    run_on(cluster, slow, tmp_path / "r", on_record=more.append)
    once_each(tmp_path / "r")
    assert not done.keys() & {record.trial.key for record in more}


def test_an_interrupt_cancels_what_waits_and_keeps_what_ended(cluster, slow, tmp_path):
    slow.write_text(slow.read_text().replace("seeds = 4", "seeds = 8"))
    interrupted = command(cluster, slow, tmp_path / "r")
    wait_for(lambda: lines(tmp_path / "r") >= 3, "the third record")
    interrupted.send_signal(signal.SIGINT)
    _, said = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130
    assert "interrupted; what is finished is kept" in said
    assert "Traceback" not in said
    assert 3 <= lines(tmp_path / "r") < 24
    assert "2 workers, " in said
    assert " trials a minute, " in said


def test_a_study_for_a_gpu_is_refused_before_anything_runs_where_no_worker_offers_one(cluster, slow, tmp_path):
    with pytest.raises(InputError, match=r"no worker at tcp://\S+ offers a GPU: start one with 'dask worker .* GPU=1'"):
        run_on(cluster, slow, tmp_path / "r", device="cuda")
    assert not (tmp_path / "r").exists()


def test_of_tasks_that_ask_for_a_gpu_a_worker_runs_one_at_a_time(cluster):
    def nap(seconds):  # workers do not know this file, so that the function travels by its content
        return time.time(), time.sleep(seconds), time.time()

    cluster.worker("gpu", "--resources", "GPU=1", "--nthreads", "2")
    link = Link(cluster.address)
    try:
        wait_for(lambda: len(link.workers() or ()) == 3, "the worker with a GPU")
        [address] = [address for address, told in link.workers().items() if told["name"] == "gpu"]
        spans = {}
        for needs in ({"GPU": 1}, {}):
            futures = [link.submit(nap, 0.3, worker=address, needs=needs) for _ in range(2)]
            spans[len(needs)] = sorted(future.result(timeout=20) for future in futures)
    finally:
        link.close()
        cluster.kill("gpu")
    assert spans[1][0][2] <= spans[1][1][0]
    assert spans[0][0][2] > spans[0][1][0]


def test_each_command_of_the_laptop_part_of_the_docs_runs(tmp_path):
    text = (ROOT / "docs" / "cluster.md").read_text()
    part = text.partition("## On one machine")[2].partition("\n## ")[0]
    install, scheduler, *workers, run = [line.strip() for line in part.splitlines() if line.startswith("    ")]
    assert install == "pip install 'benchbench[cluster]'"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(one.startswith("distributed") for one in extras["cluster"])
    write_study(tmp_path, "[architectures.good]\n[architectures.mean]")
    port, found = str(free_port()), []
    try:
        lines_of = (scheduler, *workers, run.replace("run quick", "run small.toml"))
        found.extend(typed(each.replace("8786", port), tmp_path) for each in lines_of)
        said, _ = found[-1].communicate(timeout=120)
        assert found[-1].returncode == 0, said
        assert [one.poll() for one in found[:-1]] == [None] * 3
    finally:
        for one in found:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGTERM)
            one.wait()
    assert set(keys(tmp_path / "results").values()) == {1}


def typed(line, folder):
    """A command as a reader of the docs gives it."""
    name, *arguments = shlex.split(line)
    return subprocess.Popen(
        [str(Path(sys.executable).parent / name), *arguments], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
