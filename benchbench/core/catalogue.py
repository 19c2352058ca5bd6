"""Catalogues: folders of the package in which every file is one entry, named after the file.

A file whose name begins with an underscore is not an entry: it holds code that several entries share.
"""

import importlib
import pkgutil
from types import ModuleType

from benchbench.core.errors import unknown


def names(package: ModuleType) -> list[str]:
    """The names of the entries of a folder, sorted."""
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))


def entry(package: ModuleType, name: str, kind: str) -> ModuleType:
    """Import the module of an entry; InputError with the nearest known name where there is none."""
    if name not in names(package):
        raise unknown(kind, name, names(package))
    return importlib.import_module(f"{package.__name__}.{name}")


def summary(module: ModuleType) -> str:
    """The first line of a module's docstring."""
    return (module.__doc__ or "").strip().partition("\n")[0]
