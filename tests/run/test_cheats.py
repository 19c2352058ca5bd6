"""Cheats, each a competitor of a plug-in file: a cheat has no effect, or its record shows it."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from benchbench import load, run_study, write_report
from benchbench.core.marks import marks

pytestmark = [
    pytest.mark.attacks,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux"),
]
HERE = Path(__file__).parent
HONEST = ("gru", "esn", "linear", "mean", "persistence", "honest")
CHEATS = {
    "factory": "make", "sizes": "size", "pauses": "paused", "lazy": "predict", "once": "stretch",
    "stoppedclock": "meter", "silent": "updates", "makesthedata": "floor", "neighbours": "alone", "delays": "single",
}  # fmt: skip
STUDY = """
name = "cheats"
lengths = [20]
seeds = 1
plugins = ["cheats.py", "cheated_tasks.py"]
[[budgets]]
name = "few"
width = 4
updates = 20
batch = 16
"""


def study(folder, task, architectures):
    for name in ("cheats.py", "cheated_tasks.py"):
        (folder / name).write_text((HERE / name).read_text())
    file = folder / "study.toml"
    file.write_text("\n".join([STUDY, f"[tasks.{task}]", *architectures]))
    return file


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The records of all cheats on one task by architecture, the log, and the folder."""
    folder = tmp_path_factory.mktemp("cheats")
    names = [*HONEST, *CHEATS, "patches", "postpones", "memoises"]
    file = study(folder, "noise", [f"[architectures.{name}]" for name in names])
    file.write_text(file.read_text() + "\n[architectures.remembers]\nnumber = [1, 2]\n")
    records = run_study(file, folder / "r", jobs=1)
    assert {record.status for record in records} == {"ok"}
    [log] = (folder / "r").rglob("*.log")
    return {record.trial.architecture: record for record in records}, log.read_text(), folder


@pytest.mark.parametrize(("name", "about"), CHEATS.items())
def test_the_mark_of_a_cheat_names_what_it_does(results, name, about):
    found = [mark.about for mark in marks(results[0][name])]
    assert about in found
    assert set(found) <= {about, "stretch", "floor"}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_competitor_has_no_mark(results, name):
    assert marks(results[0][name]) == []


@pytest.mark.parametrize("name", ["postpones", "memoises"])
def test_a_prediction_is_timed_until_its_numbers_are_in_memory_and_computed_again_each_time(results, name):
    assert min(results[0][name].predict_seconds) >= 0.05


def test_a_competitor_that_takes_the_test_inputs_in_its_fit_has_no_score(tmp_path):
    [record] = run_study(study(tmp_path, "noise", ["[architectures.early]"]), tmp_path / "r")
    assert record.status == "failed"
    assert "asked for twice" in record.message
    assert record.scores == {}


def test_changes_of_a_plug_in_file_to_pytorch_reach_no_other_competitor(tmp_path):
    file = study(tmp_path, "noise", ["[architectures.gru]\n[architectures.slow]"])
    file.write_text(file.read_text().replace('"cheats.py"', '"cheats.py", "slow.py"'))
    (tmp_path / "slow.py").write_text(
        textwrap.dedent("""
        import torch
        from benchbench import architecture
        from benchbench.learn import Gradient
        torch.nn.GRU.forward = lambda *_: 1 / 0
        @architecture("slow", version=1)
        def slow(setting):
            return Gradient(setting, lambda inputs, width: torch.nn.GRU(inputs, width, batch_first=True))
        """)
    )
    found = {record.trial.architecture: record.status for record in run_study(file, tmp_path / "r")}
    assert found == {"gru": "ok", "slow": "failed"}


def test_a_metric_that_a_competitor_patches_does_not_change(results):
    records = results[0]
    assert records["patches"].scores == records["honest"].scores
    assert records["patches"].scores["test_mse"] > 1


def test_a_competitor_that_leaves_files_finds_none_in_its_next_trial(results):
    assert re.findall(r"remembered (\d)", results[1]) == ["0", "0"]


def test_the_report_names_a_mark_and_does_not_rank_the_marked_trial(results):
    folder = results[2]
    page = write_report("cheats", folder / "r")
    said = (page.parent / "tasks" / "noise.md").read_text()
    assert re.search(r"Marked: makesthedata \(length 20, seed 0\)\. Its test mse of 0 is beyond the floor", said)
    assert re.search(
        r"Marked: factory .* Off the clock: making the learner took [\d.]+ s\. Its times are left out", said
    )
    frame = load("cheats", folder / "r").set_index("architecture")
    assert set(frame.index[frame["unranked"]]) == {"makesthedata", "neighbours", "silent"}
    assert frame.loc["makesthedata", "test_mse"] == frame["test_mse"].min()
    taken = (page.parent / "tables" / "answers.csv").read_text()
    assert "makesthedata" not in taken
    assert "neighbours" not in taken


def test_no_process_of_a_competitor_holds_test_targets(tmp_path):
    hunters = "[architectures.hunter]\nnumber = [1, 2, 3]\n[architectures.honest]"
    records = run_study(study(tmp_path, "secret", [hunters]), tmp_path / "r", jobs=1)
    assert {record.status for record in records} == {"ok"}
    assert all(record.scores["test_mse"] > 1e15 for record in records)  # they were scored against them
    hunted = [record.free_run for record in records if record.trial.architecture == "hunter"]
    assert [(run.status, run.validation_time) for run in hunted] == [("ok", 0.0)] * 3
    [log] = (tmp_path / "r").rglob("*.log")
    found = re.findall(r"hunted (.*): (\d+) (\d+) (\d+)", log.read_text())
    assert {place for place, *_ in found} == {"in the factory", "in the fit", "in a prediction", "in a free run"}
    assert {tuple(counts) for _, *counts in found} == {("0", "0", "0")}


def test_the_hunter_finds_arrays_in_objects_memory_and_files(tmp_path):
    code = f"""
    import sys; sys.path.insert(0, {str(HERE)!r})
    import numpy as np, cheats, os, tempfile
    kept = (77_777_000 + 8.0 * np.arange(-50, 50)).astype(np.float32)
    assert cheats._in_objects() >= 100 and cheats._in_memory() >= 100
    file = tempfile.TemporaryFile(); file.write(kept.tobytes()); file.flush(); file.seek(0)
    assert cheats._in_files() >= 100
    """
    room = tmp_path / "run" / "trial"
    room.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "TMPDIR": str(room)}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=environment)


def test_a_file_that_registers_a_task_and_an_architecture_is_noted(tmp_path):
    both = (HERE / "cheated_tasks.py").read_text() + textwrap.dedent("""
    from benchbench import Size, architecture
    class Zero:
        size = Size(trained=1)
        def fit(self, train, valid, meter):
            while meter.spend():
                pass
        def predict(self, inputs):
            return np.zeros((len(inputs), 1, 1), np.float32)
    @architecture("zero", version=1)
    def zero(setting):
        return Zero()
    """)
    file = study(tmp_path, "noise", ["[architectures.zero]"])
    (tmp_path / "cheated_tasks.py").write_text(both)
    [record] = run_study(file, tmp_path / "r")
    assert [(mark.kind, mark.about) for mark in marks(record)] == [("noted", "mixed")]
    page = write_report("cheats", tmp_path / "r").parent / "tasks" / "noise.md"
    assert "Marked: The file that registers the task also registers architectures" in page.read_text()
