"""A study to a store: checked first, resumed, isolated."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchbench import load, run_study
from benchbench.core.errors import InputError
from benchbench.run.isolate import isolated_map
from benchbench.run.keeper import Lost


def test_every_trial_of_the_grid_ends_as_one_record(study, tmp_path):
    text = """
name = "grid"
lengths = [20, 30]
seeds = 2
plugins = ["plugin.py"]
[[budgets]]
name = "a"
updates = 2
[[budgets]]
name = "b"
width = 3
epochs = 1
[tasks.wave]
"""
    file = study("[architectures.good]\ngain = [1.0, 2.0]\n[architectures.mean]", text=text)
    records = run_study(file, results=tmp_path / "r", jobs=2)
    frame = load("grid", tmp_path / "r")
    assert len(records) == len(frame) == 2 * 2 * 2 * 3
    assert frame["key"].is_unique
    assert set(frame["status"]) == {"ok"}
    assert set(frame["jobs"]) == {2}


def test_a_second_run_makes_only_what_is_missing(study, tmp_path):
    file = study()
    run_study(file, results=tmp_path / "r", jobs=1)
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 3"))
    made = []
    run_study(file, results=tmp_path / "r", jobs=1, on_record=made.append)
    assert sorted(record.trial.seed for record in made) == [1, 2]
    run_study(file, results=tmp_path / "r", jobs=1, on_record=made.append)
    assert len(made) == 2


def test_the_same_seed_gives_the_same_scores_in_another_process(study, tmp_path):
    file = study("[architectures.gru]\n[architectures.esn]")
    first, second = (run_study(file, results=tmp_path / name, jobs=2) for name in ("a", "b"))
    assert [r.scores for r in first] == [r.scores for r in second]


CRASHES = """
    class Bad(Base):
        def fit(self, train, valid, meter):
            {}
    @architecture("bad", version=1)
    def bad(setting):
        return Bad(setting)
    """


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("os._exit(7)", "failed", "exit code 7"),
        ("os.kill(os.getpid(), 11)", "failed", "SIGSEGV"),
        ("time.sleep(60)", "timeout", "killed after 1 s"),
    ],
)
def test_a_process_that_dies_or_hangs_costs_one_record(study, tmp_path, source, status, message):
    file = study("[architectures.bad]\n[architectures.good]", CRASHES.format(source))
    records = {r.trial.architecture: r for r in run_study(file, results=tmp_path / "r", jobs=1, timeout=1)}
    assert records["good"].status == "ok"
    assert records["bad"].status == status
    assert message in records["bad"].message


def test_what_a_competitor_prints_goes_to_the_log_beside_the_records(study, tmp_path, capfd):
    file = study("[architectures.bad]", CRASHES.format("print('hello from the net')"))
    run_study(file, results=tmp_path / "r", jobs=1)
    [log] = (tmp_path / "r" / "records" / "small").glob("*.log")
    assert "hello from the net" in log.read_text()
    assert "hello" not in capfd.readouterr().out


@pytest.mark.parametrize("fault", ["raise RuntimeError('boom')", "raise ValueError('boom')", "sys.exit(0)"])
def test_a_competitor_that_cannot_be_made_is_a_record_and_not_the_end(study, tmp_path, fault):
    code = f"""
    @architecture("bad", version=1)
    def bad(setting):
        {fault}
    """
    file = study("[architectures.bad]\n[architectures.good]", code)
    records = {r.trial.architecture: r for r in run_study(file, results=tmp_path / "r")}
    assert (records["bad"].status, records["good"].status) == ("failed", "ok")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("lengths = [20]", "lengths = [400]"), "length 400"),
        (("width = 4", "parameters = 1"), "no width meets"),
        (("[tasks.wave]", "[tasks.wave]\npath = 'none.npy'"), "none.npy"),
        (("seeds = 1", 'seeds = 1\ndevices = ["cupu"]'), "did you mean 'cpu'"),
        (("[tasks.wave]", "[tasks.wav]"), "did you mean 'wave'"),
        (("[architectures.gru]", "[architectures.gru]\ndropout = 0.5"), r"architectures.gru\] dropout: acts"),
    ],
)
def test_a_wrong_study_is_refused_before_anything_runs_or_is_written(study, tmp_path, change, message):
    file = study("[architectures.gru]\n[architectures.good]")
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(InputError, match=message):
        run_study(file, results=tmp_path / "r")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("fault", ["sys.exit(0)", "assert False", "raise ValueError('boom')", "return 3"])
def test_a_task_that_cannot_make_its_problem_is_a_wrong_study(study, tmp_path, fault):
    code = f"""
    @task("bad", version=1)
    def bad(rng, length):
        {fault}
    """
    file = study(source=code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.bad"))
    with pytest.raises(InputError, match=r"tasks.bad\] length 20: (SystemExit|AssertionError|ValueError|TypeError)"):
        run_study(file, results=tmp_path / "r")


@pytest.mark.parametrize("timeout", [float("inf"), float("nan"), 0.0])
def test_a_timeout_without_end_is_refused(study, tmp_path, timeout):
    with pytest.raises(InputError, match="timeout"):
        run_study(study(), results=tmp_path / "r", timeout=timeout)


def test_a_timeout_of_months_is_taken(study, tmp_path):
    assert [record.status for record in run_study(study(), results=tmp_path / "r", timeout=1e8)] == ["ok"]


def test_relative_paths_start_from_the_study_file(study, tmp_path, monkeypatch):
    file = study()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    np.savetxt(tmp_path / "signal.csv", np.sin(np.arange(400) * 0.3), header="v", comments="")
    file.write_text(file.read_text().replace("[tasks.wave]", '[tasks.series]\npath = "signal.csv"'))
    [record] = run_study(file, results="r")
    assert record.status == "ok"
    assert (tmp_path / "elsewhere" / "r" / "records").exists()


def test_a_device_that_is_not_here_is_an_error_and_no_fallback(study, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("it is here")
    with pytest.raises(InputError, match="finds no CUDA device"):
        run_study(study(), results=tmp_path / "r", device="cuda")
    assert not (tmp_path / "r").exists()


def test_the_machine_label_names_the_file_and_may_not_be_a_path(study, tmp_path):
    run_study(study(), results=tmp_path / "r", machine="lab-3")
    assert (tmp_path / "r" / "records" / "small" / "lab-3.jsonl").exists()
    with pytest.raises(InputError, match="machine"):
        run_study(study(), results=tmp_path / "r", machine="../x")


def test_a_results_folder_that_cannot_be_written_is_a_clear_error(study, tmp_path):
    (tmp_path / "r").write_text("a file in the way")
    with pytest.raises(InputError, match="cannot be written"):
        run_study(study(), results=tmp_path / "r")


def test_work_runs_side_by_side(tmp_path):
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


def test_a_lost_process_says_why():
    [(_, lost)] = isolated_map(os._exit, [5])
    assert lost == Lost("crash", "the process ended without a result: exit code 5")


def test_the_environment_and_folder_of_the_caller_reach_the_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHBENCH_DATA", "elsewhere")
    [(_, found)] = isolated_map(surroundings, [None])
    assert found == (str(tmp_path), "elsewhere", "1")


def surroundings(_):
    return os.getcwd(), os.environ["BENCHBENCH_DATA"], os.environ["OMP_NUM_THREADS"]  # noqa: PTH109


def test_a_second_run_on_the_same_records_is_refused(study, tmp_path):
    file = study("[architectures.good]\n[architectures.mean]")

    def again(_):
        with pytest.raises(InputError, match="is being written by process"):
            run_study(file, results=tmp_path / "r")

    assert len(run_study(file, results=tmp_path / "r", jobs=1, on_record=again)) == 2


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="no process groups")
def test_children_that_a_process_leaves_behind_end_with_it(tmp_path):
    [(_, pid)] = isolated_map(leave_a_child, [None])
    assert gone(pid)


def leave_a_child(_):
    return subprocess.Popen(["sleep", "60"]).pid  # noqa: S607


def gone(pid):
    """Whether a process ends within a few seconds; a zombie has ended."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells a child of its parent's death")
def test_no_process_outlives_a_run_that_is_killed(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.run.test_runner import sleep_and_tell\n"
        "from benchbench.run.isolate import isolated_map\n"
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
