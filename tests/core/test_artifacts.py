"""Artifacts are read as they were written, refused after a change, and removed if no record names them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchbench.core import artifacts
from benchbench.core.record import Environment, Record

ARRAYS = {"snapshot.0.states": np.arange(6, dtype=np.float32).reshape(2, 3), "free_run.true": np.zeros(0)}


@pytest.fixture
def kept(tmp_path: Path, make_record: Callable[..., Record]) -> tuple[Path, Record]:
    """A results folder and a record whose artifact lies in it."""
    content, named = artifacts.pack(ARRAYS)
    record = make_record().model_copy(update={"artifact": named, "environment": Environment(machine="here")})
    artifacts.write(artifacts.path(tmp_path, record), content)
    return tmp_path, record


def test_arrays_come_back_as_they_were(kept: tuple[Path, Record]) -> None:
    found, why = artifacts.read(*kept)
    assert why == ""
    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in ARRAYS.items()}
    assert all(found[name].dtype == array.dtype for name, array in ARRAYS.items())


def test_a_record_names_shapes_types_and_the_place_of_its_artifact(kept: tuple[Path, Record]) -> None:
    results, record = kept
    assert record.artifact is not None
    assert record.artifact.arrays["snapshot.0.states"].model_dump() == {"shape": [2, 3], "dtype": "float32"}
    assert artifacts.path(results, record) == results / "artifacts" / "main" / "here" / f"{record.trial.key}.npz"
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_a_missing_or_changed_artifact_gives_a_sentence_instead_of_arrays(kept: tuple[Path, Record]) -> None:
    results, record = kept
    file = artifacts.path(results, record)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert artifacts.read(results, record) == ({}, f"The artifact {file.name} is not the one that its record names.")
    file.unlink()
    assert artifacts.read(results, record) == ({}, f"The artifact {file.name} is not there.")


def test_a_record_without_an_artifact_gives_a_sentence_instead_of_arrays(
    tmp_path: Path, make_record: Callable[..., Record]
) -> None:
    assert artifacts.read(tmp_path, make_record()) == ({}, "The trial kept no arrays.")


def test_artifacts_that_no_record_names_are_removed(
    kept: tuple[Path, Record], make_record: Callable[..., Record]
) -> None:
    results, record = kept
    folder = artifacts.path(results, record).parent
    for name in ("0123456789abcdef.npz", f"{record.artifact_name}.77.new"):
        (folder / name).write_bytes(b"left over")
    artifacts.clear(folder, [record, make_record(1)])
    assert [file.name for file in folder.iterdir()] == [record.artifact_name]


def test_arrays_of_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="an array of objects cannot be kept"):
        artifacts.pack({"odd": np.array([{}], dtype=object)})


def test_the_same_arrays_give_the_same_bytes() -> None:
    assert artifacts.pack(ARRAYS) == artifacts.pack(ARRAYS)
