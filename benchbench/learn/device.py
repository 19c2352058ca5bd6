"""The device of a trial: is it there, wait for it, what memory it used, and random numbers on it."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from benchbench.core.errors import InputError, unknown

NAMES = ("cpu", "cuda")


def require(name: str, where: str = "", *, here: bool = True) -> None:
    """Raise InputError unless ``name`` is a known device and, where it is wanted ``here``, this machine has it."""
    if name not in NAMES:
        raise unknown("device", name, NAMES, where)
    if here and name not in available():
        place = f"{where}: " if where else ""
        raise InputError(f"{place}device 'cuda': torch {torch.__version__} finds no CUDA device here; use 'cpu'")


def available() -> tuple[str, ...]:
    """The devices that this machine has."""
    return tuple(name for name in NAMES if name != "cuda" or torch.cuda.is_available())


def accelerator() -> str | None:
    """The name of the GPU, or None where there is none to be used."""
    try:
        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    except RuntimeError:  # another process has it for itself
        return None


def build() -> str:
    """What PyTorch was built for, in words."""
    return f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built for the CPU alone"


def accelerated_kernel() -> str:
    """The name of the code that carries out PyTorch's recurrent modules on the accelerator."""
    cudnn = torch.backends.cudnn
    there: bool = cudnn.is_available()  # type: ignore[no-untyped-call]
    return "cuDNN" if there and cudnn.enabled else "ATen loop"


def synchronizer(name: str) -> Callable[[], None]:
    """What waits until the device has done all that was asked of it."""
    return torch.cuda.synchronize if name == "cuda" else lambda: None


def reset_peak(name: str) -> None:
    """Start a new peak of allocated device memory."""
    if name == "cuda":
        torch.cuda.reset_peak_memory_stats()


class Memory(NamedTuple):
    """Bytes: what tensors took and the allocator reserved, at their peaks since the reset, and what is in use now."""

    allocated: int
    reserved: int
    in_use: int


def memory(name: str) -> Memory | None:
    """The device's memory; None on the CPU."""
    if name != "cuda":
        return None
    free, total = torch.cuda.mem_get_info()
    return Memory(torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved(), total - free)


def tensor(array: np.ndarray, name: str) -> torch.Tensor:
    """A copy of ``array`` on the device; windows are read-only views, which torch does not take."""
    return torch.from_numpy(np.array(array, order="C")).to(name)


def differentiable() -> AbstractContextManager[None]:
    """Inside, recurrent modules can be differentiated in evaluation too, which the vendor's kernels cannot."""
    return torch.backends.cudnn.flags(enabled=False)


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """Torch's global generators of the device seeded inside, and as they were before on leaving."""
    devices = [torch.cuda.current_device()] if name == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed notes where it was called from: a millisecond
        if devices:
            torch.cuda.manual_seed(seed)
        yield


def keep_cache(home: Path) -> None:
    """Let the driver keep what it compiles below ``home``, whatever home a later process has."""
    os.environ.setdefault("CUDA_CACHE_PATH", str(home / ".nv" / "ComputeCache"))
