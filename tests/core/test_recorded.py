"""The records of a run, which are read from their lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchbench.core import later
from benchbench.core.later import ByKey, Recorded
from benchbench.core.lines import sealed
from benchbench.core.record import Record
from benchbench.core.store import Store

Make = Callable[..., Record]


@pytest.fixture
def made(make_record: Make) -> list[Record]:
    return [make_record(seed) for seed in range(4)]


@pytest.fixture
def store(tmp_path: Path, made: list[Record]) -> Store:
    file = tmp_path / "machine.jsonl"
    file.write_bytes(b"".join(sealed(record) + b"\n" for record in made))
    return Store(file)


def test_the_records_of_a_run_stay_when_their_file_is_removed(store: Store, made: list[Record]) -> None:
    records = Recorded(store.heads())
    store.path.unlink()
    assert list(records) == made


def test_more_records_than_memory_should_hold_are_read_when_they_are_asked_for(
    store: Store, made: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later, "HELD", 3)
    records = Recorded(store.heads())
    assert list(records) == made
    assert [head.trial for head in records.heads] == [record.trial for record in made]
    store.path.unlink()
    with pytest.raises(FileNotFoundError):
        records[0]


def test_the_last_record_of_a_trial_counts(store: Store, made: list[Record], make_record: Make) -> None:
    again = make_record(2, message="again")
    with store.path.open("ab") as file:
        file.write(sealed(again) + b"\n")
    found = ByKey(store.heads())
    assert len(found) == len(made)
    assert found[again.trial.key] == again
    assert found.head(made[1].trial.key).trial == made[1].trial
