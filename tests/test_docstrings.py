"""Docstrings of functions and classes over arrays, held by walking the source: each gives the shape of its arrays."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import benchbench

ROOT = Path(benchbench.__file__).parent
ROOMS = sorted({path.relative_to(ROOT).parts[0] for path in ROOT.rglob("*.py")})
"""The folders and the modules at the top of the package."""

ARRAYS = {"NDArray", "ndarray", "ArrayLike", "Tensor", "csr_array"}
DIMENSIONS = re.findall(
    r"\w+",
    "ahead batch beat budget channel class column competitor delay directions feature features frequency gate inputs "
    "lane layers length link m n output outputs pair piece point row run sample samples scored seed sequence size "
    "snapshot start step "
    "steps tap task time try unit value wave width",
)
"""The words that name a dimension in a docstring; a sum or product of them is one too, as in ``(steps + 1,)``."""

_WORD = rf"(?:\d+|{'|'.join(sorted(DIMENSIONS, key=len, reverse=True))})"
_DIMENSION = rf"(?:{_WORD}(?: [+x-] {_WORD})*|\.\.\.)"
SHAPE = re.compile(rf"\((?:{_DIMENSION},|{_DIMENSION}(?:, {_DIMENSION})+)\)")

Function = ast.FunctionDef | ast.AsyncFunctionDef
TYPES = ast.Name | ast.Attribute | ast.Subscript | ast.BinOp  # how an alias of a type is written
Names = frozenset[str]


def complaints(tree: ast.Module, arrays: Names) -> Iterator[str]:
    """What takes, returns or holds arrays without giving a shape; ``arrays`` are the names of array types."""
    for node in tree.body:
        if isinstance(node, Function) and over_arrays(node, arrays) and not gives_shape(node):
            yield f"{node.lineno}: {node.name}"
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from class_complaints(node, arrays)


def class_complaints(node: ast.ClassDef, arrays: Names) -> Iterator[str]:
    """A class that holds arrays gives their shape, and for a method over arrays the method or its class does."""
    if gives_shape(node):
        return
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    if any(mentions(one.annotation, arrays) for one in fields if not ast.unparse(one.target).startswith("_")):
        yield f"{node.lineno}: {node.name}"
    for method in node.body:
        if isinstance(method, Function) and over_arrays(method, arrays) and not gives_shape(method):
            yield f"{method.lineno}: {node.name}.{method.name}"


def over_arrays(node: Function, arrays: Names) -> bool:
    """Whether a function is public and takes or returns an array."""
    taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    annotations = [node.returns, *(one.annotation for one in taken)]
    return not node.name.startswith("_") and any(mentions(one, arrays) for one in annotations)


def mentions(annotation: ast.expr | None, arrays: Names) -> bool:
    """Whether an annotation is an array type or has one in it; a function over arrays is not."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return mentions(ast.parse(annotation.value, mode="eval").body, arrays)
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith(("Callable", "Literal")):
        return False
    if isinstance(annotation, ast.Name | ast.Attribute):
        return ast.unparse(annotation).rpartition(".")[2] in arrays
    return any(mentions(part, arrays) for part in ast.iter_child_nodes(annotation) if isinstance(part, ast.expr))


def gives_shape(node: Function | ast.ClassDef) -> bool:
    """Whether a docstring has a shape in parentheses, such as ``(batch, time, feature)`` or ``(n,)``."""
    return SHAPE.search(" ".join((ast.get_docstring(node) or "").split())) is not None


@cache
def parsed(path: str) -> ast.Module:
    """The syntax tree of a module, by its path within the package."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def array_names(path: str) -> Names:
    """The names of array types in a module: NumPy's and PyTorch's, its own aliases, and those that it imports."""
    names = set(ARRAYS)
    for node in parsed(path).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("benchbench."):
            origin = "/".join(node.module.split(".")[1:]) + ".py"
            known = array_names(origin) if (ROOT / origin).is_file() else frozenset()
            names |= {alias.asname or alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.Assign) and isinstance(node.value, TYPES) and mentions(node.value, names):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(names)


def modules(room: str) -> list[str]:
    """The paths of a top-level module, or of the modules of a folder, within the package."""
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    return [file.relative_to(ROOT).as_posix() for file in files]


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_and_classes_over_arrays_give_their_shapes(room: str) -> None:
    paths = modules(room)
    assert paths
    assert [f"{path}:{one}" for path in paths for one in complaints(parsed(path), array_names(path))] == []


def test_the_walk_finds_the_functions_over_arrays_of_the_package() -> None:
    found = [
        node.name
        for room in ROOMS
        for path in modules(room)
        for node in ast.walk(parsed(path))
        if isinstance(node, Function) and over_arrays(node, array_names(path))
    ]
    assert len(found) > 100
    assert {"compare_pairs", "cut", "generate_by_window", "mse", "law", "heartbeat", "euler"} <= set(found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(x: Array) -> float:\n    '''The mean of x.'''", ["1: f"]),
        ("def f(x: Array) -> float:\n    '''The mean of x (n,).'''", []),
        ("def f(x: Array) -> float:\n    '''The mean of x (batch,\n    time, 2).'''", []),
        ("def f(x: Array) -> float:\n    '''The mean of x (steps + 1, layers x directions).'''", []),
        ("def f(x: Array) -> float:\n    '''The mean (of time, or of a sequence) of x (time).'''", ["1: f"]),
        ("def f(x: Array) -> float:\n    '''The mean of x (mean, persistence).'''", ["1: f"]),
        ("def f(x: float) -> 'Array | None':\n    '''The array.'''", ["1: f"]),
        ("def f(*, x: np.ndarray) -> None:\n    '''Print it.'''", ["1: f"]),
        ("def f(x: list[torch.Tensor]) -> None:\n    '''Print them.'''", ["1: f"]),
        ("def f(x: Callable[[Array], Array]) -> None:\n    '''Call it.'''", []),
        ("def f(x: float) -> float:\n    '''Twice the number.'''", []),
        ("def _f(x: Array) -> float:\n    '''The mean of x.'''", []),
        ("class A:\n    '''A thing.'''\n    x: Array", ["1: A"]),
        ("class A:\n    '''A thing with x (n,).'''\n    x: Array", []),
        ("class A:\n    '''A thing.'''\n    def f(self, x: Array):\n        '''Use x.'''", ["3: A.f"]),
        ("class A:\n    '''A thing.'''\n    def f(self, x: Array):\n        '''Use x (n,).'''", []),
        ("class A:\n    '''A thing of arrays (n,).'''\n    def f(self, x: Array):\n        '''Use x.'''", []),
        ("class A:\n    '''A thing.'''\n    _x: Array", []),
        ("class _A:\n    '''A thing.'''\n    def f(self, x: Array):\n        '''Use x.'''", []),
    ],
)
def test_a_docstring_without_a_shape_is_found(source: str, found: list[str]) -> None:
    assert list(complaints(ast.parse(source), frozenset({*ARRAYS, "Array"}))) == found


def test_aliases_of_array_types_are_followed_from_module_to_module() -> None:
    assert {"Array", "NDArray"} <= array_names("core/problem.py")
    assert {"Array", "Lengths"} <= array_names("learn/gradient.py")
    assert "Predict" not in array_names("core/closed_loop.py")
    assert "Comparison" not in array_names("statistics/pairs.py")
