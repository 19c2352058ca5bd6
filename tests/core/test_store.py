import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from benchbench.core.errors import InputError
from benchbench.core.record import Environment, Record, Spent, Status
from benchbench.core.store import Store, Writer, folder, read

Make = Callable[..., Record]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "records" / "main" / "laptop.jsonl")


@pytest.fixture
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the wait for the disk, in tests that write thousands of times."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def full(store: Store, make_record: Make) -> Store:
    """A store of three records."""
    for seed in range(3):
        store.append(make_record(seed))
    return store


def seeds(store: Store) -> list[int]:
    return [record.trial.seed for record in store.records()]


def test_records_are_read_in_the_order_in_which_they_were_appended(store: Store, make_record: Make) -> None:
    made = [make_record(seed, message="line\nof ünïcode \u2028") for seed in (2, 0, 1)]
    for record in made:
        store.append(record)
    assert list(store.records()) == made
    assert store.keys() == {record.trial.key for record in made}
    assert len(store.path.read_bytes().splitlines()) == 3


def test_a_record_with_everything_survives_the_disk(store: Store, make_record: Make) -> None:
    made = make_record().model_copy(
        update={
            "status": Status.OVER_BUDGET,
            "scores": {"test_mse": 0.1, "test_r2": None},
            "curve": [(1, 0.5, 0.25, None), (2, 1.0, 1e-300, 0.125)],
            "spent": Spent(width=3, fit_seconds=0.1 + 0.2),
            "predict_seconds": [1e-9],
            "environment": Environment(cpu="x", threads=1),
        }
    )
    store.append(made)
    assert list(store.records()) == [made]


def test_a_line_has_the_documented_names(store: Store, make_record: Make) -> None:
    store.append(make_record())
    line = json.loads(store.path.read_text())
    assert line["schema"] == 3
    assert line["status"] == "ok"
    assert set(line) == {
        "trial", "status", "message", "scores", "groups", "curve", "spent", "predict_seconds", "data", "samples",
        "environment", "started", "block", "free_run", "schema", "objective", "classes", "baseline", "kernel",
        "undefined", "artifact", "kept", "files", "checksum", "solves", "watched", "added", "resolved",
    }  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_record_with_a_score_that_is_not_finite_is_refused(value: float, make_record: Make) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Record.model_validate({**make_record().model_dump(), "scores": {"test_mse": value}})


def test_a_missing_file_holds_no_records(store: Store) -> None:
    assert list(store.records()) == []
    assert store.keys() == set()


def test_an_empty_file_holds_no_records_and_can_be_appended_to(store: Store, make_record: Make) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.touch()
    assert seeds(store) == []
    store.append(make_record(5))
    assert seeds(store) == [5]


@pytest.mark.long
def test_a_file_that_is_cut_at_any_byte_keeps_its_complete_records_and_can_be_appended_to(
    store: Store, make_record: Make, fast_disk: None
) -> None:
    for seed in range(2):
        store.append(make_record(seed))
    content = store.path.read_bytes()
    ends = [place for place, byte in enumerate(content) if byte == ord("\n")]
    for cut in range(len(content) + 1):
        store.path.write_bytes(content[:cut])
        whole = list(range(sum(cut >= end for end in ends)))  # a record without its newline is whole
        assert seeds(store) == whole, f"cut at byte {cut}"
        store.append(make_record(9))
        assert seeds(store) == [*whole, 9], f"cut at byte {cut}"
        assert store.path.read_bytes().count(b"\n") == len(whole) + 1


def test_a_record_that_lost_only_its_newline_is_kept(full: Store, make_record: Make) -> None:
    full.path.write_bytes(full.path.read_bytes()[:-1])
    assert seeds(full) == [0, 1, 2]
    full.append(make_record(9))
    assert seeds(full) == [0, 1, 2, 9]


def test_reading_a_torn_file_does_not_change_it(full: Store) -> None:
    torn = full.path.read_bytes()[:-20]
    full.path.write_bytes(torn)
    assert seeds(full) == [0, 1]
    assert full.path.read_bytes() == torn


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("line", [b"garbage", b"{}", b'{"trial": 3}', b"\xff\xfe", b"null", b"[1, 2]"])
def test_a_bad_line_is_an_error_that_names_file_and_line(number: int, line: bytes, full: Store) -> None:
    lines = full.path.read_bytes().splitlines()
    lines[number - 1] = line
    full.path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(InputError) as caught:
        seeds(full)
    assert str(caught.value).startswith(f"{full.path}:{number}: not a record: ")
    assert "\n" not in str(caught.value)
    assert "http" not in str(caught.value)


def test_a_record_of_an_unknown_shape_is_refused_rather_than_dropped(full: Store, make_record: Make) -> None:
    newer = {**json.loads(make_record().model_dump_json(by_alias=True)), "unheard_of": 1}
    full.path.write_bytes(full.path.read_bytes() + json.dumps(newer).encode() + b"\n")
    with pytest.raises(InputError, match=r"laptop\.jsonl:4: not a record"):
        seeds(full)


@given(tail=st.binary(max_size=40).filter(lambda tail: b"\n" not in tail and not whole(tail)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_torn_tail_is_ignored_and_mended(tail: bytes, store: Store, make_record: Make, fast_disk: None) -> None:
    store.path.unlink(missing_ok=True)
    store.append(make_record(0))
    store.path.write_bytes(store.path.read_bytes() + tail)
    assert seeds(store) == [0]
    store.append(make_record(1))
    assert seeds(store) == [0, 1]


def test_records_of_all_machines_are_read_together(tmp_path: Path, make_record: Make) -> None:
    for seed, machine in ((0, "b-node"), (1, "a-laptop")):
        Store(folder(tmp_path, "main") / f"{machine}.jsonl").append(make_record(seed))
    Store(folder(tmp_path, "other") / "laptop.jsonl").append(make_record(7, study="other"))
    assert [line.record.trial.seed for line in read(tmp_path, "main")] == [1, 0]


def test_for_a_study_without_records_the_message_gives_the_nearest_study_that_has_some(
    tmp_path: Path, make_record: Make
) -> None:
    for study in ("main", "quick"):
        Store(folder(tmp_path, study) / "laptop.jsonl").append(make_record(study=study))
    (tmp_path / "records" / "a_file").touch()
    (tmp_path / "records" / "empty").mkdir()
    with pytest.raises(InputError, match=r"no records \(there are records of quick, main\); run `benchbench run STUDY"):
        read(tmp_path, "quikc")


def test_for_an_empty_folder_of_results_the_message_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"main: no records; run `benchbench run main\.toml` first"):
        read(tmp_path / "nowhere", "main", "main.toml")


def test_a_study_with_only_a_torn_record_has_no_record(tmp_path: Path) -> None:
    path = folder(tmp_path, "main") / "laptop.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"trial": {"stu')
    with pytest.raises(InputError, match="no complete record yet"):
        read(tmp_path, "main")


def test_a_record_is_on_the_disk_when_append_returns(
    store: Store, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    store.append(make_record())
    assert sizes == [store.path.stat().st_size]


def test_a_file_that_cannot_be_written_raises_an_error_of_the_system(tmp_path: Path, make_record: Make) -> None:
    (tmp_path / "results").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="results"):
        Store(tmp_path / "results" / "main" / "laptop.jsonl").append(make_record())


def test_a_write_that_fails_leaves_the_earlier_records_whole(
    full: Store, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = full.path.read_bytes()

    def refuse(*_: object, **__: object) -> Iterator[None]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(OSError, match="No space left"):
            full.append(make_record(9))
    assert full.path.read_bytes() == before
    full.append(make_record(9))
    assert seeds(full) == [0, 1, 2, 9]


def test_a_second_writer_is_refused_with_a_message_that_names_the_first(full: Store, make_record: Make) -> None:
    with full.locked():
        other = Store(full.path)
        with pytest.raises(InputError, match=f"is being written by process {os.getpid()}, since"), other.locked():
            pass
        full.append(make_record(7))
    with Store(full.path).locked():
        pass


def test_the_lock_of_a_killed_process_does_not_block(store: Store) -> None:
    code = (
        "import os, sys, pathlib; from benchbench.core.store import Store\n"
        "with Store(pathlib.Path(sys.argv[1])).locked(): os.kill(os.getpid(), 9)"
    )
    store.path.parent.mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", code, str(store.path)], check=False)
    assert done.returncode == -9
    with store.locked():
        pass


def test_the_error_of_a_failed_write_names_the_file(
    full: Store, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left") as error:
        full.append(make_record(7))
    assert error.value.filename == str(full.path)


def whole(line: bytes) -> bool:
    try:
        json.loads(line, parse_int=str)
    except ValueError:
        return False
    return True


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk of Linux")
def test_the_error_names_the_log_on_a_full_disk(tmp_path: Path) -> None:
    writer = Writer(tmp_path, "toy")
    writer.prepare()
    log = folder(tmp_path, "toy") / "here.log"
    log.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device; earlier records are whole") as caught:
        writer.log("here", "a trial", "what it printed")
    assert caught.value.filename == str(log)


def test_garbage_is_collected_again_after_a_reading_that_fails(tmp_path):
    import gc

    (tmp_path / "bad.jsonl").write_text('{"no": "record"}\n')
    with pytest.raises(InputError):
        Store(tmp_path / "bad.jsonl").reading()
    assert gc.isenabled()
