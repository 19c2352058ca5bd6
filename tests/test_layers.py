"""Walks the source and checks the rules of the code: imports between folders, printing, and the length of files."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import benchbench

ROOT = Path(benchbench.__file__).parent
LINES = [
    "core",
    "statistics",
    "signals",
    "learn",
    "tasks",
    "architectures",
    "isolation",
    "measure",
    "run",
    "report",
    "compare",
    "pitfalls",
    "claims",
    "contract",
    "calibration",
    "workloads",
    "cli",
]  # from the lowest
BY_NAME_ONLY = {"architectures", "tasks"}
TORCH = {"learn", "architectures", "run", "measure", "contract", "calibration", "claims", "pitfalls"}
READS_RECORDS_ONLY = {"report", "compare"}
MAKES_RECORDS = {"run", "measure", "isolation", "learn", "signals", "architectures", "tasks"}
BY_NAME = {"core/registry.py"}  # looks into the folders
MOVED = {"run/contract.py", "run/workloads.py"}  # old addresses, until the next minor version
MOST_LINES, MOST_FUNCTION_LINES = 350, 50

Check = Callable[[str, str], list[str]]
"""(path within the package, source text) -> complaints."""


def files() -> Iterator[tuple[str, str]]:
    """Every module of the package: its path within it, and its text."""
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def layer(path: str) -> str:
    """The layer of a file: its folder, or its own name at the top."""
    name = path.partition("/")[0].removesuffix(".py")
    return "cli" if name == "__main__" else name  # python -m benchbench starts the same program


def imports(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of all that a file imports, wherever in the file.

    A public name of the package counts as the module that it comes from, and a dotted name in a text as an import.
    """
    package = ["benchbench", *path.split("/")[:-1]]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, _home(f"{origin}.{alias.name}")) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"benchbench(\.\w+)+", node.value):
                yield node.lineno, node.value
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "benchbench":
            yield node.lineno, _home(f"benchbench.{node.attr}")


def _home(name: str) -> str:
    """The full name of a public name of the package."""
    public = name.removeprefix("benchbench.")
    return f"benchbench.{benchbench._HOMES[public]}.{public}" if public in benchbench._HOMES else name


def upward(path: str, text: str) -> list[str]:
    own = layer(path)
    if path in MOVED:
        return []
    if own not in LINES:
        return [] if path == "__init__.py" else [f"{path}: stands on no line"]
    found = []
    for line, name in imports(path, text):
        parts = name.split(".")
        if parts[0] == "benchbench" and len(parts) > 1 and parts[1] in LINES:
            if path in BY_NAME and parts[1] in BY_NAME_ONLY:
                continue
            if LINES.index(parts[1]) > LINES.index(own):
                found.append(f"{path}:{line}: imports {name} from a higher line")
            if own in READS_RECORDS_ONLY and parts[1] in MAKES_RECORDS:
                found.append(f"{path}:{line}: what reads records needs no {parts[1]}")
    return found


def reached_by_import(path: str, text: str) -> list[str]:
    return [
        f"{path}:{line}: imports {name}, which is reached by name through the registry"
        for line, name in imports(path, text)
        if name.startswith("benchbench.") and name.split(".")[1] in BY_NAME_ONLY and path not in BY_NAME
    ]


def torch_elsewhere(path: str, text: str) -> list[str]:
    if layer(path) in TORCH:
        return []
    return [f"{path}:{line}: imports {name}" for line, name in imports(path, text) if name.split(".")[0] == "torch"]


def accelerator_by_name(path: str, text: str) -> list[str]:
    if path == "learn/device.py":
        return []
    lines = enumerate(text.casefold().splitlines(), start=1)
    return [f"{path}:{number}: says cuda" for number, line in lines if "cuda" in line]


def prints_or_exits(path: str, text: str) -> list[str]:
    if layer(path) == "cli":
        return []
    found = []
    for node in ast.walk(ast.parse(text)):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        raised = ast.unparse(node.exc) if isinstance(node, ast.Raise) and node.exc else ""
        if called in {"print", "rich.print", "exit", "quit", "sys.exit", "typer.Exit", "typer.echo"}:
            found.append(f"{path}:{node.lineno}: calls {called}")
        if raised.split("(")[0] in {"SystemExit", "Exit", "typer.Exit", "typer.Abort"}:
            found.append(f"{path}:{node.lineno}: raises {raised}")
    return found


def too_long(path: str, text: str) -> list[str]:
    count = len(text.splitlines())
    found = [f"{path}: {count} lines"] if count > MOST_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                found.append(f"{path}:{node.lineno}: {node.name} has {length} lines")
    return found


def undocumented(path: str, text: str) -> list[str]:
    return [] if ast.get_docstring(ast.parse(text)) else [f"{path}: has no docstring"]


def not_one_plug_in(path: str, text: str) -> list[str]:
    folder, _, file = path.rpartition("/")
    if folder not in BY_NAME_ONLY or file == "__init__.py":
        return []
    wanted = folder.removesuffix("s")
    names = [
        ast.unparse(mark.func).split(".")[-1]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call)
    ]
    marks = [name for name in names if name in {"architecture", "task"}]
    return [] if marks == [wanted] else [f"{path}: registers {marks or 'nothing'} instead of one {wanted}"]


CHECKS: list[Check] = [
    upward,
    reached_by_import,
    torch_elsewhere,
    accelerator_by_name,
    prints_or_exits,
    too_long,
    undocumented,
    not_one_plug_in,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_package_keeps_its_rules(check: Check) -> None:
    complaints = [complaint for path, text in files() for complaint in check(path, text)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_file_of_the_package_is_checked() -> None:
    paths = {path for path, _ in files()}
    assert {"__init__.py", "core/spec.py", "core/study.py", "report/__init__.py"} <= paths


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (upward, "core/bad.py", "import benchbench.learn.device"),
        (upward, "core/bad.py", "from benchbench.report.frame import load"),
        (upward, "core/bad.py", "from benchbench import run"),
        (upward, "core/bad.py", "from ..run import runner"),
        (upward, "core/bad.py", "from .. import cli"),
        (upward, "core/bad.py", "def late():\n    from benchbench.tasks import sine"),
        (upward, "core/bad.py", "if TYPE_CHECKING:\n    from benchbench.tasks import sine"),
        (upward, "run/bad.py", "import benchbench.report"),
        (upward, "report/bad.py", "from benchbench.run.runner import run_study"),
        (upward, "report/bad.py", "from benchbench.learn import readout"),
        (upward, "odd/bad.py", "import json"),
        (upward, "run/bad.py", "from benchbench import write_report"),
        (upward, "core/bad.py", "import benchbench\nbenchbench.run_study"),
        (upward, "run/bad.py", "import_module('benchbench.report.frame')"),
        (upward, "report/bad.py", "from benchbench.claims import names"),
        (upward, "isolation/bad.py", "PRELOAD = ['benchbench.run.preload']"),
        (upward, "compare/bad.py", "from benchbench.measure import machine"),
        (reached_by_import, "run/bad.py", "FOLDERS = ('benchbench.architectures', 'benchbench.tasks')"),
        (reached_by_import, "run/bad.py", "from benchbench.architectures.gru import gru"),
        (reached_by_import, "run/bad.py", "from benchbench import tasks"),
        (reached_by_import, "architectures/bad.py", "from benchbench.architectures import gru"),
        (reached_by_import, "architectures/bad.py", "from . import gru"),
        (reached_by_import, "tasks/bad.py", "from .sine import sine"),
        (torch_elsewhere, "tasks/bad.py", "import torch.nn as nn"),
        (torch_elsewhere, "report/bad.py", "def late():\n    from torch import nn"),
        (accelerator_by_name, "run/bad.py", "device = 'CUDA:0'"),
        (accelerator_by_name, "run/bad.py", "# a word on cuda"),
        (prints_or_exits, "run/bad.py", "print('done')"),
        (prints_or_exits, "run/bad.py", "import sys\nsys.exit(1)"),
        (prints_or_exits, "run/bad.py", "raise SystemExit"),
        (prints_or_exits, "run/bad.py", "raise SystemExit(2)"),
        (prints_or_exits, "run/bad.py", "raise typer.Exit(2)"),
        (too_long, "run/bad.py", "x = 1\n" * 351),
        (too_long, "run/bad.py", "def f():\n" + "    x = 1\n" * 50),
        (undocumented, "run/bad.py", "x = 1"),
        (undocumented, "run/bad.py", ""),
        (not_one_plug_in, "tasks/bad.py", "def sine(rng, length): ..."),
        (not_one_plug_in, "tasks/bad.py", "@architecture('x', version=1)\ndef sine(setting): ..."),
        (not_one_plug_in, "tasks/bad.py", "@task('a', version=1)\ndef a(): ...\n@task('b', version=1)\ndef b(): ..."),
    ],
)
def test_a_breach_of_a_rule_is_detected(check: Check, path: str, text: str) -> None:
    assert len(check(path, text)) >= 1


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (upward, "__init__.py", "from benchbench.run.runner import run_study"),
        (upward, "cli/good.py", "from benchbench.report import write"),
        (upward, "__main__.py", "from benchbench.cli import main"),
        (
            upward,
            "run/good.py",
            "from benchbench.core import spec\nfrom benchbench.learn import device\nfrom . import trial",
        ),
        (upward, "report/good.py", "from benchbench.core import store\nfrom benchbench.report import tables"),
        (upward, "tasks/good.py", "from benchbench import Problem, task"),
        (reached_by_import, "core/registry.py", "FOLDERS = ('benchbench.architectures', 'benchbench.tasks')"),
        (upward, "run/contract.py", "import_module('benchbench.contract')"),
        (torch_elsewhere, "architectures/good.py", "from torch import nn"),
        (accelerator_by_name, "learn/device.py", "torch.cuda.is_available()"),
        (prints_or_exits, "cli/good.py", "print('done')\nraise SystemExit(2)"),
        (prints_or_exits, "run/good.py", "try:\n    f()\nexcept SystemExit:\n    pass"),
        (too_long, "run/good.py", "def f():\n" + "    x = 1\n" * 49),
        (undocumented, "run/good.py", '"""What it does."""'),
        (not_one_plug_in, "tasks/good.py", "@task('a', version=1)\ndef a(rng, length): ...\ndef helper(): ..."),
        (not_one_plug_in, "tasks/__init__.py", ""),
    ],
)
def test_code_that_the_rules_allow_gives_no_complaint(check: Check, path: str, text: str) -> None:
    assert check(path, text) == []
