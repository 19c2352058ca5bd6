"""Building blocks of architectures: the training loop, the linear readout, reservoirs, sizes and devices."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchbench.learn.gradient import Gradient

__all__ = ["Gradient"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that PyTorch is imported only when a learner is built."""
    if name != "Gradient":
        raise AttributeError(f"module 'benchbench.learn' has no attribute {name!r}")
    from benchbench.learn.gradient import Gradient

    return Gradient


def __dir__() -> list[str]:
    """The public names, for completion in a notebook."""
    return __all__
