"""The versions that must be the same on the run's machine and on a worker."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import benchbench

_PACKAGE = Path(benchbench.__file__).parent


def own() -> dict[str, str]:
    """The versions of benchbench, with the first digits of the SHA-256 of its source, and of PyTorch.

    The part of PyTorch's version after a ``+`` is its build, which may differ: a GPU node and a laptop have others.
    """
    return {
        "benchbench": f"{benchbench.__version__} (source {_digest()[:12]})",
        "torch": version("torch").partition("+")[0],
    }


def differences(here: dict[str, str], there: dict[str, str]) -> str:
    """The differences in words; empty if there are none."""
    return ", ".join(
        f"{name} {there.get(name, 'missing')}, but the run has {own}"
        for name, own in here.items()
        if there.get(name) != own
    )


def _digest() -> str:
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{file.relative_to(_PACKAGE).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
