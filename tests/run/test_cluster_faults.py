"""Faults of a real Dask cluster on loopback: workers and schedulers that leave, hang, come late or do not fit."""

import shutil
import signal

import pytest

from benchbench import run_study
from benchbench.core.errors import InputError
from tests.run.clusters import PATIENCE, ROOT, during, keys, once_each, run_on
from tests.run.conftest import write_study

pytest.importorskip("distributed")
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("faults")]


def test_a_worker_that_is_killed_costs_nothing_but_the_time_of_its_trial(own, slow, tmp_path):
    there, seen, notes = own("a", "b"), [], []
    kill = during(seen, 3, lambda: there.kill("a"))
    records = run_on(there, slow, tmp_path / "r", on_record=kill, notes=notes)
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}
    assert any("worker a" in note and "has left" in note for note in notes)
    blocks = {record.block.partition(".")[0] for record in records}
    assert len(blocks) == 4


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


def test_a_worker_that_hangs_is_left_and_what_it_says_later_is_not_recorded(own, slow, tmp_path):
    there, seen, notes = own("a", "b"), [], []
    stop = during(seen, 3, lambda: there.send("a", signal.SIGSTOP))
    records = run_on(there, slow, tmp_path / "r", on_record=stop, notes=notes)
    there.send("a", signal.SIGCONT)
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}
    assert any("worker a" in note and "has been silent for 4 s" in note for note in notes)


def test_a_scheduler_that_goes_ends_the_run_with_one_message_and_the_same_command_goes_on(own, slow, tmp_path):
    there, seen = own("a"), []
    with pytest.raises(ConnectionError, match="does not answer any more; the records so far are kept"):
        run_on(there, slow, tmp_path / "r", on_record=during(seen, 3, lambda: there.kill("scheduler")))
    assert 3 <= len(keys(tmp_path / "r")) < 12
    there.start_scheduler()
    there.worker("b")
    before = keys(tmp_path / "r")
    more = []
    run_on(there, slow, tmp_path / "r", on_record=more.append)
    once_each(tmp_path / "r")
    assert not before.keys() & {record.trial.key for record in more}


def test_a_scheduler_that_comes_back_in_time_loses_and_doubles_nothing(own, slow, tmp_path):
    there, seen, notes = own("a"), [], []

    def restart():
        there.kill("scheduler")
        there.start_scheduler()
        there.worker("b")

    records = run_on(there, slow, tmp_path / "r", on_record=during(seen, 3, restart), notes=notes)
    once_each(tmp_path / "r")
    assert {record.status for record in records} == {"ok"}
    assert "the connection to the scheduler is back" in notes


def test_a_worker_that_joins_late_takes_part(own, slow, tmp_path):
    there, seen, counts = own("a"), [], []
    slow.write_text(slow.read_text().replace("seeds = 4", "seeds = 200"))
    join = during(seen, 1, lambda: there.worker("late"))

    def heard(record):
        join(record)
        if counts[-1] == 2:
            raise KeyboardInterrupt  # there is no need to wait for the rest

    from benchbench.run.cluster.executor import Dask

    with Dask(there.address, patience=PATIENCE, on_workers=counts.append) as dask, pytest.raises(KeyboardInterrupt):
        run_study(slow, tmp_path / "r", executor=dask, on_record=heard)
    assert counts[:2] == [0, 1]
    assert counts[-1] == 2
    assert set(keys(tmp_path / "r").values()) == {1}


def refused(there, file, results, match):
    """A run ends with this message before any trial."""
    with pytest.raises(InputError, match=match):
        run_on(there, file, results)
    assert not [*results.rglob("*.jsonl")]


def test_a_worker_whose_versions_or_plug_ins_are_others_is_refused_by_name_before_anything_runs(own, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(ROOT / "benchbench", other / "benchbench", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "benchbench" / "workloads.py").open("a") as stream:
        stream.write("# another version\n")
    source = """
    if os.environ.get("BB_BARE"):
        raise ImportError("there is no sensor here")
    """
    file = write_study(tmp_path, "[architectures.good]", source)
    there = own().worker("old", variables={"PYTHONPATH": str(other)})
    cannot = r"\(tcp://\S+\) cannot run the trials: "
    refused(there, file, tmp_path / "r", rf"worker old {cannot}it has benchbench \S+ \(source \w+\), but the run has")
    there.kill("old")
    there.worker("bare", variables={"BB_BARE": "1"})
    refused(there, file, tmp_path / "r", rf"worker bare {cannot}.*there is no sensor here")
