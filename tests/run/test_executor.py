"""Trials that run elsewhere: no code assumes that they run on the machine of the process that writes."""

from pathlib import Path

import numpy as np
import pytest

from benchbench import run_study
from benchbench.core import artifacts, store
from benchbench.core.errors import InputError
from benchbench.core.record import Environment, Record, Status
from benchbench.run.executor import Local
from benchbench.run.job import Job, inside
from benchbench.run.outcome import Outcome
from tests.run.elsewhere import Elsewhere

MANY = "[architectures.good]\ngain = [1.0, 2.0]\n[architectures.mean]"


def lines(results):
    """The number of records in each machine's file."""
    return {file.stem: len(file.read_text().splitlines()) for file in results.rglob("*.jsonl")}


@pytest.mark.long
def test_records_go_to_the_files_of_the_machines_that_made_them(study, tmp_path, short):
    file, results = study(MANY), tmp_path / "r"
    [here, *_] = run_study(file, results, jobs=1)
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 5"))
    started, made, heard = [], [], []
    records = run_study(
        file,
        results,
        executor=Elsewhere(short, "node-a", "node-b"),
        on_plan=lambda *counts: heard.append(counts),
        on_start=started.append,
        on_record=made.append,
    )
    assert {record.status for record in records} == {"ok"}
    assert [len(records), len(made), len(started)] == [15, 12, 12]
    assert heard == [(15, 3, 0)]
    found = lines(results)
    assert found.pop(here.environment.machine) == 3
    assert set(found) <= {"node-a", "node-b"}
    assert sum(found.values()) == 12
    assert {line.record.trial.key for line in store.read(results, "small")} == {record.trial.key for record in records}
    again = []
    assert len(run_study(file, results, executor=Elsewhere(short, "node-c"), on_record=again.append)) == 15
    assert again == []
    assert {path.suffix for path in store.folder(results, "small").iterdir()} <= {".jsonl", ".lock"}


@pytest.mark.long
def test_problems_are_made_once_on_the_machine_and_nothing_is_left_there(study, tmp_path, short, temporary):
    code = f"""
    @task("counted", version=1)
    def counted(rng, length):
        open({str(tmp_path / "made")!r}, "a").write(os.environ["TMPDIR"] + "\\n")
        return wave(rng, length)
    """
    file = study(MANY, code)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.counted").replace("seeds = 1", "seeds = 2"))
    run_study(file, tmp_path / "r", executor=Elsewhere(short, "node-a"))
    made = (tmp_path / "made").read_text().split()
    assert made == [str(temporary), *[str(short / "node-a")] * 2]  # by the check, then once a seed
    assert not list((short / "node-a").glob("benchbench*"))
    assert not list(temporary.iterdir())


THERE = """
class Says(Base):
    def fit(self, train, valid, meter):
        print("hello from there")
@architecture("says", version=1)
def says(setting):
    return Says(setting)
class Dies(Base):
    def fit(self, train, valid, meter):
        os._exit(3)
@architecture("dies", version=1, baseline=True)
def dies(setting):
    return Dies(setting)
"""


@pytest.mark.long
def test_a_record_names_its_machine_even_if_its_trial_was_lost(study, tmp_path, short):
    file = study("[architectures.dies]\n[architectures.says]", THERE)
    lost, said = run_study(file, tmp_path / "r", executor=Elsewhere(short, "node-a"), jobs=2)
    assert (lost.status, said.status) == ("failed", "ok")
    for record in (lost, said):
        assert (record.environment.machine, record.environment.jobs) == ("node-a", 1)
        assert record.environment.yardstick["cpu"]["gemm_gflops"] > 0.1
    assert lost.environment.yardstick == said.environment.yardstick  # measured once
    assert (lost.baseline, said.baseline) == (True, False)
    log = store.folder(tmp_path / "r", "small") / "node-a.log"
    assert log.read_text() == "== wave 20 says seed 0 few cpu\nhello from there\n"


@pytest.mark.attacks
def test_a_run_elsewhere_is_refused_while_one_of_the_files_is_written(study, tmp_path, short):
    file, elsewhere = study(MANY), Elsewhere(short, "node-a")

    def again(_):
        with pytest.raises(InputError, match="is being written by process"):
            run_study(file, tmp_path / "r", executor=elsewhere)

    run_study(file, tmp_path / "r", jobs=1, on_record=again)


@pytest.mark.attacks
def test_closing_the_run_ends_the_machines(study, tmp_path, short):
    file = study(MANY)
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 20"))

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(file, tmp_path / "r", executor=Elsewhere(short, "node-a"), on_record=stop)
    assert lines(tmp_path / "r") == {"node-a": 1}
    assert not list((short / "node-a").glob("benchbench*"))
    assert not list(store.folder(tmp_path / "r", "small").glob("*.holder"))


def fake(arrays):
    """An executor that gives each trial these arrays without running it."""

    class Fake:
        many_machines = True

        def prepare(self, job): ...

        def map(self, job, items, *, on_start, on_output):
            for item in items:
                on_start(item)
                content, named = artifacts.pack(arrays)
                record = Record(
                    trial=item.trial,
                    status=Status.OK,
                    environment=Environment(machine="node-a"),
                    artifact=named,
                    started="2030-01-01T00:00:00+00:00",
                )
                yield item, Outcome(record, content)

    return Fake()


def test_arrays_come_back_with_the_record_and_are_stored_in_a_file_of_their_own(study, tmp_path):
    arrays = {"free_run.true": np.arange(3.0)}
    results = tmp_path / "r"
    [record] = run_study(study(), results, executor=fake(arrays))
    found, why = artifacts.read(results, record)
    assert why == ""
    assert found["free_run.true"].tolist() == [0, 1, 2]
    assert artifacts.path(results, record).parent == results / "artifacts" / "small" / "node-a"


@pytest.mark.long
def test_arrays_that_no_record_names_are_cleared_by_the_next_run(study, tmp_path):
    results, file = tmp_path / "r", study("[architectures.good]\n[architectures.mean]")
    made = []
    run_study(file, results, executor=fake({"a": np.ones(2)}), on_record=made.append)
    kept, left = (artifacts.path(results, record) for record in made)
    path = store.file(results, "small", "node-a")
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    (kept.parent / f"{kept.name}.77.new").write_bytes(b"torn")
    run_study(file, results, machine="node-a")
    assert [name.name for name in kept.parent.iterdir()] == [kept.name]
    assert not left.exists()


def test_arrays_that_cannot_be_written_end_the_run_and_leave_no_line(study, tmp_path):
    results = tmp_path / "r"
    results.mkdir()
    (results / "artifacts").write_text("a file in the way")
    with pytest.raises(OSError, match="earlier records are whole") as error:
        run_study(study(), results, executor=fake({"a": np.ones(2)}))
    assert error.value.filename.endswith(".npz")
    assert lines(results) in ({}, {"node-a": 0})


@pytest.mark.long
def test_the_folder_of_a_run_is_gone_after_a_run_that_ends_in_any_way(study, tmp_path, temporary):
    run_study(study(), tmp_path / "r")
    assert not list(temporary.iterdir())

    def stop(_):
        assert list(temporary.iterdir())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(study(), tmp_path / "b", on_start=stop)
    assert not list(temporary.iterdir())


def test_a_missing_folder_of_a_study_leaves_the_current_folder(tmp_path):
    with inside(tmp_path / "nowhere"):
        assert Path.cwd().exists()


@pytest.mark.attacks
def test_a_device_that_the_machine_lacks_ends_the_run(study, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("it is here")
    with pytest.raises(InputError, match="finds no CUDA device"):
        next(Local().map(Job(folder=str(tmp_path), devices=("cuda",)), []))
    with pytest.raises(InputError, match="finds no CUDA device"):
        run_study(study(), tmp_path / "r", executor=Local(many_machines=True), device="cuda")


@pytest.mark.long
def test_the_check_reports_its_progress(study, tmp_path):
    file, heard = study(), []
    file.write_text(file.read_text().replace("[20]", "[20, 30, 40]"))
    run_study(file, tmp_path / "r", on_check=lambda done, count: heard.append((done, count)))
    assert heard == [(1, 3), (2, 3), (3, 3)]
    run_study(file, tmp_path / "r", on_check=lambda done, count: heard.append((done, count)))
    assert len(heard) == 3


COUNTS = """
class Wide(Base):
    def __init__(self, setting):
        self.setting, self.size = setting, Size(trained=setting.width * setting.length)
@architecture("wide", version=1)
def wide(setting):
    open(os.environ["MADE"], "a").write(f"{setting.width} ")
    return Wide(setting)
@task("grows", version=1)
def grows(rng, length, *, by_seed: bool = False):
    return wave(rng, length + (int(rng.integers(1, 1000)) % 7 if by_seed else 0))
"""


@pytest.mark.long
@pytest.mark.parametrize("by_seed", [False, True])
def test_the_width_of_the_check_is_solved_once_and_holds_only_for_problems_of_its_shape(
    study, tmp_path, monkeypatch, by_seed
):
    monkeypatch.setenv("MADE", str(tmp_path / "made"))
    file = study("[architectures.wide]", COUNTS)
    text = file.read_text().replace("tasks.wave]", f"tasks.grows]\nby_seed = {str(by_seed).lower()}")
    file.write_text(text.replace("width = 4", "parameters = 100").replace("seeds = 1", "seeds = 6"))
    records = run_study(file, tmp_path / "r", jobs=1)
    assert {record.status for record in records} == {"ok"}
    assert all(
        record.spent.width == 100 // (record.spent.trained_parameters // record.spent.width) for record in records
    )
    made = (tmp_path / "made").read_text().split()
    if by_seed:
        assert len({record.spent.width for record in records}) > 1
    else:
        assert made[-6:] == ["5"] * 6
        assert made.count("1") == 3  # the check alone has tried widths


ASKS = """
class Asks(Base):
    def fit(self, train, valid, meter):
        assert ("wfdb" in sys.modules) == LOADED
@architecture("asks", version=1)
def asks(setting):
    return Asks(setting)
"""


@pytest.mark.long
@pytest.mark.parametrize("more", ["LOADED = False", "LOADED = True\nPRELOAD = ('wfdb', 'no_such_module')"])
def test_the_modules_that_a_task_s_data_need_are_imported_beforehand_if_a_study_has_that_task(study, tmp_path, more):
    [record] = run_study(study("[architectures.asks]", f"{ASKS}{more}\n"), tmp_path / "r")
    assert (record.status, record.message) == ("ok", "")


@pytest.mark.attacks
def test_a_machine_that_is_lost_costs_one_trial(study, tmp_path, short):
    code = """
    class Kills(Base):
        def fit(self, train, valid, meter):
            import psutil
            for one in reversed(psutil.Process().parents()[:3]):
                if "tests.run.elsewhere" in one.cmdline():
                    one.kill()
            time.sleep(60)
    @architecture("kills", version=1)
    def kills(setting):
        return Kills(setting)
    """
    file = study("[architectures.kills]\n[architectures.good]", code)
    records = run_study(file, tmp_path / "r", executor=Elsewhere(short, "node-a", "node-b"))
    assert [(record.status, record.message) for record in records if record.trial.architecture == "kills"] == [
        ("failed", f"the machine {records[0].environment.machine} is gone")
    ]
    assert records[1].status == "ok"


def test_a_record_without_a_machine_can_be_resumed_by_an_executor_of_many(tmp_path):
    with store.Writer(tmp_path, "small") as writer:
        writer.hold("unknown")
        assert writer.hold("") == writer.hold("unknown") == []


WAITS = """
class Waits(Base):
    def fit(self, train, valid, meter):
        folder = os.environ["FITS"]
        open(f"{folder}/{os.getpid()}", "x").close()
        if len(os.listdir(folder)) == 1:
            while len(os.listdir(folder)) < 12:
                time.sleep(0.01)
@architecture("waits", version=1)
def waits(setting):
    return Waits(setting)
"""


@pytest.mark.long
def test_a_long_trial_has_its_scores_though_many_other_data_were_examined_meanwhile(study, tmp_path, monkeypatch):
    monkeypatch.setenv("FITS", str(tmp_path / "fits"))
    (tmp_path / "fits").mkdir()
    file = study("[architectures.waits]", WAITS)
    file.write_text(file.read_text().replace("seeds = 1", "seeds = 14"))
    records = run_study(file, tmp_path / "r", jobs=2, timeout=60)
    assert {(record.status, record.message) for record in records} == {(Status.OK, "")}
    assert all(record.scores.get("test_mse", 0) > 0 for record in records)
