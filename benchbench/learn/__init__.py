"""What architectures are built from: the training loop, the readout solve, sizes and devices."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchbench.learn.gradient import Gradient

__all__ = ["Gradient"]


def __getattr__(name: str) -> Any:
    """Import torch only when a learner is built."""
    if name != "Gradient":
        raise AttributeError(f"module 'benchbench.learn' has no attribute {name!r}")
    from benchbench.learn.gradient import Gradient

    return Gradient


def __dir__() -> list[str]:
    """What a notebook completes: the public names."""
    return __all__
