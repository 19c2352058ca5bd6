"""The yardstick of a machine: its speed under two known loads, a matrix product and a copy of memory."""

import statistics
import time
from collections.abc import Callable

import torch

from benchbench.learn.device import synchronizer

_SIDE, _COPIED, _REPEATS = 512, 2**26, 9


def yardstick(device: str = "cpu", clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """The median speeds of nine repeats of each load.

    ``gemm_gflops`` is that of a float32 product of 512 x 512 matrices, in GFLOP/s; ``copy_gb_per_s`` that of a copy of
    64 MiB, in GB/s, counting bytes read and bytes written.
    """
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(_SIDE, _SIDE, generator=generator).to(device)
    source = torch.ones(_COPIED // 4, device=device)
    target = torch.empty_like(source)
    product = _seconds(lambda: left @ left, device, clock)
    copy = _seconds(lambda: target.copy_(source), device, clock)
    return {"gemm_gflops": round(2 * _SIDE**3 / product / 1e9, 2), "copy_gb_per_s": round(2 * _COPIED / copy / 1e9, 2)}


def _seconds(load: Callable[[], object], device: str, clock: Callable[[], float]) -> float:
    synchronize, times = synchronizer(device), []
    for _ in range(_REPEATS + 1):  # the first is a warm-up
        synchronize()
        start = clock()
        load()
        synchronize()
        times.append(clock() - start)
    return statistics.median(times[1:])
