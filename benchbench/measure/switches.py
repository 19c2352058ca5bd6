"""The switches of a trial's process, which are the same for every competitor and are recorded.

Denormals are flushed to zero, since a decaying state would otherwise slow a processor down tenfold. Garbage is
collected before the fit, and by Python's usual rules during it. PyTorch chooses its algorithms by its defaults (on the
CPU with one thread they are deterministic), without benchmarking them, and multiplies in full float32.
"""

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchbench.core.seeds import integer
from benchbench.measure import allocator


def set_flags(threads: int, seed: int = 0) -> dict[str, Any]:
    """Set the switches and the number of threads; returns the settings for the record.

    The global random generators are seeded, so that a competitor that breaks the contract and draws from them is
    reproducible all the same.
    """
    start = integer(seed, "global")
    random.seed(start)
    np.random.seed(start)  # noqa: NPY002  the global one is meant
    torch.manual_seed(start)
    torch.set_num_threads(threads)
    if threads > 1:  # the server was started with one
        threadpool_limits(threads)
    for kind in (np.float16, np.float32, np.float64):
        np.finfo(kind)  # looks at denormals the first time, and would warn once they are flushed
    flushed = torch.set_flush_denormal(True)
    gc.enable()
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)  # the CPU; to name it would put a Python call before every operation
    torch.set_grad_enabled(True)
    torch.autograd.set_detect_anomaly(False)
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    return {"denormals": "flushed" if flushed else "kept", "deterministic": False, "matmul": "float32", "gc": "on"}


@contextmanager
def as_in_a_trial(threads: int = 1) -> Iterator[None]:
    """A context with the switches, threads and allocator of a trial, for fits outside of trials.

    When it ends, threads, denormals and the global random generators are restored; the allocator keeps its settings.
    """
    numbers = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002  kept, not used
    before, flushed = torch.get_num_threads(), np.float32(1e-40) * np.float32(1) == 0
    allocator.keep_freed()
    with threadpool_limits(threads):
        set_flags(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)
            torch.set_flush_denormal(bool(flushed))
            random.setstate(numbers[0])
            np.random.set_state(numbers[1])  # noqa: NPY002  as it was
            torch.set_rng_state(numbers[2])
