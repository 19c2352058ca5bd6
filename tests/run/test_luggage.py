"""The files that are sent to a worker with a trial, and the worker that gets a trial on a GPU."""

from pathlib import Path

import pytest

from benchbench.core.spec import Budget, Trial
from benchbench.run.cluster.luggage import Depot, chunks, packed
from benchbench.run.job import Job, Scheduled
from benchbench.run.origins import Origin, Source

pytest.importorskip("distributed")
from benchbench.run.cluster.link import Link
from benchbench.run.cluster.member import Member, jobs
from benchbench.run.cluster.session import Listeners, Session

BUDGET = Budget(name="few", updates=3)
ADDRESS = "tcp://127.0.0.1:9000"


def sent(text, paths, into):
    """The path under which a worker finds the file that an option names, after all missing files were sent."""
    source = Source(Path(text).name, tuple(paths), "", ())
    parcels = packed(Job(folder="/", files={Origin("task", "t", 1, "task_options.path", text): source}))
    for piece in [piece for parcel in parcels for piece in parcel.pieces]:
        content = Path(piece.path).read_bytes()
        assert b"".join(chunks(piece)) == content
        Depot(into / "depot").add(piece.sha256, content, first=True, last=True)
        Path(piece.path).unlink()  # a worker has no such path
    return Path(Depot(into / "depot").unpacked(parcels, into / "files")[text])


def test_the_signals_of_a_wfdb_record_are_sent_with_its_header(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    header, signal = home / "100.hea", home / "100.dat"
    header.write_text("100 1 360 2\n100.dat 16 200\n")
    signal.write_bytes(b"\1\0\2\0")
    there = sent(str(header), [header, signal], tmp_path)
    assert there.name == "100.hea"
    assert there.read_text().startswith("100 1")
    assert there.with_name("100.dat").read_bytes() == b"\1\0\2\0"


def test_a_folder_of_files_is_sent_whole_and_keeps_its_name(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("a.csv", "b.csv"):
        (home / name).write_text(name)
    there = sent(str(home), [home / "a.csv", home / "b.csv"], tmp_path)
    assert there.name == "home"
    assert {one.name: one.read_text() for one in there.iterdir()} == {"a.csv": "a.csv", "b.csv": "b.csv"}


def item(device):
    return Scheduled("b", Trial(study="s", task="t", architecture="a", length=1, seed=0, budget=BUDGET, device=device))


def member(**resources):
    return Member.of(ADDRESS, {"name": "w", "nthreads": 4, "last_seen": 0.0, "resources": resources}, 0.0)


def test_a_trial_on_a_gpu_goes_to_a_worker_that_offers_one_and_there_one_runs_at_a_time():
    assert [member(GPU=1).can(item("cuda")), member().can(item("cuda"))] == [True, False]
    assert [member(GPU=1).can(item("cpu")), member().can(item("cpu"))] == [True, True]
    assert jobs(member(GPU=1), Job(folder="/", devices=("cuda",))) == 1
    assert jobs(member(), Job(folder="/", devices=("cpu",), threads=2)) == 2


class Asked:
    """Stands for the client of a scheduler, and keeps what it is asked to run, and how."""

    def __init__(self):
        self.how = []

    def submit(self, function, *given, **how):
        self.how.append(how)
        return self

    def add_done_callback(self, function):
        pass


@pytest.mark.parametrize(("device", "resources"), [("cuda", {"GPU": 1}), ("cpu", None)])
def test_a_trial_on_a_gpu_asks_dask_for_the_resource(device, resources):
    link = object.__new__(Link)
    link.client = Asked()
    listeners = Listeners(**dict.fromkeys(("on_workers", "on_note", "on_start", "on_output"), lambda *_: None))
    session = Session(link, {}, "run", Job(folder="/"), [item(device)], patience=1.0, listeners=listeners)
    session._submit(member(GPU=1), item(device))
    [how] = link.client.how
    assert how["resources"] == resources
    assert how["workers"] == [ADDRESS]
    assert (how["allow_other_workers"], how["pure"], how["retries"]) == (False, False, 0)
