"""Turns an exception of a competitor into the status and the message of its record."""

import re
import traceback
from pathlib import Path
from typing import Any

import torch

from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.record import Status
from benchbench.isolation.fault_text import describe, without_paths

CAUGHT = (Exception, SystemExit)  # exceptions of a plug-in that end only its own trial
_NO_MEMORY = re.compile(r"can't allocate memory|error: out of memory|ALLOC_FAILED")  # torch, the driver, its libraries


def failed(error: BaseException, home: str) -> dict[str, Any]:
    """The fields ``status`` and ``message`` of a record; the message names the line in the plug-in's file ``home``."""
    return {"status": status_of(error), "message": without_paths(describe(error, home))}


def status_of(error: BaseException) -> Status:
    """The status that an exception means."""
    if isinstance(error, DivergedError):
        return Status.DIVERGED
    if declines(error):
        return Status.UNSUPPORTED
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY.search(str(error)):
        return Status.OUT_OF_MEMORY
    return Status.FAILED


def declines(error: BaseException) -> bool:
    """Whether a learner declines a problem: by UnsupportedError, or by a NotImplementedError of its own."""
    if not isinstance(error, NotImplementedError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    # torch raises NotImplementedError for a module without a forward method, which is a failure
    return isinstance(error, UnsupportedError) or not (frames and "torch" in Path(frames[-1].filename).parts)
