"""Injected faults: each costs at most one record, and no finished record."""

import json
import os
import signal
import sys
import time
from collections import Counter

import numpy as np
import pytest

from benchbench import load, run_study
from benchbench.core.errors import InputError
from benchbench.core.store import Store
from tests.run.command import Command

pytestmark = pytest.mark.attacks
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux")
BAD = """
    class Bad(Base):
        def fit(self, train, valid, meter):
            {}
    @architecture("bad", version=1)
    def bad(setting):
        return Bad(setting)
    """
HOG = "x = bytearray(160 * 2**20); import time; time.sleep(9)"
ORPHANS = f"""[os.system(f"{{sys.executable}} -c '{HOG}' &") for _ in range(4)]; time.sleep(9)"""
BOTH = "[architectures.bad]\n[architectures.good]"


def outcome(study, tmp_path, fault, **arguments):
    """The records of a competitor with a fault in its fit and of its neighbour."""
    records = run_study(study(BOTH, BAD.format(fault)), results=tmp_path / "r", **{"jobs": 2, **arguments})
    by_name = {record.trial.architecture: record for record in records}
    assert by_name["good"].status == "ok"
    return by_name["bad"]


FAULTS = [
    ("os._exit(7)", "failed", "exit code 7"),
    ("os._exit(99)", "failed", "exit code 99"),
    ("os._exit(98)", "failed", "exit code 98"),
    ("os.kill(os.getpid(), 34)", "failed", "killed by "),
    ("__import__('ctypes').string_at(0)", "failed", "killed by SIGSEGV"),
    ("os.abort()", "failed", "killed by SIGABRT (plugin.py:"),
    ("os.kill(os.getpid(), 9)", "failed", "killed by SIGKILL"),
    ("raise KeyboardInterrupt", "failed", "KeyboardInterrupt"),
    ("os.closerange(3, 100)", "failed", "without a result"),
    ("raise ValueError('boom')", "failed", "ValueError: boom (plugin.py:"),
    ("np.linalg.inv(np.zeros((2, 2)))", "failed", "LinAlgError: Singular matrix (plugin.py:"),
    ("time.sleep(60)", "timeout", "killed after 2 s (plugin.py:"),
    ("__import__('signal').signal(6, lambda *_: None); time.sleep(60)", "timeout", "killed after 2 s"),
    ("os.closerange(3, 100); time.sleep(60)", "timeout", "killed after 2 s"),
    ("os.execvp('sleep', ['sleep', '60'])", "timeout", "killed after 2 s"),
    ("self.predict = lambda inputs: inputs[:, -1]", "failed", "predict returned shape"),
    ("self.predict = lambda inputs: inputs[:, -1:] * np.nan", "diverged", "not finite"),
    ("[meter.spend() for _ in range(9)]", "over_budget", "the fit made 5 updates after the budget"),
    ("open('/nowhere/at/all.txt')", "failed", "No such file or directory: 'all.txt' (plugin.py:"),
    ("raise BaseException('one\\ntwo')", "failed", "BaseException: one two (plugin.py:"),
    ("os.chdir('/'); os.environ.clear(); sys.stdout.close()", "ok", ""),
]
HOGS = [
    "self.block = np.ones(2**30, np.uint8); time.sleep(9)",
    "self.blocks = [np.ones(2**26, np.uint8) for _ in range(1000)]",
    "__import__('subprocess').run([sys.executable, '-c', 'x = bytearray(2**30); import time; time.sleep(9)'])",
    f"[__import__('subprocess').Popen([sys.executable, '-c', {HOG!r}]) for _ in range(4)]; time.sleep(9)",
    ORPHANS,
]


@pytest.fixture(scope="module")
def failed(faulty):
    return faulty([fault for fault, _, _ in FAULTS], timeout=2)


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=lambda number: FAULTS[number][0])
def test_a_fault_in_a_fit_costs_one_record_which_has_a_helpful_message(failed, number):
    _, status, message = FAULTS[number]
    assert failed[number].status == status
    assert message in failed[number].message


def test_a_trial_beyond_the_memory_limit_is_killed_and_its_neighbour_is_not(faulty):
    for record in faulty(HOGS, memory_limit=400 * 2**20):
        assert record.status == "out_of_memory"
        assert "the limit is 400 MiB" in record.message


def test_the_study_may_set_timeout_and_memory_limit(study, tmp_path):
    file = study(BOTH, BAD.format("self.block = np.ones(2**30, np.uint8); time.sleep(9)"))
    file.write_text(file.read_text().replace("seeds = 1", 'seeds = 1\nmemory_limit = "300MiB"'))
    assert [r.status for r in run_study(file, results=tmp_path / "a")] == ["out_of_memory", "ok"]
    file.write_text(file.read_text().replace('memory_limit = "300MiB"', "timeout = 1.5"))
    assert [r.status for r in run_study(file, results=tmp_path / "b")] == ["timeout", "ok"]


@pytest.mark.parametrize("fault", ["raise ValueError('boom')", "sys.exit(0)", "os._exit(3)", "raise KeyboardInterrupt"])
def test_a_competitor_that_cannot_be_made_has_a_record_and_the_run_continues(study, tmp_path, fault):
    code = f"""
    @architecture("bad", version=1)
    def bad(setting):
        {fault}
    """
    records = run_study(study(BOTH, code), results=tmp_path / "r")
    assert [record.status for record in records] == ["failed", "ok"]


@pytest.mark.parametrize("fault", ["os._exit(3)", "os.kill(os.getpid(), 11)"])
def test_a_task_that_crashes_gives_a_record_for_each_of_its_trials(study, tmp_path, fault):
    code = f"""
    @task("bad", version=1)
    def bad_task(rng, length):
        {fault}
    """
    file = study("[architectures.good]\n[architectures.mean]\n[tasks.bad]", code)
    records = run_study(file, results=tmp_path / "r", jobs=2)
    assert {(r.trial.task, r.status.value) for r in records} == {("wave", "ok"), ("bad", "failed")}
    assert len(records) == 4


def test_data_is_made_once_by_jobs_that_start_together(study, tmp_path):
    code = f"""
    @task("slow", version=1)
    def slow(rng, length):
        open({str(tmp_path / "made")!r}, "a").write("x")
        time.sleep(0.5)
        return wave(rng, length)
    """
    file = study("[architectures.good]\n[architectures.mean]", code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.slow"))
    assert [record.status for record in run_study(file, results=tmp_path / "r", jobs=2)] == ["ok", "ok"]
    assert (tmp_path / "made").read_text() == "x"  # by the check of the study


def test_a_plug_in_that_crashes_while_it_is_loaded_is_an_error_that_names_it(study, tmp_path):
    with pytest.raises(
        InputError, match=r"while loading plugin.py: the process ended without a result: killed by SIGSEGV"
    ):
        run_study(study(source="\nos.kill(os.getpid(), 11)\n"), results=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_the_process_that_writes_loads_no_plug_in(study, tmp_path):
    file = study(source=f"\nopen({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}} ')\n")
    run_study(file, results=tmp_path / "r")
    pids = (tmp_path / "pids").read_text().split()
    assert pids
    assert str(os.getpid()) not in pids


def test_a_plug_in_that_starts_a_thread_when_it_is_loaded_runs(study, tmp_path):
    code = "\nimport threading\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
    assert [record.status for record in run_study(study(source=code), results=tmp_path / "r")] == ["ok"]


@pytest.mark.parametrize(
    "code", ["sys.stdout.close()", "sys.stdout = None", "import signal; signal.signal(17, signal.SIG_IGN)"]
)
def test_changes_of_a_plug_in_to_its_process_when_it_is_loaded_do_not_spoil_the_run(study, tmp_path, code):
    assert [record.status for record in run_study(study(source=f"\n{code}\n"), results=tmp_path / "r")] == ["ok"]


def test_a_helper_that_a_plug_in_starts_when_it_is_loaded_is_there_in_every_trial(study, tmp_path):
    code = """
    import subprocess
    HELPER = subprocess.Popen(["sleep", "1000"])
    class Asks(Base):
        def fit(self, train, valid, meter):
            assert HELPER.poll() is None
    @architecture("asks", version=1)
    def asks(setting, *, number: int = 0):
        return Asks(setting)
    """
    records = run_study(study("[architectures.asks]\nnumber = [1, 2, 3]", code), results=tmp_path / "r", jobs=1)
    assert [(record.status, record.message) for record in records] == [("ok", "")] * 3


def test_the_switches_hold_for_a_plug_in_that_sets_others_when_it_is_loaded(study, tmp_path):
    code = """
    import torch
    torch.set_num_threads(2)
    class Asks(Base):
        def fit(self, train, valid, meter):
            assert torch.get_num_threads() == 1
    @architecture("asks", version=1)
    def asks(setting):
        return Asks(setting)
    """
    [record] = run_study(study("[architectures.asks]", code), results=tmp_path / "r")
    assert (record.status, record.message) == ("ok", "")


def test_the_order_in_a_block_changes_no_generator_clock_or_memory(study, tmp_path):
    code = """
    class Draws(Base):
        def fit(self, train, valid, meter):
            time.sleep(1)
        def predict(self, inputs):
            return inputs[:, -1:] * np.random.RandomState(np.random.randint(1000)).rand()
    @architecture("draws", version=1)
    def draws(setting, *, number: int = 0):
        return Draws(setting)
    @task("slow", version=1)
    def slow(rng, length):
        time.sleep(1.5)
        np.random.seed(1)
        return wave(rng, length)
    """
    file = study("[architectures.draws]\nnumber = [1, 2]", code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.slow").replace("seeds = 1", "seeds = 2"))
    records = run_study(file, results=tmp_path / "r", timeout=2.3)
    assert [record.status for record in records] == ["ok"] * 4
    assert records[0].scores == records[1].scores != records[2].scores == records[3].scores


LEAVE = {
    "a thread": "__import__('threading').Thread(target=time.sleep, args=(1000,)).start(); pid = os.getpid()",
    "a child": "pid = __import__('subprocess').Popen(['sleep', '1000']).pid",
    "a child of its own session": "pid = __import__('subprocess').Popen(['sleep', '1000'], start_new_session=True).pid",
    "a fork that holds the pipe": "pid = os.fork() or time.sleep(1000)",
}


@LINUX
@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)"])
def test_processes_that_a_competitor_leaves_behind_end_with_its_trial(faulty, tmp_path, gone, end):
    says = f"open({str(tmp_path)!r} + f'/{{self.fault}}', 'w').write(str(pid)); {end}"
    records = faulty([f"{left}; {says}" for left in LEAVE.values()])
    assert [record.status.value for record in records] == ["failed" if end else "ok"] * len(LEAVE)
    pids = [int((tmp_path / str(number)).read_text()) for number in range(len(LEAVE))]
    assert all(gone(pid) for pid in pids)


def test_the_log_names_the_trial_of_each_output_and_is_limited(study, tmp_path):
    outcome(study, tmp_path, "print('hello'); os.system('echo from a child'); print('x' * 10_000_000); print('bye')")
    [log] = (tmp_path / "r" / "records" / "small").glob("*.log")
    text = log.read_text()
    assert text.startswith("== wave 20 bad seed 0 few cpu\nhello\nfrom a child\n")
    assert "bytes are left out" in text
    assert text.endswith("bye\n")
    assert len(text) < 2 * 2**20


def test_output_before_a_crash_is_in_the_log(study, tmp_path):
    outcome(study, tmp_path, "print('last words'); os._exit(3)")
    [log] = (tmp_path / "r" / "records" / "small").glob("*.log")
    assert "last words" in log.read_text()


def test_one_competitor_cannot_change_the_data_of_another(study, tmp_path):
    clean = run_study(study(), results=tmp_path / "clean")[0]
    code = BAD.format(
        "train.inputs.flags.writeable and train.inputs.fill(0); train.targets.fill(0); valid.targets.fill(0)"
    )
    spoiled = run_study(study(BOTH, code), results=tmp_path / "r", jobs=1)
    assert [r.scores for r in spoiled if r.trial.architecture == "good"] == [clean.scores]


# The run itself


@pytest.fixture
def start(tmp_path):
    """``benchbench run`` in a process of its own; ``limit`` bytes for each file that it writes."""
    return lambda file, *arguments, **limit: Command(["run", file, "--results", tmp_path / "r", *arguments], **limit)


def lines(results):
    """The number of lines in the store."""
    return sum(file.read_bytes().count(b"\n") for file in (results / "records").rglob("*.jsonl"))


def wait_for(results, count):
    for _ in range(600):
        if lines(results) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{lines(results)} of {count} records after half a minute")


SLOW = """
name = "slow"
lengths = [20]
seeds = 20
plugins = ["plugin.py"]
[[budgets]]
name = "few"
width = 4
updates = 3
[tasks.wave]
[architectures.good]
[architectures.bad]
"""
NAP = BAD.format("time.sleep(0.1)")


def test_an_interrupt_keeps_finished_trials_and_the_message_says_how_to_continue(study, tmp_path, start):
    file = study("", NAP, text=SLOW)
    run = start(file)
    wait_for(tmp_path / "r", 5)
    run.send(signal.SIGINT)
    assert run.ended() == 130
    assert "the same command continues" in run.said
    kept, made = store(tmp_path / "r").path.read_bytes(), []
    assert len(run_study(file, results=tmp_path / "r", on_record=made.append)) == 40
    assert 5 <= kept.count(b"\n") == 40 - len(made)
    assert store(tmp_path / "r").path.read_bytes().startswith(kept)


@LINUX
def test_a_run_that_is_killed_again_and_again_loses_no_record_and_leaves_nothing_behind(
    study, tmp_path, temporary, start
):
    file, rng = study("", NAP, text=SLOW), np.random.default_rng(0)
    for round_ in range(1, 4):
        run = start(file, "--jobs", "2")
        wait_for(tmp_path / "r", 6 * round_)
        time.sleep(rng.uniform(0, 0.3))
        run.send(signal.SIGKILL)
        run.ended()
    before = [record.trial.key for record in store(tmp_path / "r").records()]
    assert len(list(temporary.glob("benchbench-*"))) == 1  # of the last run alone
    records = run_study(file, results=tmp_path / "r")
    after = Counter(record.trial.key for record in store(tmp_path / "r").records())
    assert len(before) >= 18
    assert set(before) <= set(after)
    assert len(records) == len(after) == 40
    assert set(after.values()) == {1}
    assert {path.suffix for path in (tmp_path / "r" / "records" / "slow").iterdir()} <= {".jsonl", ".lock", ".log"}
    assert not list(temporary.glob("benchbench-*"))
    assert load("slow", tmp_path / "r")["key"].is_unique


def store(results):
    [file] = (results / "records").rglob("*.jsonl")
    return Store(file)


def test_a_torn_last_line_is_repaired_by_the_next_run(study, tmp_path):
    file = study(BOTH, NAP)
    run_study(file, results=tmp_path / "r", jobs=1)
    path = store(tmp_path / "r").path
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 100])
    made = []
    run_study(file, results=tmp_path / "r", on_record=made.append)
    assert len(made) == 1
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 2


@LINUX
def test_a_full_disk_gives_a_clear_error_and_the_next_run_continues(study, tmp_path, start):
    file = study("", NAP, text=SLOW)
    run = start(file, limit=30_000)
    assert run.ended() == 1
    assert "jsonl: File too large; earlier records are whole" in run.said
    assert "Traceback" not in run.said
    kept = len(list(store(tmp_path / "r").records()))
    assert 0 < kept == lines(tmp_path / "r")
    made = []
    run_study(file, results=tmp_path / "r", on_record=made.append)
    assert len(made) == 40 - kept


@LINUX
def test_the_lock_of_a_run_that_was_killed_does_not_block(study, tmp_path, start):
    file = study("", NAP, text=SLOW)
    run = start(file)
    wait_for(tmp_path / "r", 2)
    with pytest.raises(InputError, match=f"is being written by process {run.pid}"):
        run_study(file, results=tmp_path / "r")
    run.send(signal.SIGKILL)
    run.ended()
    assert len(run_study(file, results=tmp_path / "r")) == 40


def test_the_record_of_a_killed_trial_has_the_objective_of_its_problem(study, tmp_path):
    code = """
    from dataclasses import replace
    from benchbench import Objective
    @task("labels", version=1)
    def labels(rng, length):
        problem = wave(rng, length)
        def one_hot(split):
            high = (split.targets[:, :, 0] > 0).astype(int)
            return replace(split, targets=np.eye(2, dtype=np.float32)[high])
        parts = {name: one_hot(getattr(problem, name)) for name in ("train", "valid", "test")}
        return Problem(**parts, objective=Objective.classification(), classes=("low", "high"), asks="label")
    class Dies(Base):
        def fit(self, train, valid, meter):
            os._exit(3)
    @architecture("dies", version=1)
    def dies(setting):
        return Dies(setting)
    """
    file = study("[architectures.dies]", code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.labels"))
    [record] = run_study(file, tmp_path / "r")
    assert (record.status, record.objective.name, record.classes) == ("failed", "classification", ["low", "high"])
