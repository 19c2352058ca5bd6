"""Measures how long numba and PyTorch compile."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core import event


@contextmanager
def watched() -> Iterator[Callable[[], float]]:
    """A function that returns the seconds for which numba and ``torch.compile`` have compiled since it was made."""
    before, timer = _torch_seconds(), event.TimingListener()  # type: ignore[no-untyped-call]
    with event.install_listener("numba:compile", timer):
        yield lambda: (timer.duration if timer.done else 0.0) + _torch_seconds() - before


def _torch_seconds() -> float:
    """The seconds of compilation that TorchDynamo has counted so far."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    times = {} if dynamo is None else dynamo.compilation_time_metrics
    return float(sum(times.get("_compile.compile_inner", ())))
