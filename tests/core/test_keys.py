"""Trials are found by the beginning of their keys, in one study or in all, and messages name the nearest keys."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchbench.core.errors import InputError
from benchbench.core.keys import find
from benchbench.core.record import Environment, Record
from benchbench.core.store import Store, file

Make = Callable[..., Record]


@pytest.fixture
def written(tmp_path: Path, make_record: Make) -> tuple[Path, list[Record]]:
    """A folder with three seeds of one machine, and the first of them from another machine, a day later."""
    records = [make_record(seed) for seed in range(3)]
    later = {"environment": Environment(machine="there"), "started": "2099-01-01T00:00:00+00:00"}
    records = [record.model_copy(update={"environment": Environment(machine="here")}) for record in records]
    records.append(records[0].model_copy(update=later))
    for record in records:
        Store(file(tmp_path, "main", record.environment.machine)).append(record)
    return tmp_path, records


def test_the_beginning_of_a_key_finds_its_trial_in_all_studies_and_in_its_own(
    written: tuple[Path, list[Record]],
) -> None:
    results, records = written
    key = records[1].trial.key
    assert find(results, key[:6]).record.trial == records[1].trial
    assert find(results, f" {key.upper()} ", "main").record.trial == records[1].trial


def test_the_newest_record_of_several_machines_counts_and_the_others_are_noted(
    written: tuple[Path, list[Record]],
) -> None:
    results, records = written
    found = find(results, records[0].trial.key)
    assert found.record.environment.machine == "there"
    assert [one.record.environment.machine for one in found.others] == ["here"]
    assert find(results, records[0].trial.key, machine="here").record.environment.machine == "here"
    with pytest.raises(InputError, match="unknown machine 'her'; did you mean 'here'"):
        find(results, records[0].trial.key, machine="her")


def test_siblings_are_the_seeds_of_the_same_machine(written: tuple[Path, list[Record]]) -> None:
    results, records = written
    found = find(results, records[0].trial.key, machine="here")
    assert [one.trial.seed for one in found.siblings] == [0, 1, 2]
    assert [one.trial.seed for one in find(results, records[0].trial.key).siblings] == [0]


def test_the_message_names_the_nearest_of_an_unknown_key_and_all_of_an_ambiguous_one(
    written: tuple[Path, list[Record]],
) -> None:
    results, records = written
    near = records[2].trial.key
    wrong = near[:-1] + ("0" if near[-1] != "0" else "1")
    with pytest.raises(InputError, match=f"begins with it. The nearest: {near} ") as said:
        find(results, wrong)
    assert records[2].trial.label in str(said.value)
    with pytest.raises(InputError, match="3 trials have keys that begin with it"):
        find(results, "")


def test_the_message_names_a_folder_without_records(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no records; --results"):
        find(tmp_path, "abc")
