"""Two known loads, as the machine's yardstick: a matrix product and a copy of memory."""

import statistics
import time
from collections.abc import Callable

import torch

from benchbench.learn.device import synchronizer

_SIDE, _COPIED, _REPEATS = 512, 2**26, 9


def yardstick(device: str = "cpu", clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Medians: ``gemm_gflops`` (float32, 512 x 512) and ``copy_gb_per_s`` (64 MiB, bytes read and written)."""
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(_SIDE, _SIDE, generator=generator).to(device)
    source = torch.ones(_COPIED // 4, device=device)
    target = torch.empty_like(source)
    product = _seconds(lambda: left @ left, device, clock)
    copy = _seconds(lambda: target.copy_(source), device, clock)
    return {"gemm_gflops": round(2 * _SIDE**3 / product / 1e9, 2), "copy_gb_per_s": round(2 * _COPIED / copy / 1e9, 2)}


def _seconds(load: Callable[[], object], device: str, clock: Callable[[], float]) -> float:
    synchronize, times = synchronizer(device), []
    for _ in range(_REPEATS + 1):  # the first warms up
        synchronize()
        start = clock()
        load()
        synchronize()
        times.append(clock() - start)
    return statistics.median(times[1:])
