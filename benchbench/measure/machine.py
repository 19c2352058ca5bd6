"""The environment of a record: machine, threads, versions and commit."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import benchbench
from benchbench.core.record import Environment
from benchbench.learn.device import accelerator

_PACKAGE = Path(benchbench.__file__).parent


def capture(*, cores: int, jobs: int, threads: int, machine: str | None = None) -> Environment:
    """Describe the machine and the versions of this process.

    ``machine`` overrides the label that is made of CPU, ``cores`` and GPU.
    """
    cpu, gpu = _cpu(), accelerator()
    return Environment(
        machine=machine or label(cpu, cores, gpu),
        cpu=cpu,
        cores=cores,
        gpu=gpu,
        threads=threads,
        jobs=jobs,
        memory_bytes=_memory_bytes(),
        os=f"{platform.system()} {platform.release().split('-')[0]}",
        python=platform.python_version(),
        torch=version("torch"),
        numpy=version("numpy"),
        numba=version("numba"),
        scikit_learn=version("scikit-learn"),
        benchbench=benchbench.__version__,
        **_commit(),
    )


def label(cpu: str, count: int, gpu: str | None) -> str:
    """A label for machines of one kind, which can name a file; it is never a host name."""
    words = f"{cpu} {count} cores {gpu or ''}".lower()
    return re.sub(r"[^a-z0-9.]+", "-", words.replace("(r)", "").replace("(tm)", "")).strip("-.")[:80]


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = re.findall(r"^model name\s*:\s*(.+)$", info.read_text(), flags=re.MULTILINE)
        if names:
            return str(names[0]).strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return None


def _commit() -> dict[str, Any]:
    """The commit of the package's checkout, and whether the package differs from it; both None without a checkout."""
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return {"commit": None, "dirty": None}
    return {"commit": _git("rev-parse", "HEAD"), "dirty": bool(_git("status", "--porcelain", "--", "."))}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  fixed arguments
            ["git", *arguments],  # noqa: S607  the user's own git
            cwd=_PACKAGE, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
