"""The engines of PyTorch's own cores, and the learner that an engine makes of a core."""

import sys
from collections.abc import Iterable
from typing import Any

from benchbench.core.problem import Setting
from benchbench.learn.gradient import Gradient
from benchbench.learn.native import VERSION
from benchbench.learn.network import Core

ENGINES = {"torch": None, "numba": VERSION}
"""The engines that carry out PyTorch's own cores, with the versions of their code."""


def gradient(setting: Setting, core: Core, **options: Any) -> Gradient:
    """Make a gradient learner of one of PyTorch's cores on the engine of ``setting``; ``options`` go to Gradient."""
    if setting.engine != "numba":
        return Gradient(setting, core, **options)
    from benchbench.learn.native.learner import Native

    return Native(setting, core, **options)


def loaded() -> tuple[str, ...]:
    """The names of the kernels that this process has compiled or loaded."""
    cache = sys.modules.get("benchbench.learn.native.cache")
    return () if cache is None else cache.loaded()


def load(names: Iterable[Any]) -> None:
    """Compile or load the kernels with these names, which ``loaded`` returned in another process."""
    for name in names:
        from benchbench.learn.native.cache import kernels

        kernels(name)
