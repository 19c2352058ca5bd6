"""Facts about a user's installation: PyTorch's build, threads, GPU, data, and the folder of results."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

from benchbench.isolation.pool import cores
from benchbench.learn.device import accelerator, build
from benchbench.measure.peak_memory import instrument


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact about the installation, in words; where it is ``broken``, nothing can run."""

    name: str
    found: str
    broken: bool = False


def look(results: str | Path) -> list[Fact]:
    """Collect the facts about this installation, for a run that writes to the folder ``results``."""
    return [
        Fact(name="torch", found=f"{torch.__version__}, {build()}, {_kernels()}"),
        Fact(name="threads", found=f"{cores()} cores to use: one trial a core, one thread a trial"),
        Fact(name="GPU", found=accelerator() or "none that torch can use"),
        Fact(name="peak memory", found=instrument()),
        Fact(name="ECG records", found=_data()),
        _writable(Path(results)),
    ]


def _kernels() -> str:
    found = [name for name in ("mkldnn", "mkl") if getattr(torch.backends, name).is_available()]
    return f"with {' and '.join(found)}" if found else "without mkldnn and mkl: CPU kernels are slow"


def _data() -> str:
    root = os.environ.get("BENCHBENCH_DATA")
    if not root:
        return "BENCHBENCH_DATA is not set: the task ecg looks in the user's cache, then downloads from PhysioNet"
    count = len(list((Path(root).expanduser() / "mitdb").glob("*.hea")))
    return f"{count} in $BENCHBENCH_DATA/mitdb" if count else "none: $BENCHBENCH_DATA has no mitdb/*.hea"


def _writable(results: Path) -> Fact:
    place = next(folder for folder in (results.resolve(), *results.resolve().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Fact(name="results", found=f"{results} cannot be written: {error.strerror}", broken=True)
    return Fact(name="results", found=f"{results} can be written")
