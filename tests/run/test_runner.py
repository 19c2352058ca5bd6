"""From a study to a store: studies are checked first, resumed, and isolated."""

import json
import os
import sys
from hashlib import sha256

import numpy as np
import pytest

from benchbench import load, run_study, write_report
from benchbench.core.errors import InputError
from benchbench.isolation.pool import cores


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


@pytest.mark.long
def test_the_same_seed_gives_the_same_scores_in_another_process(study, tmp_path):
    file = study("[architectures.gru]\n[architectures.esn]")
    first, second = (run_study(file, results=tmp_path / name, jobs=2) for name in ("a", "b"))
    assert [r.scores for r in first] == [r.scores for r in second]


@pytest.mark.long
def test_a_given_engine_replaces_the_engines_of_the_study(study, tmp_path):
    file = study("[architectures.gru]")
    [by_itself] = run_study(file, results=tmp_path / "r")
    [by_hand] = run_study(file, results=tmp_path / "r", engine="numba")
    assert (by_itself.trial.engine, by_hand.trial.engine) == ("torch", "numba")
    assert by_hand.kernel.startswith("numba gru")


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
def test_an_infinite_timeout_is_refused(study, tmp_path, timeout):
    with pytest.raises(InputError, match="timeout"):
        run_study(study(), results=tmp_path / "r", timeout=timeout)


def test_a_timeout_of_months_is_accepted(study, tmp_path):
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


def test_a_missing_device_is_an_error_and_not_replaced_by_another(study, tmp_path):
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


@pytest.mark.long
def test_a_second_run_on_the_same_records_is_refused(study, tmp_path):
    file = study("[architectures.good]\n[architectures.mean]")

    def again(_):
        with pytest.raises(InputError, match="is being written by process"):
            run_study(file, results=tmp_path / "r")

    assert len(run_study(file, results=tmp_path / "r", jobs=1, on_record=again)) == 2


@pytest.mark.long
def test_the_order_is_of_randomised_blocks_that_are_recorded(study, tmp_path):
    file = study("[architectures.good]\n[architectures.mean]\n[architectures.persistence]")
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 5"))
    order = []
    run_study(file, results=tmp_path / "r", jobs=1, on_record=order.append)
    names = [record.block for record in order]
    assert names == sorted(names)
    assert len(set(names)) == 5
    assert all(len({record.trial.seed for record in order[n : n + 3]}) == 1 for n in range(0, 15, 3))
    assert [record.trial.seed for record in order[::3]] != list(range(5))
    inside = {tuple(r.trial.architecture for r in order[n : n + 3]) for n in range(0, 15, 3)}
    assert len(inside) > 1


@pytest.mark.long
def test_a_continued_run_keeps_the_blocks(study, tmp_path):
    file = study("[architectures.good]\n[architectures.mean]")
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 3"))
    whole = {r.trial.key: r.block for r in run_study(file, results=tmp_path / "whole")}
    run_study(file, results=tmp_path / "r", jobs=1)
    [path] = (tmp_path / "r").rglob("*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    file.write_text(file.read_text().replace("seeds = 3", "seeds = 4"))
    blocks = {r.trial.key: r.block for r in run_study(file, results=tmp_path / "r")}
    assert whole.items() <= blocks.items()
    assert len(set(blocks.values())) == 4


@pytest.mark.long
def test_the_data_of_one_task_seed_and_length_is_made_once_and_shared(study, tmp_path):
    code = f"""
    @task("counted", version=1)
    def counted(rng, length):
        open({str(tmp_path / "made")!r}, "a").write(f"{{length}} ")
        return wave(rng, length)
    """
    file = study("[architectures.good]\ngain = [1.0, 2.0, 3.0]\n[architectures.mean]", code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.counted").replace("[20]", "[20, 30]"))
    records = run_study(file, results=tmp_path / "r", jobs=1)
    assert sorted((tmp_path / "made").read_text().split()) == ["20", "30"]  # by the check of the study
    assert len({record.data["fingerprint"] for record in records}) == 2
    assert not list((tmp_path / "r").rglob("*.data"))


@pytest.mark.long
def test_a_task_that_is_not_seeded_makes_its_data_once_for_all_seeds(study, tmp_path):
    log = tmp_path / "made.txt"
    task = f"""
    @task("same", version=1, seeded=False)
    def same(rng, length):
        with open({str(log)!r}, "a") as file:
            file.write("made\\n")
        return wave(np.random.default_rng(0), length)
    """
    file = study("[architectures.good]\n[architectures.mean]", task)
    file.write_text(file.read_text().replace("wave", "same").replace("seeds = 1", "seeds = 3"))
    records = run_study(file, results=tmp_path / "r", jobs=2)
    assert len({record.data["fingerprint"] for record in records}) == 1
    assert [len(records), log.read_text()] == [6, "made\n"]


def test_a_record_says_how_it_was_measured(study, tmp_path):
    [record] = run_study(study(), results=tmp_path / "r", jobs=1)
    found = record.environment
    assert found.yardstick["cpu"]["gemm_gflops"] > 0.1
    assert found.yardstick["cpu"]["copy_gb_per_s"] > 0.1
    assert found.flags["gc"] == "on"
    assert (found.threads, found.jobs) == (1, 1)
    if hasattr(os, "sched_getaffinity"):
        assert found.pinned == sorted(os.sched_getaffinity(0))[:1]
        assert record.spent.other_cpu_share is None  # too short a fit to tell
    assert record.spent.load_before >= 0
    assert record.spent.load_after >= 0


@pytest.mark.long
def test_the_study_may_set_the_allocator_s_default(study, tmp_path):
    file = study()
    file.write_text(file.read_text().replace("seeds = 1", 'seeds = 1\nallocator = "default"'))
    [record] = run_study(file, results=tmp_path / "r")
    assert record.environment.allocator == "default"


@pytest.mark.long
def test_the_run_reports_how_many_records_have_other_conditions(study, tmp_path):
    file, heard = study("[architectures.good]\n[architectures.mean]"), []

    def run(**arguments):
        run_study(file, results=tmp_path / "r", on_plan=lambda *counts: heard.append(counts), **arguments)

    run(jobs=1)
    run(jobs=1)
    run(jobs=2)
    file.write_text(file.read_text().replace("seeds = 1", 'seeds = 1\nallocator = "default"'))
    run(jobs=1)
    differs = 2 if sys.platform.startswith("linux") else 0
    assert heard == [(2, 0, 0), (2, 2, 0), (2, 2, 2), (2, 2, differs)]


@pytest.mark.long
def test_trials_with_two_threads_have_two_cores(study, tmp_path):
    if cores() < 2:
        pytest.skip("one core")
    code = """
    class Counts(Base):
        def fit(self, train, valid, meter):
            import torch
            assert torch.get_num_threads() == 2, torch.get_num_threads()
            assert os.environ["OMP_NUM_THREADS"] == "2"
            assert len(os.sched_getaffinity(0)) == 2
    @architecture("counts", version=1)
    def counts(setting):
        return Counts(setting)
    """
    [record] = run_study(study("[architectures.counts]", code), results=tmp_path / "r", threads=2)
    assert (record.status, record.message) == ("ok", "")
    assert record.environment.threads == 2


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"threads": 0}, {"memory_limit": 0}])
def test_a_number_below_one_is_refused(study, tmp_path, wrong):
    with pytest.raises(InputError, match="must be 1 or more, not 0"):
        run_study(study(), results=tmp_path / "r", **wrong)


def records_of(folder):
    [file] = (folder / "records" / "small").glob("*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_record_holds_the_digests_of_its_plug_in_and_of_the_files_that_its_options_name(study, tmp_path):
    signal = tmp_path / "signal.npy"
    np.save(signal, np.zeros(3))
    file = study("[architectures.good]\n[architectures.mean]")
    file.write_text(file.read_text().replace("[tasks.wave]", '[tasks.wave]\npath = "signal.npy"'))
    run_study(file, results=tmp_path / "r")
    plugin, data = (sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("plugin.py", "signal.npy"))
    files = {one["trial"]["architecture"]: one["files"] for one in records_of(tmp_path / "r")}
    assert files == {
        "good": {"architecture": plugin, "task": plugin, "task_options.path": data},
        "mean": {"task": plugin, "task_options.path": data},
    }


@pytest.mark.long
def test_a_changed_plug_in_is_refused_until_its_versions_are_raised(study, tmp_path):
    file, results = study(), tmp_path / "r"
    run_study(file, results=results)
    before = records_of(results)
    study(source="# another line")
    with pytest.raises(
        InputError, match=r"plugin\.py differs from the file of 1 record of .* raise the version of each"
    ):
        run_study(file, results=results)
    assert records_of(results) == before
    plugin = tmp_path / "plugin.py"
    plugin.write_text(plugin.read_text().replace("version=1", "version=2"))
    run_study(file, results=results)
    assert sorted(load("small", results)["architecture_version"]) == [1, 2]
    assert "1 record of an older version" in write_report("small", results).read_text()


@pytest.mark.long
def test_a_changed_signal_is_refused_under_its_old_name(study, tmp_path):
    np.save(tmp_path / "signal.npy", np.zeros(3))
    file = study()
    file.write_text(file.read_text().replace("[tasks.wave]", '[tasks.wave]\npath = "signal.npy"'))
    run_study(file, results=tmp_path / "r")
    np.save(tmp_path / "signal.npy", np.ones(3))
    with pytest.raises(InputError, match=r"signal\.npy differs from the file of .* another name, or use other records"):
        run_study(file, results=tmp_path / "r")
    [record] = run_study(file, results=tmp_path / "other")
    assert record.status == "ok"


def test_a_plug_in_that_is_edited_during_the_run_ends_it(study, tmp_path):
    file = study("[architectures.good]\n[architectures.mean]")
    plugin = tmp_path / "plugin.py"

    def edit(_):
        plugin.write_text(plugin.read_text() + "\n# edited\n")

    with pytest.raises(InputError, match=r"plugin\.py was changed during the run"):
        run_study(file, results=tmp_path / "r", jobs=1, on_record=edit)
    assert len(records_of(tmp_path / "r")) == 1


@pytest.mark.long
def test_a_fixed_size_over_the_limit_or_an_impossible_width_is_recorded_as_unsupported(study, tmp_path):
    code = """
    @architecture("large", version=1)
    def large(setting):
        learner = Base(setting)
        learner.size = Size(trained=7_000)
        return learner

    @architecture("eights", version=1)
    def eights(setting):
        learner = Base(setting)
        learner.size, learner.widths = Size(trained=10 * setting.width), range(8, 1025, 8)
        return learner
    """
    file = study("[architectures.large]\n[[architectures.eights]]\nwidth = 12\n[[architectures.eights]]", code)
    file.write_text(file.read_text().replace("width = 4", "parameters = 500"))
    large, twelve, solved = run_study(file, results=tmp_path / "r")
    assert (large.status, twelve.status, solved.status) == ("unsupported", "unsupported", "ok")
    assert large.message == "it has 7,000 numbers at any width, more than parameters = 500"
    assert twelve.message == "it cannot have the width 12; the nearest that it can have: 8 and 16"
    assert solved.spent.width == 48
