"""Registry: finds architectures and tasks in the package, in entry points of group ``benchbench``, and in files."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from benchbench.core.errors import InputError, short, unknown
from benchbench.core.fresh import Applies
from benchbench.core.options import schema
from benchbench.core.spec import NAME, NAME_RULE

Kind = Literal["architecture", "task"]
Function = TypeVar("Function", bound=Callable[..., Any])

_POSITIONAL: Mapping[str, tuple[str, ...]] = {"architecture": ("setting",), "task": ("rng", "length")}
_FOLDERS = ("benchbench.architectures", "benchbench.tasks")
_MARK = "_benchbench_plugins"

PLUGIN = "benchbench_plugin_"
"""The prefix of the names under which plug-in files are imported."""

PRELOAD = "PRELOAD"
"""The name of the tuple in which a module of tasks lists the modules that it imports when it reads data."""


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A registered architecture or task: its name, version and function, and the ``place`` where it is defined.

    An architecture has ``baseline`` and ``solves`` (it solves instead of stepping), and its ``engines`` with their
    versions (None for torch, whose version is in the environment). A task has the ``lengths`` of sequences that it can
    make, or None where it can make any. Where its learners can be applied to files, its function ``applies`` prepares a
    file for them. A task that is not ``seeded`` makes the same problem for every seed.
    """

    kind: Kind
    name: str
    version: int
    function: Callable[..., Any]
    place: str
    baseline: bool = False
    solves: bool = False
    engines: Mapping[str, int | None] = field(default_factory=lambda: {"torch": None})
    lengths: tuple[int, ...] | None = None
    applies: Applies | None = None
    seeded: bool = True

    @cached_property
    def options(self) -> type[BaseModel]:
        """The schema of the plug-in's options."""
        return schema(self.function, _POSITIONAL[self.kind])

    @property
    def file(self) -> str:
        """The file in which the plug-in's function is defined."""
        return str(inspect.unwrap(self.function).__code__.co_filename)

    @property
    def summary(self) -> str:
        """The first line of the docstring of the function or, if it has none, of its module."""
        text = inspect.getdoc(self.function) or inspect.getdoc(inspect.getmodule(self.function)) or ""
        return text.partition("\n")[0]


def architecture(
    name: str,
    *,
    version: int,
    baseline: bool = False,
    solves: bool = False,
    engines: Iterable[str] | Mapping[str, int | None] = ("torch",),
) -> Callable[[Function], Function]:
    """Register a function ``(setting, *, option=default) -> Learner`` under ``name``.

    Raise ``version`` when the architecture's results change: old records are then shown as old. A ``baseline`` serves
    as a reference that others should beat. An architecture that ``solves`` does not train step by step (ridge, nearest
    neighbours). ``engines`` lists the engines that can carry it out, or maps each to the version of its code. Raises
    InputError for a wrong name, version or signature.
    """
    facts = {"baseline": bool(baseline), "solves": bool(solves), "engines": _engines(name, engines)}
    return _register("architecture", name, version, facts)


def task(
    name: str,
    *,
    version: int,
    lengths: Iterable[int] | None = None,
    applies: Applies | None = None,
    seeded: bool = True,
) -> Callable[[Function], Function]:
    """Register a function ``(rng, length, *, option=default) -> Problem`` under ``name``.

    ``version`` and the errors are as in ``architecture``. ``lengths`` lists the lengths of sequences that the task can
    make, where it cannot make every length. ``applies`` prepares a new file for a learner that was fitted on this task
    (``core.fresh.Applies``). A task that is not ``seeded`` makes the same problem for every seed, so that a run makes
    it once for all of them.
    """
    allowed = None if lengths is None else tuple(lengths)
    if allowed is not None and not (allowed and all(type(length) is int and length > 0 for length in allowed)):
        raise InputError(f"task {name!r}: lengths must be whole numbers from 1, not {short(allowed)}")
    return _register("task", name, version, {"lengths": allowed, "applies": applies, "seeded": bool(seeded)})


def _engines(name: str, engines: Iterable[str] | Mapping[str, int | None]) -> Mapping[str, int | None]:
    wanted = [engines] if isinstance(engines, str) else engines
    if isinstance(wanted, Mapping):
        versions = dict(wanted)
    else:
        versions = {engine: None if engine == "torch" else 1 for engine in wanted}
    if not versions or not all(isinstance(e, str) and re.fullmatch(NAME, e) for e in versions):
        raise InputError(f"architecture {name!r}: engines must be one or more names, as ('torch',): {NAME_RULE}")
    if versions.get("torch") is not None:
        raise InputError(f"architecture {name!r}: engine 'torch' takes no version: the environment has it; give None")
    if any(e != "torch" and (type(v) is not int or v < 1) for e, v in versions.items()):
        raise InputError(f"architecture {name!r}: the version of an engine must be a whole number from 1")
    return MappingProxyType(versions)


def _register(kind: Kind, name: str, version: int, facts: Mapping[str, Any]) -> Callable[[Function], Function]:
    if not isinstance(name, str) or not re.fullmatch(NAME, name) or len(name) > 80:
        raise InputError(f"{kind} name {short(name)}: {NAME_RULE}, at most 80 of them")
    if type(version) is not int or version < 1:
        raise InputError(f"{kind} {name!r}: version must be a whole number from 1, not {version!r}")

    def mark(function: Function) -> Function:
        own = inspect.unwrap(function)  # a decorator of its own may come from another module
        if not inspect.isfunction(own):
            raise InputError(f"{kind} {name!r}: @{kind} decorates {short(function)}; it must decorate a function")
        line = f":{own.__code__.co_firstlineno}"
        module = sys.modules.get(function.__module__)
        place = f"{getattr(module, '__file__', None) or function.__module__}{line}"
        plugin = Plugin(kind=kind, name=name, version=version, function=function, place=place, **facts)
        plugin.options  # noqa: B018  a wrong signature raises an error here, where the author sees it
        # The module owns the list, so that no state is shared between registries.
        own.__globals__.setdefault(_MARK, []).append(plugin)
        return function

    return mark


@dataclass(frozen=True)
class Registry:
    """The architectures and tasks that a study can name."""

    plugins: Mapping[tuple[str, str], Plugin] = field(default_factory=dict)

    def names(self, kind: Kind) -> list[str]:
        """The names of one kind, sorted."""
        return sorted(name for k, name in self.plugins if k == kind)

    def get(self, kind: Kind, name: str, where: str = "") -> Plugin:
        """The plug-in of a kind and name; InputError with the nearest known name where there is none."""
        if (kind, name) not in self.plugins:
            raise unknown(kind, name, self.names(kind), where)
        return self.plugins[kind, name]


@dataclass(frozen=True)
class Sources:
    """Where plug-ins that are not shipped come from.

    ``points`` (names of entry points) and ``files`` are those that register tasks; ``mixed`` names the tasks whose file
    registers architectures too. ``homes`` has the file or the entry point of each architecture that is not shipped.
    ``imports`` names the modules of libraries that plug-in files import, or declare in ``PRELOAD``.
    """

    points: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    mixed: frozenset[str] = frozenset()
    homes: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()


NO_SOURCES = Sources()


def load(files: Iterable[str | Path] = ()) -> Registry:
    """Load everything that is shipped, that entry points register, and that plug-in ``files`` register.

    Raises InputError for a file that cannot be imported, registers nothing, or registers a name that is in use.
    """
    return _registry([*shipped(), *(module for _, module in _installed()), *(load_file(file) for file in files)])


def load_competitor(sources: Sources, architecture: str) -> Registry:
    """Load what is shipped, and the plug-in that registers this architecture, if it is not shipped.

    No other plug-in is imported, since a plug-in may change libraries, and with them this competitor.
    """
    if (home := sources.homes.get(architecture)) is None:
        return _registry(shipped())
    installed = [module for _, module in _installed([home])]
    return _registry([*shipped(), *(installed or [load_file(home)])])


def load_tasks(sources: Sources) -> Registry:
    """Load what is shipped, and what the sources of tasks register; no other file is imported."""
    installed = (module for _, module in _installed(sources.points))
    return _registry([*shipped(), *installed, *(load_file(file) for file in sources.files)])


def sources(files: Sequence[str]) -> Sources:
    """Find what entry points and plug-in ``files`` register and import, by importing all of them."""
    points = {name: _kinds(module) for name, module in _installed()}
    before = frozenset(sys.modules)
    found = {file: _kinds(load_file(file)) for file in files}
    mixed = [tasks for tasks, others in (*points.values(), *found.values()) if others]
    return Sources(
        points=tuple(name for name, (tasks, _) in points.items() if tasks),
        files=tuple(file for file, (tasks, _) in found.items() if tasks),
        mixed=frozenset[str]().union(*mixed),
        homes={name: home for home, (_, names) in (*points.items(), *found.items()) for name in names},
        imports=(*(name for name in sys.modules if name not in before and _installed_module(name)), *_preloads(files)),
    )


def _preloads(files: Iterable[str]) -> Iterator[str]:
    for file in files:
        yield from getattr(load_file(file), PRELOAD, ())


def _installed_module(name: str) -> bool:
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and of_library(Path(file))


def of_library(file: Path) -> bool:
    """Whether a file belongs to this package, to an installed library or to Python, and not to the user."""
    return any(file.is_relative_to(place) or file.resolve().is_relative_to(place) for place in _places())


@cache
def _places() -> frozenset[Path]:
    """The folders of libraries, as named and with links resolved."""
    named = [Path(__file__).parents[1], *map(Path, sysconfig.get_paths().values())]
    return frozenset((*named, *(place.resolve() for place in named)))


def _kinds(module: ModuleType) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the tasks and of the architectures that a module registers."""
    found = registered(module)
    tasks = frozenset(plugin.name for plugin in found if plugin.kind == "task")
    return tasks, frozenset(plugin.name for plugin in found if plugin.kind == "architecture")


def _registry(modules: Iterable[ModuleType]) -> Registry:
    found: dict[tuple[str, str], Plugin] = {}
    for module in dict.fromkeys(modules):
        for plugin in registered(module):
            other = found.setdefault((plugin.kind, plugin.name), plugin)
            if other is not plugin:
                raise InputError(
                    f"{plugin.kind} {plugin.name!r} is defined twice: {other.place} and {plugin.place}; rename one"
                )
    return Registry(MappingProxyType(found))


def registered(module: ModuleType) -> list[Plugin]:
    """The plug-ins that a module defines itself, without those that it imports from other modules."""
    return list(getattr(module, _MARK, ()))


class _FromSource(SourceFileLoader):
    """Compiles a file anew: Python runs an old copy of a file that changes twice in a second and keeps its size."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  Python's own signature
        return self.source_to_code(self.get_data(self.path), self.path)


def load_file(file: str | Path) -> ModuleType:
    """Import a plug-in file once; InputError where it is missing, broken or registers nothing."""
    try:
        path = Path(file).resolve()
        missing = not path.is_file()
    except (OSError, ValueError, RuntimeError):  # a path that is too long, holds a null byte, or has links in a circle
        missing = True
    if missing:
        raise InputError(f"plug-in {short(str(file))}: no such file")
    name = f"{PLUGIN}{path.stem}_{sha256(str(path).encode(errors='replace')).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path, loader=_FromSource(name, str(path)))
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise InputError(f"plug-in {str(file)!r}: not a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(f"plug-in {str(file)!r} cannot be imported{_reason(error, path)}") from error
    if not registered(module):
        del sys.modules[name]
        raise InputError(f"plug-in {str(file)!r} registers nothing: it needs a function under @architecture or @task")
    return module


def _reason(error: BaseException, path: Path) -> str:
    """Where and why an import failed, in one line."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line, text = (lines[-1] if lines else None), str(error)
    if isinstance(error, SyntaxError) and error.filename in (None, str(path)):
        line, text = error.lineno, error.msg
    kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
    return f"{f', line {line}' if line else ''}: {kind}{' '.join(text.split())}"


def shipped() -> Iterator[ModuleType]:
    """Import the modules of the package's own architectures and tasks."""
    for folder in _FOLDERS:
        package = importlib.import_module(folder)
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            yield importlib.import_module(f"{folder}.{info.name}")


def _installed(only: Iterable[str] | None = None) -> Iterator[tuple[str, ModuleType]]:
    """Import the modules of entry points: pairs of the name of an entry point and its module."""
    for point in sorted(entry_points(group="benchbench"), key=lambda point: point.name):
        if only is not None and point.name not in only:
            continue
        try:
            loaded = point.load()
        except (Exception, SystemExit) as error:
            raise InputError(f"entry point {point.name!r} ({point.value}) cannot be loaded: {error}") from error
        module = loaded if isinstance(loaded, ModuleType) else sys.modules.get(getattr(loaded, "__module__", ""))
        if module is None:
            raise InputError(f"entry point {point.name!r} ({point.value}) must name a module or a function")
        yield point.name, module
