"""The device of a trial: its presence, its synchronisation, its memory and its random generators."""

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
    """Raise InputError unless ``name`` is a known device and, if ``here``, a device that this machine has.

    ``where`` names the place in the user's input, for the message.
    """
    if name not in NAMES:
        raise unknown("device", name, NAMES, where)
    if here and name not in available():
        place = f"{where}: " if where else ""
        raise InputError(f"{place}device 'cuda': torch {torch.__version__} finds no CUDA device here; use 'cpu'")


def available() -> tuple[str, ...]:
    """The names of the devices that this machine has."""
    return tuple(name for name in NAMES if name != "cuda" or torch.cuda.is_available())


def accelerator() -> str | None:
    """The name of the GPU, or None where PyTorch can use none."""
    try:
        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    except RuntimeError:  # another process has exclusive use of it
        return None


def build() -> str:
    """A few words on the device that PyTorch was built for."""
    return f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built for the CPU alone"


def accelerated_kernel() -> str:
    """The name of the code that carries out PyTorch's recurrent modules on the accelerator."""
    cudnn = torch.backends.cudnn
    there: bool = cudnn.is_available()  # type: ignore[no-untyped-call]
    return "cuDNN" if there and cudnn.enabled else "ATen loop"


def synchronizer(name: str) -> Callable[[], None]:
    """A function that waits until the device has finished its work; on the CPU it returns at once."""
    return torch.cuda.synchronize if name == "cuda" else lambda: None


def reset_peak(name: str) -> None:
    """Reset the peaks of the device's memory that ``memory`` reports."""
    if name == "cuda":
        torch.cuda.reset_peak_memory_stats()


class Memory(NamedTuple):
    """Device memory in bytes.

    ``allocated`` is the peak of tensors since the last reset, ``reserved`` the peak that the allocator reserved, and
    ``in_use`` what the device holds now.
    """

    allocated: int
    reserved: int
    in_use: int


def memory(name: str) -> Memory | None:
    """The memory that the device has used; None on the CPU."""
    if name != "cuda":
        return None
    free, total = torch.cuda.mem_get_info()
    return Memory(torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved(), total - free)


def tensor(array: np.ndarray, name: str) -> torch.Tensor:
    """Copy an array of any shape (...,) to the device.

    A copy is made in any case, since windows are read-only views, which PyTorch does not accept.
    """
    return torch.from_numpy(np.array(array, order="C")).to(name)


def differentiable() -> AbstractContextManager[None]:
    """A context in which recurrent modules in evaluation mode can be differentiated, which cuDNN's kernels cannot."""
    return torch.backends.cudnn.flags(enabled=False)


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """A context in which PyTorch's global generators are seeded; they are restored when it ends."""
    devices = [torch.cuda.current_device()] if name == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed takes a millisecond to look at its caller
        if devices:
            torch.cuda.manual_seed(seed)
        yield


def keep_cache(home: Path) -> None:
    """Let the driver keep the code that it compiles below ``home``, even if a later process has another home folder."""
    os.environ.setdefault("CUDA_CACHE_PATH", str(home / ".nv" / "ComputeCache"))
