"""Folders of the package whose files are found by being there: each file is one entry, named after the file.

A file whose name begins with an underscore is no entry: it holds what several entries share.
"""

import importlib
import pkgutil
from types import ModuleType

from benchbench.core.errors import unknown


def names(package: ModuleType) -> list[str]:
    """The entries of a folder, sorted."""
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))


def entry(package: ModuleType, name: str, kind: str) -> ModuleType:
    """The module of one; InputError with the nearest known name where there is none."""
    if name not in names(package):
        raise unknown(kind, name, names(package))
    return importlib.import_module(f"{package.__name__}.{name}")


def summary(module: ModuleType) -> str:
    """The first line of its docstring."""
    return (module.__doc__ or "").strip().partition("\n")[0]
