"""What other programs rely on: the public names, and that they cost nothing until they are used."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import benchbench
import benchbench.learn

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
DOCUMENTED = [
    "architecture",
    "task",
    "Setting",
    "Size",
    "Split",
    "FreeRun",
    "Snapshot",
    "Problem",
    "Objective",
    "Metric",
    "UnsupportedError",
    "Budget",
    "Study",
    "load",
    "run_study",
    "write_report",
]


@pytest.mark.parametrize("name", sorted({*benchbench.__all__, *DOCUMENTED}))
def test_a_public_name_can_be_used(name: str) -> None:
    assert callable(getattr(benchbench, name))


def test_the_public_names_are_the_documented_ones() -> None:
    assert sorted(benchbench.__all__) == sorted(DOCUMENTED)


def test_a_notebook_completes_the_public_names() -> None:
    assert set(DOCUMENTED) <= set(dir(benchbench))
    assert dir(benchbench.learn) == ["Gradient"]


def test_completing_a_name_imports_nothing_heavy() -> None:
    assert not loaded_by("import benchbench, benchbench.learn; dir(benchbench), dir(benchbench.learn)") & {"torch"}


def test_all_public_names_can_be_imported_at_once() -> None:
    names: dict[str, object] = {}
    exec("from benchbench import *", names)  # noqa: S102
    assert set(benchbench.__all__) <= set(names)


def test_a_gradient_learner_can_be_built_from_a_core() -> None:
    from benchbench.learn import Gradient

    assert callable(Gradient)


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a statement brings into a fresh interpreter."""
    program = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert "benchbench" in loaded_by("import benchbench")
    assert not loaded_by("import benchbench") & {"torch", "numpy", "pydantic", "pandas", "sklearn", "matplotlib"}


def test_reading_a_study_imports_no_torch() -> None:
    assert "torch" not in loaded_by("from benchbench import Study, Budget, architecture, task, Problem")


def test_reading_and_reporting_records_imports_no_torch() -> None:
    assert "torch" not in loaded_by("from benchbench import load, write_report")


def test_the_checker_sees_what_is_imported() -> None:
    assert "numpy" in loaded_by("from benchbench import Problem")


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'benchbench' has no attribute 'nonsense'"):
        benchbench.nonsense  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        exec("from benchbench import nonsense")  # noqa: S102


def test_the_version_is_that_of_the_project() -> None:
    assert benchbench.__version__ == tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
