"""benchbench compares recurrent architectures under one budget, with paired seeds: their scores and their costs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchbench.core.errors import UnsupportedError
    from benchbench.core.objective import Metric, Objective
    from benchbench.core.problem import FreeRun, Problem, Setting, Size, Snapshot, Split
    from benchbench.core.registry import architecture, task
    from benchbench.core.spec import Budget
    from benchbench.core.study import Study
    from benchbench.report.frame import load
    from benchbench.report.write import write_report
    from benchbench.run.runner import run_study

__version__ = "0.1.0"
__all__ = [
    "Budget",
    "FreeRun",
    "Metric",
    "Objective",
    "Problem",
    "Setting",
    "Size",
    "Snapshot",
    "Split",
    "Study",
    "UnsupportedError",
    "architecture",
    "load",
    "run_study",
    "task",
    "write_report",
]

_HOMES = {
    "Budget": "core.spec",
    "FreeRun": "core.problem",
    "Metric": "core.objective",
    "Objective": "core.objective",
    "Problem": "core.problem",
    "Setting": "core.problem",
    "Size": "core.problem",
    "Snapshot": "core.problem",
    "Split": "core.problem",
    "Study": "core.study",
    "UnsupportedError": "core.errors",
    "architecture": "core.registry",
    "load": "report.frame",
    "run_study": "run.runner",
    "task": "core.registry",
    "write_report": "report.write",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562), so that ``import benchbench`` and ``--help`` stay fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'benchbench' has no attribute {name!r}")
    return getattr(import_module(f"benchbench.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, for completion in a notebook."""
    return [*__all__, "__version__"]
